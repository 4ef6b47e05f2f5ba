"""A translation is taken for its original in other words: what it may leave out, and where the two may not differ."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from voiceguide import find_script
from voiceguide.cli import main
from voiceguide.cues import Cue, Say, opened, read_cues
from voiceguide.durations import Ms
from voiceguide.errors import ScriptError, VoiceguideError
from voiceguide.job import Job
from voiceguide.render import output_path
from voiceguide.script import Known, Source, expand, read_script
from voiceguide.translations import first_difference

KNOWN = Known(chimes={"bowl"}, voices={"heart"}, beds={"ocean"})
ORIGINAL = """\
---
title: Evening
summary: Eyes closed.
position: on the mat
minutes: 10 (5 to 20)
params:
  name: ""
  bed: {label: Background, type: sound, kind: bed, default: off}
pace: {line: 2s, section: 9s}
voice: heart
rate: 100
---
"""
TRANSLATION = """\
---
translates: evening
language: de
title: Abend
---
"""
ADDRESS = "address: {label: Anrede, type: choice, choices: [familiar, formal], default: familiar}"


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "evening.md"
    path.write_text(ORIGINAL + "Rest.\n", encoding="utf-8")
    (tmp_path / "de").mkdir()
    return path


def translated(original: Path, text: str) -> Source:
    path = original.parent / "de" / "evening.md"
    path.write_text(text, encoding="utf-8")
    return read_script(path, KNOWN)


def refusal(original: Path, text: str) -> VoiceguideError:
    with pytest.raises(VoiceguideError) as caught:
        translated(original, text)
    return caught.value


# --- the front matter ---------------------------------------------------------------------------------------------


def test_what_a_translation_does_not_say_is_as_in_its_original(original: Path) -> None:
    german, english = translated(original, TRANSLATION), read_script(original, KNOWN)
    assert (german.title, german.language, german.original) == ("Abend", "de", original)
    assert (german.summary, german.position, german.minutes) == (english.summary, english.position, english.minutes)
    assert (german.parameters, german.pace, german.rate) == (english.parameters, english.pace, english.rate)
    assert german.minutes_at == english.minutes_at
    assert german.voice is None, "a voice speaks one language"


def test_what_it_says_itself_goes_before(original: Path) -> None:
    own = TRANSLATION.replace("---\n", "---\nsummary: Augen zu.\npace: {line: 4s}\nrate: 90\nreviewed: no\n", 1)
    german = translated(original, own)
    assert (german.summary, german.rate, german.reviewed) == ("Augen zu.", 90, False)
    assert (german.pace.line, german.pace.section) == (4000, 9000)


def test_parameters_may_be_labelled_anew_and_added_to(original: Path) -> None:
    params = f"params:\n  bed: {{label: Hintergrund}}\n  {ADDRESS}\n"
    german = translated(original, TRANSLATION.replace("title", f"{params}title"))
    assert [one.name for one in german.parameters] == ["name", "bed", "address"]
    assert [one.label for one in german.parameters] == ["Name", "Hintergrund", "Anrede"]
    assert german.parameters[1].default == "off"


@pytest.mark.parametrize("declaration", ["ocean", "{label: Bett, default: ocean}", "[a, b]", "{label: ''}"])
def test_a_parameter_of_the_original_is_not_declared_anew(original: Path, declaration: str) -> None:
    error = refusal(original, TRANSLATION.replace("title", f"params: {{bed: {declaration}}}\ntitle"))
    assert error.message == "'bed' is as in the script that this translates, but for its label"


@pytest.mark.parametrize(
    ("before", "after", "message", "line"),
    [
        ("evening", "evenin", "there is no script called 'evenin'", 2),
        ("evening", "../evening", "this is no name of a script", 2),
        ("evening", "[a, b]", "this is no name of a script", 2),
        ("language: de\n", "", "the translation does not say its language", 2),
        ("title", "reviewed: maybe\ntitle", "this is yes or no, not 'maybe'", 4),
    ],
)
def test_what_is_wrong_is_shown_where_it_stands(
    original: Path, before: str, after: str, message: str, line: int
) -> None:
    error = refusal(original, TRANSLATION.replace(before, after))
    assert error.message == message
    assert error.at is not None
    assert error.at.line == line


def test_a_translation_is_not_translated_again(original: Path) -> None:
    original.write_text(TRANSLATION.replace("evening", "back-on-mat"), encoding="utf-8")
    error = refusal(original, TRANSLATION)
    assert error.message == "what another script translates can't be a translation"
    assert error.at is not None
    assert error.at.path == str(original)


def test_a_copy_elsewhere_finds_its_original_by_name(tmp_path: Path) -> None:
    path = tmp_path / "mein-abend.md"
    path.write_text(TRANSLATION.replace("evening", "back-on-mat"), encoding="utf-8")
    assert read_script(path, KNOWN).position == "on the mat"


# --- how someone is addressed -------------------------------------------------------------------------------------


def words(source: Source, **values: str) -> list[str]:
    cues = read_cues(expand(source, values, None, KNOWN), KNOWN)
    return [cue.utterance.text for cue in opened(cues) if isinstance(cue, Say)]


def test_the_form_goes_by_the_address(original: Path) -> None:
    body = '{% macro lie() %}{{ you("Leg dich", "Legen Sie sich") }}{% endmacro %}\n{{ lie() }} hin{{ name }}.\n'
    german = translated(original, TRANSLATION.replace("title", f"params: {{{ADDRESS}}}\ntitle") + body)
    assert words(german) == ["Leg dich hin."]
    assert words(german, address="formal") == ["Legen Sie sich hin."]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('you("Leg dich")', "you() takes two texts, for a familiar and for a formal address"),
        ('you("Leg dich", 2)', "you() takes two texts, for a familiar and for a formal address"),
        ('you("Leg dich", "Legen Sie sich")', "you() goes by the parameter 'address', familiar or formal"),
    ],
)
def test_a_form_that_can_not_be_told_is_an_error(original: Path, call: str, message: str) -> None:
    german = translated(original, TRANSLATION + f"{{{{ {call} }}}}\n")
    with pytest.raises(ScriptError) as caught:
        words(german)
    assert caught.value.message == message
    assert caught.value.at is not None
    assert caught.value.at.line == 6


# --- where the two part -------------------------------------------------------------------------------------------

BODY = """\
# One
[chime bowl]
Rest here. Be still.
[rest 12s]
[safety] Stop at any time.
[for 4s] In.
[bed ocean]
[at halfway] Halfway.
[quiet 5m, chime bowl every 1m]
Come back.
"""


def cues(path: Path, body: str) -> tuple[Cue, ...]:
    path.write_text(f"---\ntitle: T\nminutes: 10\n---\n{body}", encoding="utf-8")
    return read_cues(expand(read_script(path, KNOWN), {}, Ms(600_000), KNOWN), KNOWN)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("Rest here. Be still.", "Ruhen.", None),
        ("Come back.", "Langsam. Zurück. Kommen.", None),
        ("# One", "# Eins", None),
        ("Rest here. Be still.", "Ruhen.\nStill sein.", "a rest of 12s from 6s to 24s here, not a gap of 3s"),
        ("[rest 12s]", "[rest 14s]", "a rest of 12s from 6s to 24s here, not a rest of 14s"),
        ("[rest 12s]", "[pause 12s]", "a rest of 12s from 6s to 24s here, not a pause of 12s"),
        ("[safety] Stop", "Stop", "words marked as safety here, not words"),
        ("[for 4s] In.", "[for 5s] In.", "a line of 4s with words here, not a line of 5s with words"),
        ("[for 4s] In.", "[for 4s] In. [chime bowl]", "a line of 4s with words here, not a line of 4s with words"),
        ("[bed ocean]", "[bed ocean at -30dB]", "the bed 'ocean' at -22dB here, not the bed 'ocean' at -30dB"),
        ("[at halfway]", "[at 2m left]", "words halfway here, not words with 2m left"),
        ("every 1m", "every 2m", "a quiet of 5m"),
        ("[chime bowl]", "[chime bowl at -6dB]", "the chime 'bowl' here, not the chime 'bowl' at -6dB"),
        ("Rest here.", "# Two\nRest here.", "here, not the chapter 'Two'"),
    ],
)
def test_silences_chimes_and_marks_may_not_differ(tmp_path: Path, before: str, after: str, told: str | None) -> None:
    ours = cues(tmp_path / "ours.md", BODY.replace(before, after))
    difference = first_difference(cues(tmp_path / "theirs.md", BODY), ours)
    if told is None:
        assert difference is None
    else:
        assert difference is not None
        assert told in difference.message
        assert difference.at is not None
        assert difference.at.path.endswith("ours.md")
        assert "theirs.md:" in str(difference.hint)


def test_neither_may_be_longer(tmp_path: Path) -> None:
    short, long = cues(tmp_path / "short.md", BODY), cues(tmp_path / "long.md", BODY + "More.\n")
    ends = first_difference(long, short)
    assert ends is not None
    assert ends.message == "the translation ends too soon"
    goes_on = first_difference(short, long)
    assert goes_on is not None
    assert goes_on.message.startswith("the original has ended before")


# --- as people meet it --------------------------------------------------------------------------------------------


def test_a_session_is_listed_once_with_its_languages() -> None:
    result = CliRunner().invoke(main, ["list"], catch_exceptions=False)
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("back-on-mat ")]
    assert " en de* " in line
    assert "de/back-on-mat" not in result.stdout
    assert result.stdout.endswith("* awaiting a native reader\n")


def test_programs_are_told_of_translations() -> None:
    listed = json.loads(CliRunner().invoke(main, ["list", "--json"], catch_exceptions=False).stdout)
    (session,) = [one for one in listed if one["name"] == "back-on-mat"]
    assert session["reviewed"]
    assert {
        "name": "de/back-on-mat", "language": "de", "title": "Mit dem Rücken auf der Matte", "reviewed": False,
    } in session["translations"]  # fmt: skip


def test_a_session_is_shown_in_a_language() -> None:
    shown = CliRunner().invoke(main, ["show", "silence-bells", "--language", "de-AT", "--voice", "tone"])
    assert "in de, awaiting a native reader" in shown.stdout
    assert "Willkommen." in shown.stdout
    refused = CliRunner().invoke(main, ["show", "silence-bells", "--language", "xx"])
    assert refused.exit_code == 1
    assert "'silence-bells' is not there in 'xx'\n  it is there in en, de" in refused.stderr


def test_a_recording_has_its_language_in_its_name() -> None:
    job = Job(script=find_script("back-on-mat", "de"), target=Ms(1_200_000))
    assert output_path(job) == Path("output/back-on-mat-de-20m.mp3")
    assert output_path(Job(script=find_script("back-on-mat", "en"))) == Path("output/back-on-mat.mp3")
