import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest
from as_typed import AS_TYPED
from click.testing import CliRunner, Result

from voiceguide.cli import main

SCRIPT = """\
---
title: A short one
minutes: 1 (0.5 to 2)
params:
  name: ""
  bell: bell
---
# One
Welcome{{ name | after(", ") }}.
[chime {{ bell }} wait 2s]
# Two
Goodbye.
[quiet]
That was all.
"""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "short.md"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


def tone(*arguments: str) -> Result:
    return run(*arguments, "--voice", "tone")


def test_render_writes_the_recording_and_says_where(script: Path) -> None:
    result = tone("render", "short.md", "-p", "name=Ana")
    assert result.exit_code == 0
    assert result.stdout.startswith("output/short.mp3\n  1:00, 2 chapters; 3 lines spoken now")
    assert Path("output/short.mp3").is_file()


def test_json_stands_alone_on_stdout(script: Path) -> None:
    made = json.loads(tone("render", "short.md", "--length", "1:10", "--json").stdout)
    assert made["milliseconds"] == 70_000
    assert made["path"] == "output/short-1m10s.mp3"
    assert [chapter["title"] for chapter in made["chapters"]] == ["One", "Two"]
    assert set(made) == {
        "path", "milliseconds", "chapters", "spoken_new", "spoken_cached", "spans_new", "spans_cached",
        "loudness", "true_peak", "seed", "captions",
    }  # fmt: skip
    shown = json.loads(tone("show", "short.md", "--json").stdout)
    assert {"milliseconds", "shortest", "longest", "chapters", "events"} <= set(shown)
    assert {event["kind"] for event in shown["events"]} == {"say", "chime", "silence"}
    first = shown["events"][0]
    assert first == {
        "kind": "say", "start": 2000, "length": first["length"], "text": "Welcome.", "sound": None, "level_db": None,
        "file": "short.md", "line": 9,
    }  # fmt: skip


def test_a_seed_is_a_number_or_a_day_and_today_unless_given(script: Path) -> None:
    script.write_text(SCRIPT.replace("Goodbye.", '{{ pick("Goodbye.", "Farewell.") }}'), encoding="utf-8")

    def seed_and_words(*arguments: str) -> tuple[int, str]:
        shown = json.loads(tone("show", "short.md", "--json", *arguments).stdout)
        return shown["seed"], " ".join(event["text"] for event in shown["events"] if event["text"])

    before = datetime.now().astimezone().toordinal()
    today, _ = seed_and_words()
    assert before <= today <= datetime.now().astimezone().toordinal()
    assert seed_and_words("--seed", "today")[0] in {today, today + 1}  # it may be midnight
    day = seed_and_words("--seed", "2026-11-22")
    assert day == (739_942, seed_and_words("--seed", "739942")[1])
    assert day[1] != seed_and_words("--seed", "2026-11-23")[1]


