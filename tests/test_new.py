import re
import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import Sounding, trying

from voiceguide.cli import main
from voiceguide.cues import Chime, Cue, Mark, Say, Silence, opened, read_cues
from voiceguide.durations import Ms
from voiceguide.errors import OutputError, ScriptError
from voiceguide.new import start_script
from voiceguide.pasted import Pasted, script_of
from voiceguide.pasted.directions import read_direction
from voiceguide.script import Known, expand, read_script
from voiceguide.timeline import lay_out

KNOWN = Known(chimes={"bowl", "tingsha", "gong", "bell"}, voices={"tone"}, beds={"rain"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pasted")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(text: str, folder: Path) -> tuple[str, tuple[Cue, ...]]:
    """Read a script; give its title and what is heard."""
    path = folder / "pasted.md"
    path.write_text(text, encoding="utf-8")
    script = expand(read_script(path, KNOWN), {}, None, KNOWN)
    return script.title, read_cues(script, KNOWN)


def pasted(text: str, folder: Path) -> tuple[Pasted, list[str]]:
    """Make a script of a text, and tell it cue by cue."""
    made = script_of(text, title="Title", language="en")
    _, cues = read(made.text, folder)
    return made, list(filter(None, map(told, cues)))


def told(cue: Cue) -> str | None:
    match cue:
        case Say():
            return cue.utterance.text
        case Mark():
            return f"# {cue.title}"
        case Chime():
            return f"{cue.sound} {cue.times}"
        case Silence():
            return None if cue.kind == "gap" else f"{cue.kind} {cue.natural / 1000:g}"
    return None


def words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFC", text).replace("_", " "))


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, list(arguments), input=typed, catch_exceptions=False)


# --- directions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("pause 10 seconds", "[rest 10s]"),
        ("Pause: 10s", "[rest 10s]"),
        ("Pause 4 seconds", "[pause 4s]"),
        ("10 second pause", "[rest 10s]"),
        ("10-second pause", "[rest 10s]"),
        ("pause for a minute", "[quiet 1m]"),
        ("pause for half a minute", "[rest 30s]"),
        ("silence, 2 min", "[quiet 2m]"),
        ("two minutes of silence", "[quiet 2m]"),
        ("1 minute and 30 seconds", "[quiet 1m30s]"),
        ("silence 1:30", "[quiet 1m30s]"),
        ("1.5 minutes", "[quiet 1m30s]"),
        ("30s", "[rest 30s]"),
        ("pause", "[pause 5s]"),
        ("short pause", "[pause 3s]"),
        ("long pause", "[rest 15s]"),
        ("SILENCE", "[quiet]"),
        ("Pause 10 Sekunden", "[rest 10s]"),
        ("Stille, eine halbe Minute", "[quiet 30s]"),
        ("pausa di 20 secondi", "[rest 20s]"),
        ("silence pendant 2 minutes", "[quiet 2m]"),
        ("silencio, dos minutos", "[quiet 2m]"),
    ],
)
def test_a_silence_is_understood_as_people_write_it(text: str, cue: str) -> None:
    direction = read_direction(text)
    assert direction is not None
    assert (direction.cue, direction.sound) == (cue, None)


@pytest.mark.parametrize(
    ("text", "sound", "times"),
    [
        ("bell", "bell", 1),
        ("ring the bell", "bell", 1),
        ("Ring the bell 3 times", "bell", 3),
        ("bell x3", "bell", 3),
        ("3 x gong", "gong", 3),
        ("three bells", "bell", 3),
        ("singing bowl", "bowl", 1),
        ("the gong sounds twice", "gong", 2),
        ("Klangschale", "bowl", 1),
        ("cloche", "bell", 1),
    ],
)
def test_a_bell_is_understood_as_people_write_it(text: str, sound: str, times: int) -> None:
    direction = read_direction(text)
    assert direction is not None
    assert direction.sound == sound
    assert direction.cue == (f" {times} times every 5s" if times > 1 else "")


@pytest.mark.parametrize(
    "text",
    [
        "", "…", "smile", "or the other side", "one and a half minutes", "a minute and a half", "pause 10", "10", "two",
        "pause 10 bells", "bell for 10 seconds", "bell and gong", "pause 25 hours", "silence 1:75", "bell 0 times",
        "bell 2.5 times", "hold for 4 seconds", "a few seconds", "pause @ 10 seconds", "pause 1234567 s", "two pauses",
    ],
)  # fmt: skip
def test_what_may_mean_something_else_is_no_direction(text: str) -> None:
    assert read_direction(text) is None


