"""Feed a target of `targets.py` with what is made from its corpus: `python tests/fuzz/run.py script --minutes 15`.

With atheris (`pip install 'voiceguide[fuzz]'`) what reaches new code is kept and changed further; without, hypothesis
changes the corpus alone. What fails is written into the corpus, where the test suite replays it.
"""

import argparse
import hashlib
import importlib.util
import logging
import sys
import tempfile
import time
from pathlib import Path

LONGEST_BYTES = 4096
MOST_MB = 1024


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("target")
    asked.add_argument("--minutes", type=float, default=15)
    options = asked.parse_args()
    logging.disable()  # what is told of each damaged entry would be all there is to see
    if importlib.util.find_spec("atheris"):
        by_atheris(options.target, options.minutes)
    else:
        by_hypothesis(options.target, options.minutes)


def by_atheris(name: str, minutes: float) -> None:
    import atheris

    with atheris.instrument_imports(include=["voiceguide", "yaml", "jinja2", "mutagen"]):
        import targets

    with tempfile.TemporaryDirectory() as grown:  # of all that is found, only what fails belongs into the repository
        limits = [
            f"-max_total_time={minutes * 60:.0f}",
            f"-timeout={targets.LONGEST_S:.0f}",
            f"-rss_limit_mb={MOST_MB}",
            f"-max_len={LONGEST_BYTES}",
            f"-artifact_prefix={targets.CORPUS / name}/",
        ]
        atheris.Setup([sys.argv[0], *limits, grown, str(targets.CORPUS / name)], targets.tried(name))
        atheris.Fuzz()


def by_hypothesis(name: str, minutes: float) -> None:
    import targets
    from hypothesis import HealthCheck, Phase, given, settings

    target, tried = targets.tried(name), 0

    @settings(
        max_examples=1000,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(targets.mutated(targets.corpus(name)))
    def try_one(data: bytes) -> None:
        nonlocal tried
        tried += 1
        last[0] = data
        target(data)

    last, end = [b""], time.monotonic() + minutes * 60
    while time.monotonic() < end:
        try:
            try_one()
        except BaseException:
            kept = Path(targets.CORPUS / name / f"found-{hashlib.sha256(last[0]).hexdigest()[:12]}")
            kept.write_bytes(last[0])
            print(f"{kept}: {last[0]!r}")
            raise
    print(f"{name}: {tried:,} inputs in {minutes:g} min, none failed")


if __name__ == "__main__":
    main()