def test_show_tells_parameters_and_timeline(script: Path) -> None:
    text = tone("show", "short.md", "--bell", "gong").stdout
    assert "A short one" in text
    assert "-p name=" in text
    assert "0:00  One" in text
    assert "♪ gong" in text
    assert "quiet" in text
    assert "1:00  (end)" in text


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["-p", "nmae=Ana"], "did you mean 'name'?"),
        (["--bell", "bel"], "did you mean 'bell'?"),
        (["--voice", "tnoe"], "did you mean 'tone'?"),
        (["--length", "20m"], "made for 0.5 to 2 minutes"),
        (["--length", "0s"], "can't be 0:00 long"),
        (["-o", "session.wav", "-f", "flac"], "session.flac"),
    ],
)
def test_an_error_is_explained_and_nothing_is_written(script: Path, arguments: list[str], complaint: str) -> None:
    result = run("render", "short.md", *(["--voice", "tone"] if "--voice" not in arguments else []), *arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert complaint in result.stderr
    assert list(script.parent.iterdir()) == [script]


def test_a_target_the_speech_does_not_allow_says_what_it_allows(script: Path) -> None:
    script.write_text(SCRIPT.replace("[quiet]", "[pause 1m50s]"), encoding="utf-8")
    result = tone("render", "short.md", "--length", "40s")
    assert result.exit_code == 1
    assert "out of reach: with this voice the session lasts from 2m" in result.stderr
    assert list(script.parent.iterdir()) == [script]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--minutes", "5", "--length", "5:00"],
        ["--minutes", "soon"],
        ["--minutes", "0"],
        ["--length", "5"],
        ["-p", "name"],
        ["--rate", "20"],
        ["--seed", "tomorrow"],
        ["--seed", "2026-13-01"],
        ["--nonsense"],
    ],
)
def test_wrong_usage_is_status_2(script: Path, arguments: list[str]) -> None:
    assert run("render", "short.md", *arguments).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["render", "short.md", "--rate", "99.5"], "'99.5' is not a whole number from 60 to 220"),
        (["render", "short.md", "--rate", "300"], "'300' is not a whole number from 60 to 220"),
        (["say", "Hello", "--rate", "slow"], "'slow' is not a whole number from 60 to 220"),
        (["feed", "--share", "--port", "x"], "'x' is not a whole number from 0 to 65535"),
        (["cache", "trim", "--to", "-1"], "'-1' is not a whole number of at least 0"),
        (["render", "short.md", "--quite"], "No such option '--quite'. Did you mean --quiet?"),
        (["render", "short.md", "--minute", "3"], "No such option '--minute'. Did you mean --minutes?"),
        (["render", "short.md", "--bed-levl", "3"], "Did you mean --bed-level, --bell-level or --bell?"),
        (["render", "short.md", "--xyzzy"], "No such option '--xyzzy'."),
    ],
)
def test_wrong_usage_says_what_is_expected(script: Path, arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert f"{said}\n" in result.stderr


def test_a_misspelt_script_is_offered_the_nearest_name(script: Path) -> None:
    result = run("show", "back-on-mta")
    assert result.exit_code == 1
    assert "did you mean 'back-on-mat'?" in result.stderr


def test_a_script_outside_has_its_own_part_and_its_own_sound(script: Path, checkout: Path) -> None:
    elsewhere = script.parent / "elsewhere"
    (elsewhere / "_parts").mkdir(parents=True)
    (elsewhere / "sounds").mkdir()
    (elsewhere / "_parts" / "hello.md").write_text("Hello from a part.\n", encoding="utf-8")
    (elsewhere / "sounds" / "mine.flac").write_bytes((checkout / "sounds" / "bell.flac").read_bytes())
    (elsewhere / "own.md").write_text(
        '---\ntitle: Own\n---\n{{ part("hello") }}\n[chime mine]\nBye.\n', encoding="utf-8"
    )
    events = json.loads(tone("show", "elsewhere/own.md", "--json").stdout)["events"]
    heard = [
        (event["text"] or event["sound"], event["file"], event["line"])
        for event in events
        if event["kind"] != "silence"
    ]
    assert heard == [
        ("Hello from a part.", "elsewhere/_parts/hello.md", 1),
        ("mine", "elsewhere/own.md", 5),
        ("Bye.", "elsewhere/own.md", 6),
    ]


def test_list_names_the_shipped_scripts_and_ones_own(script: Path) -> None:
    (script.parent / "scripts").mkdir()
    script.rename(script.parent / "scripts" / "short.md")
    (script.parent / "scripts" / "broken.md").write_text("No front matter.\n", encoding="utf-8")
    result = run("list")
    assert result.exit_code == 0
    lines = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert {"back-on-mat", "first-time", "lower-back-points", "short", "broken"} <= set(lines)
    assert "1:00 (0:30 to 2:00)" in lines["short"]
    assert "can't be read" in lines["broken"]
    assert {one["name"] for one in json.loads(run("list", "--json").stdout)} >= {"short", "broken"}


def test_voices_lists_every_engine(script: Path) -> None:
    listing = {one["engine"]: one for one in json.loads(run("voices", "--json").stdout)}
    assert {"hibari", "pyttsx3", "tone"} <= set(listing)
    text = run("voices").stdout
    assert "tone" in text
    assert "hibari:heart" in text


def test_say_writes_one_line(script: Path) -> None:
    result = tone("say", "Come to the waist.", "-o", "line.wav")
    assert result.exit_code == 0
    assert Path("line.wav").read_bytes().startswith(b"RIFF")
    assert tone("say", "Hello.", "-o", "line.mp3").exit_code == 1


def test_the_cache_is_shown_checked_and_emptied(script: Path) -> None:
    tone("render", "short.md")
    info = json.loads(run("cache", "info", "--json").stdout)
    assert info["shelves"]["clips"]["entries"] == 3
    assert "clips" in run("cache", "info").stdout
    assert run("cache", "verify").stdout == "every entry is sound\n"
    assert "entries removed" in run("cache", "trim", "--to", "0").stdout
    assert run("cache", "clear").stdout == "0 entries removed\n"


def test_nothing_is_spoken_twice_and_one_changed_sentence_is_spoken_alone(script: Path) -> None:
    first = json.loads(tone("render", "short.md", "--json").stdout)
    before = Path("output/short.mp3").read_bytes()
    second = json.loads(tone("render", "short.md", "--json").stdout)
    assert (first["spoken_new"], second["spoken_new"], second["spans_new"]) == (3, 0, 0)
    assert Path("output/short.mp3").read_bytes() == before
    script.write_text(SCRIPT.replace("Goodbye.", "Farewell."), encoding="utf-8")
    assert json.loads(tone("render", "short.md", "--json").stdout)["spoken_new"] == 1


def test_scripts_are_completed_by_name(script: Path) -> None:
    environment = os.environ | {
        "_VOICEGUIDE_COMPLETE": "bash_complete", "COMP_WORDS": "voiceguide render back", "COMP_CWORD": "2",
    }  # fmt: skip
    result = subprocess.run(
        [sys.executable, "-m", "voiceguide"], env=environment, capture_output=True, text=True, check=False
    )
    assert "plain,back-on-mat" in result.stdout.splitlines()


def test_every_command_has_a_help_with_an_example(script: Path) -> None:
    for name, command in main.commands.items():
        text = run(name, "--help").stdout
        assert f"voiceguide {name}" in text.partition("Usage:")[2].partition("\n")[2], f"{name} has no example"
        assert command.help


def test_ctrl_c_before_it_has_begun_ends_it_quietly() -> None:
    ended = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"")