# --- pasted texts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "heard", "notes"),
    [
        ("In (pause 4s) and out.", ["In", "pause 4", "and out."], []),
        ("In [Pause: 10s] and out.", ["In", "rest 10", "and out."], []),
        ('In. <break time="2s"/> Out.', ["In.", "pause 2", "Out."], []),
        ("One.\n... pause for a minute ...\nTwo.", ["One.", "quiet 60", "Two."], []),
        ("One.\nPAUSE 10 SECONDS\nTwo.", ["One.", "rest 10", "Two."], []),
        ("One.\nPause for 10 seconds\nTwo.", ["One.", "rest 10", "Two."], []),
        ("One.\nPause for 10 seconds.", ["One.", "Pause for 10 seconds."], ["write [rest 10s]"]),
        ("(pause)\nOne.", ["pause 5", "One."], ["'pause' does not say how long: it became [pause 5s]"]),
        ("*gong*\nOne.\n(ring the bell)", ["gong 1", "One.", "bell 1"], []),
        ("Smile [smile].", ["Smile [smile]."], ["'[smile]' is said as it stands"]),
        ("(a few seconds)", ["(a few seconds)"], ["'(a few seconds)' is said as it stands"]),
        ("Lie down (or sit).", ["Lie down (or sit)."], []),
        ("# One\nA.\n### Two ##\nB.", ["# One", "A.", "# Two", "B."], []),
        ("ONE\n\nA.\n\n2. Two\n\nB.\n\n**Three**\n\nC.", ["# ONE", "A.", "# 2. Two", "B.", "# Three", "C."], []),
        ("A.\n# One", ["A.", "One"], ["nothing is heard below 'One': it is said itself"]),
        (
            "A.\n\n# One\n(pause 5s)\n# Two\nB.",
            ["A.", "One", "pause 5", "# Two", "B."],
            ["nothing is heard below 'One'"],
        ),
        ("- one\n* two\n> three\n| four |\n10) five", ["one", "two", "three", "four", "10: five"], []),
        ("A.\n---\n* * *\n....\nB.", ["A.", "B."], []),
        ("Yes! \N{PERSON WITH FOLDED HANDS}", ["Yes!"], ["can't be said: it became a comment"]),
        ("#tag [x](y) <b>c</b>", ["#tag [x] (y) < b>c< /b>"], ["'[x]' is said as it stands"]),
        ("{{ name }} {% if %} {# no #} a\\b 5 * 3 *so* x", None, ["'{{ name }}'", "'{% if %}'", "'{# no #}'"]),
        ("A line that its editor broke after seventy characters or so, and\nthat goes on.", None, []),
        ("Two lines\nof a poem", ["Two lines", "of a poem"], []),
        ("a\x07b\u2028c", ["a b", "c"], ["characters that can't be seen were left out"]),
    ],
)
def test_a_text_becomes_a_script(text: str, heard: list[str] | None, notes: list[str], folder: Path) -> None:
    made, cues = pasted(text, folder)
    expected = [" ".join(text.replace("*so*", "so").split())] if heard is None else heard
    assert cues == expected
    assert len(made.notes) == len(notes)
    for note, part in zip(made.notes, notes, strict=True):
        assert part in note.message


def test_a_heading_above_all_others_is_the_title_and_notes_have_lines(folder: Path) -> None:
    made, cues = pasted('# My "evening"\n\n## One\n\nA. (smile)\n\n(smile)\n', folder)
    assert read(made.text, folder)[0] == 'My "evening"'
    assert cues == ["# One", "A. (smile)", "(smile)"]
    assert [note.line for note in made.notes] == [7]


def test_the_first_sound_is_the_bell_that_can_be_chosen(folder: Path) -> None:
    made, _ = pasted("(gong)\nA.\n(bell)\n(gong)\n", folder)
    assert "  bell: gong\n" in made.text
    assert made.text.count("[chime {{ bell }}]") == 2
    assert made.text.count("[chime bell]") == 1


def test_a_sentence_too_long_to_follow_goes_on_in_another_line(folder: Path) -> None:
    text = "and, so it goes, " * 100
    made, cues = pasted(text, folder)
    assert len(cues) == 4
    assert words(" ".join(cues)) == words(text)
    assert "too long to follow" in made.notes[0].message


@pytest.mark.parametrize("text", ["", "...\n---", "(pause 10 seconds)", "\N{PERSON WITH FOLDED HANDS}"])
def test_a_text_without_words_is_refused(text: str) -> None:
    with pytest.raises(ScriptError, match="there are no words"):
        script_of(text, title="Title", language="en")


MARKS = """
# ## #x - * + > | 1. 10) [ ] ( ) { } {{ }} {% %} {# #} \\ ** _ ` ``` ~~~ --- === … . ! ? : , ; < > <b> </b> & @ $ ](x)
[a](b) [[x]] ![a](b) <!-- --> Breathe in out ONE TWO Dr. e.g. 5 20% smile é Å
"""
PIECES = st.one_of(
    st.sampled_from(MARKS.split()),
    st.text(max_size=4),
    st.sampled_from(["\n", "\n\n", " ", "\t", "\r\n", "a " * 260, ". ", "[rate 100] ", "[at halfway]", "[quietly]"]),
)


