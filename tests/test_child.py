"""What templates of strangers may take, and that what they come to is the same wherever they are filled in."""

import logging
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from voiceguide import shipped
from voiceguide.durations import Ms
from voiceguide.errors import Refusal, ScriptError
from voiceguide.script import Known, Script, child, expand, plain, read_script

KNOWN = Known(chimes=("bowl", "bell"), voices=(), beds=("ocean",))
HEAD = (
    "---\ntitle: T\nminutes: 10\n"
    "params: {name: Ana, each: 30s, bell: bowl, often: 3, calm: yes, points: [BL23, GV4]}\n---\n"
)
SOME = "{% set loops = 1 %}\n"
"""Makes a template one that is not plain."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limits of a process")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "script.md"


@pytest.fixture
def little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_SECONDS", 0.2)


def expanded(script: Path, body: str, **values: str) -> Script:
    script.write_text(HEAD + body, encoding="utf-8")
    return expand(read_script(script, KNOWN), values, None, KNOWN)


def refusal(script: Path, body: str) -> ScriptError:
    with pytest.raises(ScriptError) as caught:
        expanded(script, body)
    return caught.value


BUSY = {
    "loops": "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    "a macro": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(40) }}",
}
STUBBORN = {
    "an endless comparison": "{% set n = namespace(a=[1], b=[1]) %}{% for x in range(40) %}{% set n.a = [n.a, n.a] %}"
    "{% set n.b = [n.b, n.b] %}{% endfor %}{{ 1 if n.a == n.b else 2 }}",
}
LARGE = {
    "text": "{% set n = namespace(s='ab') %}{% for a in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}{{ n.s }}",
    "lists": "{% set n = namespace(a=1) %}{% for a in range(9999) %}{% set n.a = [n.a, 'xy' * 49999] %}{% endfor %}",
}


@pytest.mark.usefixtures("little_time")
@pytest.mark.parametrize("busy", BUSY.values(), ids=BUSY)
def test_what_takes_too_long_is_stopped_and_shown_at_its_tag(script: Path, busy: str) -> None:
    error = refusal(script, f"Rest.\n{busy}\n")
    assert error.message == "this script takes too long to work out"
    assert error.at is not None
    assert error.at.line == 7


@pytest.mark.usefixtures("little_time")
@pytest.mark.parametrize("stubborn", STUBBORN.values(), ids=STUBBORN)
def test_what_can_not_be_stopped_is_ended(script: Path, stubborn: str) -> None:
    error = refusal(script, stubborn + "\n")
    assert error.message == "this script takes too long to work out"
    assert error.at is not None


def test_where_there_is_no_clock_for_it_the_one_who_asks_has_one(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_PATIENCE_SECONDS", 1.0)
    assert "too long" in refusal(script, BUSY["loops"]).message


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="nobody says how much a process has")
@pytest.mark.parametrize("large", LARGE.values(), ids=LARGE)
def test_what_becomes_too_large_is_refused_with_its_line_and_the_next_is_none_the_worse(
    script: Path, large: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    peaks_mb: list[float] = []
    kill = subprocess.Popen.kill

    def looked_at_and_killed(process: subprocess.Popen[bytes]) -> None:
        peaks_mb.append(peak_mb(process.pid))
        kill(process)

    monkeypatch.setattr(subprocess.Popen, "kill", looked_at_and_killed)
    error = refusal(script, f"Rest.\n{large}\n")
    assert error.message == "this is nested too deeply, or becomes too large"
    assert error.at is not None
    assert error.at.line == 7
    assert [peak for peak in peaks_mb if peak < 700] == peaks_mb != []
    assert [plain(line.text) for line in expanded(script, SOME + "Rest.\n").lines] == ["Rest."]


def peak_mb(process: int) -> float:
    """The most memory that a process has had."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def test_a_process_killed_from_outside_is_started_again(script: Path) -> None:
    expanded(script, SOME + "Rest.\n")
    running = child._CHILD._process  # noqa: SLF001  -- nothing else says which it is
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    refusal(script, SOME + "Rest.\n")
    assert expanded(script, SOME + "Rest.\n").lines


BODY = (
    '# One\nBreathe in{{ name | after(", ") }}. {{ pick("Rest.", "Wait.") }}\n{% if calm %}\nAnd out.\n{% endif %}\n'
    "[rest {{ each }}]\n[chime {{ bell }} {{ often }} times every {{ each }}]\n{{ points[0] }} {{ length | spoken }}\n"
    '{{ part("own") }}\n'
)