INTERRUPTED = """
import sys
class Interrupted:
    def __getattr__(self, name):
        raise KeyboardInterrupt
sys.modules["voiceguide.cli"] = Interrupted()
from voiceguide.__main__ import main
main()
"""


@pytest.mark.parametrize(
    ("arguments", "status"), [(["--version"], 0), (["nonsense"], 2), (["show", "no-such-script"], 1)]
)
def test_a_command_ends_with_its_status_and_with_all_it_said(arguments: list[str], status: int) -> None:
    ended = subprocess.run([*AS_TYPED, *arguments], capture_output=True, text=True, check=False)
    assert ended.returncode == status
    assert (ended.stderr if status else ended.stdout).endswith("\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
@pytest.mark.parametrize("command", ["--version", "list"])
def test_what_could_not_be_said_is_told_as_such(command: str) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run([*AS_TYPED, command], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, "error: what this says can't be written: No space left on device\n")


def test_ctrl_c_leaves_no_half_file_and_says_what_is_kept(script: Path) -> None:
    script.write_text(
        SCRIPT.replace("Goodbye.", "\n".join(f"Line number {n}, said slowly." for n in range(400))).replace(
            "minutes: 1 (0.5 to 2)\n", ""
        )
    )
    command = [*AS_TYPED, "render", "short.md", "--voice", "tone"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    time.sleep(2.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "kept" in errors
    assert "Traceback" not in errors
    assert not [
        path for path in script.parent.rglob("*") if path.name.endswith(".mp3") or path.name.startswith(".voiceguide")
    ]