@trying(120)
@given(text=st.lists(PIECES, min_size=1, max_size=14).map("".join))
@example(text="{{{%}}#}a")
@example(text="<" * 300 + "a")
@example(text="… - a")
@example(text="[a](b)" * 80)
@example(text="a\ufffe")
def test_any_text_becomes_a_script_that_says_the_same_words(text: str, folder: Path) -> None:
    if not words(text):
        return
    made = script_of(text, title="Title", language="en")
    title, cues = read(made.text, folder)
    said = [title] if title != "Title" else []
    for cue in cues:
        said += [cue.utterance.text] if isinstance(cue, Say) else [cue.title] if isinstance(cue, Mark) else []
    if not any(isinstance(cue, Chime) or (isinstance(cue, Silence) and cue.kind != "gap") for cue in cues):
        assert "".join(words(" ".join(said))) == "".join(words(text))


# --- new scripts --------------------------------------------------------------------------------------------------


def laid_out(path: Path, target: Ms) -> tuple[list[str], Ms]:
    """Lay a script out with reckoned speech; give its sentences and its longest silence."""
    script = expand(read_script(path, KNOWN), {}, target, KNOWN)
    cues = read_cues(script, KNOWN)
    says = [cue for cue in opened(cues) if isinstance(cue, Say)]
    clips = {cue.utterance: Sounding(len(cue.utterance.text.split()) * 60_000 // 115) for cue in says}
    timeline = lay_out(cues, clips, {name: Sounding(21_000, 6800) for name in KNOWN.chimes}, target)
    longest = max(event.length for event in timeline.events if isinstance(event.cue, Silence))
    return [cue.utterance.text for cue in says], longest


@pytest.mark.parametrize("minutes", [7, 8, 9, 12])
def test_the_model_is_a_whole_and_safe_session_at_every_length(here: Path, minutes: int) -> None:
    started = start_script("at-home")
    sentences, longest = laid_out(started.path, Ms(minutes * 60_000))
    said = " ".join(sentences)
    for topic in ("not medical treatment", "stop at any time", "while driving", "pacemaker", "roll over to one side"):
        assert topic in said
    assert longest <= 180_000


def test_the_model_disturbs_nobody(here: Path) -> None:
    start_script("at-home")
    assert run("check", "at-home").stdout == "1 script: nothing to complain of\n"


def test_the_model_shows_every_basic_of_the_language_and_explains_it(here: Path) -> None:
    text = start_script("at-home").path.read_text(encoding="utf-8")
    assert 'title: "At home"\n' in text
    for shown in ("[chime", "[pause", "[rest", "[quiet", "[for", "[bed", "{% if", "{{ part(", "{{ pick(", "params:"):
        assert shown in text
    assert text.count("{#") >= 6


def test_a_new_script_is_called_by_its_name_and_nothing_is_overwritten(here: Path) -> None:
    result = run("new", "at-home")
    assert result.stdout == (
        "scripts/at-home.md\nnext:\n  voiceguide show at-home\n  voiceguide render at-home --proof\n"
    )
    before = Path("scripts/at-home.md").read_bytes()
    again = run("new", "at-home", "--from", "evening")
    assert (again.exit_code, again.stdout) == (1, "")
    assert "there is a file at 'scripts/at-home.md' already" in again.stderr
    assert Path("scripts/at-home.md").read_bytes() == before


@pytest.mark.parametrize("name", ["", "-x", ".x", "a/b", "../x", "a.txt", "README.md", "a\nb.md", "con?.md"])
def test_a_name_that_is_none_for_a_script_is_refused(here: Path, name: str) -> None:
    with pytest.raises(OutputError, match="a script can't be called"):
        start_script(name)
    assert not list(here.iterdir())


def test_a_copy_says_what_it_was_and_keeps_title_and_parts(here: Path) -> None:
    result = run("new", "evening", "--from", "evening")
    assert "from here, 'evening' is this one now, and no longer" in result.stdout
    copy = read_script(Path("scripts/evening.md"), KNOWN)
    assert copy.title == "Evening"
    assert "{# Copied from 'evening' to be changed. #}" in copy.file.text
    assert any("not medical treatment" in line.text for line in expand(copy, {}, None, KNOWN).lines)


def test_a_pasted_text_comes_from_a_file_or_a_pipe(here: Path) -> None:
    Path("words.txt").write_text("\ufeffCome in. (smile) [smile]", encoding="utf-8")
    result = run("new", "sessions/in.md", "--import", "words.txt")
    assert result.stdout.splitlines()[:2] == [
        "sessions/in.md",
        "  line 1: '[smile]' is said as it stands; if it is a direction, write a cue such as [pause 4s]",
    ]
    piped = run("new", "piped", "--import", "-", "--language", "de", typed="Komm an. (Gong)\n")
    assert piped.exit_code == 0
    source = read_script(Path("scripts/piped.md"), KNOWN)
    assert (source.title, source.language) == ("Piped", "de")
    assert run("new", "both", "--import", "words.txt", "--from", "evening").exit_code == 2
    Path("words.txt").write_bytes("Schön".encode("latin-1"))
    assert "is not UTF-8 text" in run("new", "latin", "--import", "words.txt").stderr
