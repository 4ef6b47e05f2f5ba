import subprocess
import sys
from pathlib import Path

import pytest

from voiceguide import Job, ScriptError, render
from voiceguide.speech import Cast

SCRIPT = "---\ntitle: Ahead\n---\n[safety] You can stop at any time.\nRest here.\n"


@pytest.fixture
def loading(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str | None, str]]:
    """The voices whose engine was to load, each with its language."""
    asked, warm_up = list[tuple[str | None, str]](), Cast.warm_up

    def noted(cast: Cast, voice: str | None, language: str) -> None:
        asked.append((voice, language))
        warm_up(cast, voice, language)

    monkeypatch.setattr(Cast, "warm_up", noted)
    return asked


@pytest.fixture
def job(tmp_path: Path) -> Job:
    script = tmp_path / "ahead.md"
    script.write_text(SCRIPT)
    return Job(script=script, voice="tone", out=tmp_path / "ahead.mp3")


def test_an_engine_loads_ahead_only_where_a_script_has_changed(job: Job, loading: list[tuple[str | None, str]]) -> None:
    first = render(job).path.read_bytes()
    assert loading == [("tone", "en")]
    job.script.touch()
    assert render(job).path.read_bytes() == first
    assert len(loading) == 1
    job.script.write_text(SCRIPT.replace("Rest", "Stay"))
    assert render(job).spoken_new == 1
    assert len(loading) == 2


def test_a_script_that_is_not_there_is_told_of_as_ever(job: Job, loading: list[tuple[str | None, str]]) -> None:
    render(job)
    job.script.unlink()
    with pytest.raises(ScriptError, match=r"ahead\.md"):
        render(job)


def test_a_command_starts_the_engine_before_it_loads_anything_else(job: Job, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from voiceguide.engines.casting import Cast\n"
        "Cast.warm_up = lambda cast, *who: print(*who, 'numpy' in sys.modules, file=sys.stderr)\n"
        "from voiceguide.cli import main\n"
        "main()\n"
    )
    command = [sys.executable, "-c", code, "render", str(job.script), "--voice", "tone", "-o", str(job.out), "-q"]
    told = []
    for text in (SCRIPT, SCRIPT, SCRIPT.replace("Rest", "Stay")):
        job.script.write_text(text)
        run = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8", cwd=tmp_path)
        told.append(run.stderr.splitlines())
    assert told == [["tone en True"], [], ["tone en False", "tone en True"]]