def test_what_comes_out_is_the_same_wherever_it_is_filled_in(script: Path) -> None:
    own = script.parent / "_parts" / "own.md"
    own.parent.mkdir()
    own.write_text("Of my own, {{ name }}.\n", encoding="utf-8")
    script.write_text(HEAD + BODY, encoding="utf-8")
    source = read_script(script, KNOWN)
    there = expand(source, {"name": "Bo [x]"}, None, KNOWN, seed=3)
    assert there.varies
    assert there.lines[-1].at.path == str(own)
    plainer = BODY.replace('{{ part("own") }}\n', "")
    here = expanded(script, plainer, name="Bo [x]")
    elsewhere = expanded(script, SOME + plainer, name="Bo [x]")
    assert [line.text for line in here.lines] == [line.text for line in elsewhere.lines]
    assert [line.at.column for line in here.lines] == [line.at.column for line in elsewhere.lines]
    assert [line.at.line + 1 for line in here.lines] == [line.at.line for line in elsewhere.lines]


@pytest.mark.parametrize(
    "wrong",
    ["{{ nobody }}", "{{ 1 / 0 }}", "{{ 'a' | uper }}", "{% if %}", '{{ part("none") }}', "{{ name }} {{ (1 }}"],
)
def test_errors_are_as_good_as_before(script: Path, wrong: str) -> None:
    here = refusal(script, f"\n{wrong}\n").explain()
    assert refusal(script, f"{SOME}{wrong}\n").explain() == here


def test_a_refusal_stays_one_in_the_scripts_own_words(script: Path) -> None:
    error = refusal(script, SOME + '{{ refuse("not for you", "try another") }}\n')
    assert isinstance(error, Refusal)
    assert (error.message, error.hint) == ("not for you", "try another")


def test_what_is_logged_on_the_way_is_logged_here(script: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        script.write_text(
            "---\ntitle: T\nposition: on the mat\nminutes: 10\n---\n"
            f'{SOME}{{{{ every_point(["BL23", "BL52", "GV4"], within=1) }}}}\nRest.\n',
            encoding="utf-8",
        )
        expand(read_script(script, KNOWN), {}, None, KNOWN)
    assert any("there is no time for" in record.getMessage() for record in caplog.records)


def test_parts_are_found_from_where_one_is(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("one", "two"):
        part = script.parent / folder / "_parts" / "here.md"
        part.parent.mkdir(parents=True)
        part.write_text(f"In {folder}.\n", encoding="utf-8")
        (script.parent / folder / "script.md").write_text(HEAD + '{{ part("here") }}\n', encoding="utf-8")
        monkeypatch.chdir(script.parent / folder)
        made = expand(read_script(Path("script.md"), KNOWN), {}, None, KNOWN)
        assert [plain(line.text) for line in made.lines] == [f"In {folder}."]
        assert made.lines[0].at.path == os.path.join("_parts", "here.md")  # noqa: PTH118  -- as a person would name it


def test_many_threads_each_get_their_own(script: Path) -> None:
    script.write_text(HEAD + SOME + "{{ name }}\n", encoding="utf-8")
    source = read_script(script, KNOWN)

    def said(number: int) -> str:
        return plain(expand(source, {"name": f"Ana {number}"}, None, KNOWN).lines[0].text)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(said, range(40))) == [f"Ana {number}" for number in range(40)]


def test_what_is_ours_or_plain_starts_no_process(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_CHILD", child._Child())  # noqa: SLF001  -- one that was never asked
    expanded(script, "# One\nBreathe in{{ name | after(', ') }}.\n{% if calm %}\nAnd out.\n{% endif %}\n")
    for name in ("evening", "lower-back-points"):
        expand(read_script(shipped.folder("scripts") / f"{name}.md", KNOWN), {}, None, KNOWN)
    assert child._CHILD._process is None  # noqa: SLF001  -- as above


def test_our_own_script_is_a_strangers_once_it_is_changed() -> None:
    path = shipped.folder("scripts") / "evening.md"
    assert read_script(path, KNOWN).shipped
    assert not read_script(path, KNOWN, text=path.read_text(encoding="utf-8")).shipped


def test_expanding_again_takes_milliseconds(script: Path) -> None:
    script.write_text(HEAD + SOME + "Rest.\n" * 50, encoding="utf-8")
    source = read_script(script, KNOWN)
    took = []
    for minutes in range(12):
        started = time.perf_counter()
        expand(source, {}, Ms(600_000), KNOWN, seed=minutes)
        took.append(time.perf_counter() - started)
    assert sorted(took)[len(took) // 2] < 0.2
