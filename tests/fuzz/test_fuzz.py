"""What was found by `run.py`, and what it began with: read or refused, and soon."""

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from strategies import trying
from targets import CORPUS, TARGETS, corpus, mutated, tried

INPUTS = [(path.parent.name, path.name) for path in sorted(CORPUS.glob("*/*"))]


@pytest.mark.parametrize(("target", "name"), INPUTS, ids=["-".join(one) for one in INPUTS])
def test_what_once_failed_does_so_no_more(target: str, name: str) -> None:
    tried(target)((CORPUS / target / name).read_bytes())


def test_each_target_has_a_corpus() -> None:
    assert {target for target, _ in INPUTS} == TARGETS.keys()
    assert sum(path.stat().st_size for path in CORPUS.glob("*/*")) < 200_000


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_like_it_does_not_fail_either(target: str) -> None:
    @trying(10, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.data())
    def try_some(data: st.DataObject) -> None:
        tried(target)(data.draw(mutated(corpus(target))))

    try_some()
