"""What the README says is so: its examples run, its script renders, its error is the real one."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from voiceguide.cli import main

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, flags=re.DOTALL)
LINES = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines() if line.startswith("voiceguide ")]

RENDERED = ("voiceguide render evening.md -p name=Ana",)
"""Those of the examples that render which are always run; the others speak whole sessions, by `-m long`."""


def block(kind: str, beginning: str) -> str:
    found: list[str] = [text for one, text in BLOCKS if one == kind and text.startswith(beginning)]
    assert len(found) == 1
    return found[0]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Path) -> Path:
    """An empty folder to try the examples in; what one of them spoke, the next need not speak again."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evening.md").write_text(block("markdown", "---\ntitle: Five"), encoding="utf-8")
    return tmp_path


def marks(line: str) -> tuple[pytest.MarkDecorator, ...]:
    is_whole = line.startswith(("voiceguide render", "voiceguide show evening --seed", "voiceguide show back-on-mat"))
    is_whole &= line not in RENDERED
    return (pytest.mark.long,) if is_whole else ()


@pytest.mark.parametrize("line", [pytest.param(line, marks=marks(line)) for line in LINES])
def test_every_example_runs(line: str, elsewhere: Path) -> None:
    arguments = shlex.split(line)[1:]
    speaks = arguments[0] in {"show", "render", "say"} and "--voice" not in arguments
    result = run(*arguments, *(["--voice", "tone"] if speaks else []))  # what is said by whom is not the point here
    assert result.exit_code == 0, result.output


def test_the_error_shown_is_the_one_a_reader_gets(elsewhere: Path) -> None:
    script = elsewhere / "evening.md"
    script.write_text(
        script.read_text(encoding="utf-8").replace("[chime {{ bell }}]", "[chime bel]", 1), encoding="utf-8"
    )
    assert run("show", "evening.md", "--voice", "tone").stderr == block("text", "error: there is no sound")


@pytest.mark.long
def test_the_python_example_runs(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exec(block("python", "from pathlib").replace("values=", 'voice="tone", values='), {})
    assert capsys.readouterr().out.startswith("output/back-on-mat-20m.mp3 1200000 ['Welcome'")


def test_every_command_and_every_option_of_a_session_is_explained() -> None:
    for name in main.commands:
        assert f"`voiceguide {name}" in README, f"{name} is not in the README"
    for parameter in main.commands["render"].params:
        for option in parameter.opts:
            if option.startswith("--") and option != "--help":
                assert option in README or parameter.name in {"quiet", "verbose", "out"}, (
                    f"{option} is not in the README"
                )
