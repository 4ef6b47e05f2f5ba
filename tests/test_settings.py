import json
import re
from pathlib import Path
from typing import Unpack, cast, get_args

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from strategies import trying

from voiceguide import audiofile, shipped
from voiceguide.cache import Cache
from voiceguide.cli import main
from voiceguide.durations import Ms
from voiceguide.errors import SettingsError, SeveralErrors, SpeechError, VoiceguideError
from voiceguide.job import Job
from voiceguide.purposes import PURPOSES
from voiceguide.render import output_path, plan, usual_voice
from voiceguide.settings import KEYS, Wishes, over, read_settings, save_as_preset, set_value, settings_path, unset_value
from voiceguide.settings.schema import Captions, Format, Purpose, _File, settings_of
from voiceguide.settings.toml import places_of
from voiceguide.speech import Cast
from voiceguide.speech.pronunciation import read_lexicon

SCRIPT = """\
---
title: A short one
minutes: 1 (0.5 to 2)
params:
  name: ""
  bell: bell
---
Welcome{{ name | after(", ") }}.
[chime {{ bell }} wait 2s]
[quiet]
"""
BARE = "---\ntitle: Bare\n---\nNothing to choose here.\n"
GERMAN = "---\ntitle: Bar\ntranslates: hello\nlanguage: de\n---\nHier ist nichts zu wählen.\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "short.md").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "bare.md").write_text(BARE, encoding="utf-8")
    return tmp_path


def settle(text: str) -> Path:
    """Write the settings file."""
    path = settings_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


def shown(*arguments: str) -> dict[str, object]:
    result = run("show", *arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def heard(*arguments: str) -> list[str]:
    events = shown(*arguments)["events"]
    assert isinstance(events, list)
    return [event["text"] or event["sound"] for event in events if event["kind"] != "silence"]


def told(text: str) -> list[VoiceguideError]:
    """Give the errors of a settings file."""
    with pytest.raises(VoiceguideError) as caught:
        settings_of(text, Path("settings.toml"))
    return list(caught.value.errors) if isinstance(caught.value, SeveralErrors) else [caught.value]


# --- the file -----------------------------------------------------------------------------------------------------


def test_without_a_file_nothing_is_set() -> None:
    settings = read_settings()
    assert not any(settings.wishes.values())
    assert not settings.said
    assert not settings.presets
    assert settings.lexicon is None
    assert not settings.path.exists()


def test_every_setting_is_read_under_the_name_of_a_job() -> None:
    settings = settings_of(
        """
        voice = "heart"
        rate = 105
        bell = "tingsha"
        bell_level = "-6dB"
        bed = "rain"
        bed_level = "-26"
        air = "off"
        lead_in = "30s"
        sleep = true
        for = "podcast"
        format = "flac"
        vbr = false
        captions = ["vtt", "srt"]
        seed = 2026-11-22
        output = "recordings"
        language = "de"
        lexicon = "words.toml"
        params = {name = "Ana", pregnant = true, rounds = 3, points = ["BL23", "GV4"]}
        voices = {de = "pyttsx3"}
        """,
        Path("home/settings.toml"),
    )
    assert settings.wishes == {
        "rate": 105, "bell_level_db": -6.0, "bed": "rain", "bed_level_db": -26.0, "air": False, "lead_in": 30_000,
        "sleep": True, "purpose": "podcast", "format": "flac", "varying_rate": False, "captions": ("vtt", "srt"),
        "seed": 739_942, "out": Path("recordings"),
        "values": {"bell": "tingsha", "name": "Ana", "pregnant": "yes", "rounds": "3", "points": "BL23, GV4"},
    }  # fmt: skip
    assert settings.voices == {"*": "heart", "de": "pyttsx3"}
    assert settings.language == "de"
    assert settings.lexicon == Path("home/words.toml")


def test_what_can_be_set_is_what_is_listed_and_what_a_job_takes() -> None:
    assert set(KEYS) == {one.alias or name for name, one in _File.model_fields.items()} - {"presets"}
    assert Wishes.__annotations__.keys() <= Job.__dataclass_fields__.keys()
    assert get_args(Format) == audiofile.FORMATS
    assert get_args(Captions) == tuple(audiofile.CAPTIONS)
    assert set(get_args(Purpose)) == set(PURPOSES)


@pytest.mark.parametrize(
    ("text", "line", "under", "message", "hint"),
    [
        ('bell = "x"\nbel = "x"', 2, "bel", "there is no setting called 'bel'", "did you mean 'bell'?"),
        ("rate = 400 # fast", 1, "400", "the rate can't be 400", "60 to 220"),
        ('rate = "105"', 1, '"105"', "'rate' is a number", "without quotes"),
        ("bell = 3", 1, "3", "'bell' is a text", 'write bell = "…"'),
        ('bell = " "', 1, '" "', "this is empty", "between the quotes"),
        ('air = "maybe"', 1, '"maybe"', "this is on or off", '"on" or "off"'),
        ('lead_in = "30"', 1, '"30"', "'30' has no unit", "30s for seconds"),
        ("lead_in = 30", 1, "30", "this is a duration", '"30s"'),
        ('bed_level = "-3dB"', 1, '"-3dB"', "-3dB is out of bounds", "-60dB to -6dB"),
        ('format = "mp4"', 1, '"mp4"', "'format' can't be 'mp4'", "did you mean 'mp3'?"),
        ('captions = "vtt"', 1, '"vtt"', "'captions' is a list", '["vtt"]'),
        ('captions = [\n  "vt"\n]', 1, "[", "'captions' can't be 'vt'", "did you mean 'vtt'?"),
        ("seed = -1", 1, "-1", "this is no seed", "2026-11-22"),
        ('language = "german"', 1, '"german"', "'german' is no language", "such as en"),
        ('voices = "heart"', 1, '"heart"', "'voices' is a table", "[voices]"),
        ("[voices]\nxyzw = 'heart'", 2, "'heart'", "'xyzw' is no language", "such as en"),
        ("[params]\nx = [1]", 2, "[1]", "this is no value", "a text, a number"),
        ("[presets.a]\nminuts = 9", 2, "minuts", "there is no setting called 'minuts'", "did you mean 'minutes'?"),
        ("[presets.a]\nminutes = 0", 2, "0", "0 minutes can't be recorded", "at most 1440"),
        ('[presets.a]\nminutes = "9"', 2, '"9"', "this is a number of minutes", "without quotes"),
        ('[presets.a]\nlength = "soon"', 2, '"soon"', "'soon' is not a duration", "1m30s"),
        ('[presets.a]\nminutes = 9\nlength = "9:00"', 3, '"9:00"', "say the same thing", "keep one"),
        ('[presets."a b"]\nminutes = 9', 1, '[presets."a b"]', "a preset can't be called 'a b'", "letters, digits"),
        ("bell = tingsha", 1, "t", "this value can't be read", 'bell = "tingsha"'),
        ("bell tingsha", 1, "t", "this line has no =", 'bell = "tingsha"'),
        ('bell = "a', 1, "", "this is not closed", "close the quotes"),
        ('bell = "a"\nbell = "b"', 2, 'bell = "b"', "a second time", "keep one"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_to_write(
    text: str, line: int, under: str, message: str, hint: str
) -> None:
    (error,) = told(text)
    assert message in error.message
    assert hint in str(error.hint)
    assert error.at is not None
    assert error.at.line == line
    assert error.at.source[error.at.column - 1 :].startswith(under)
    assert error.at.width == max(1, len(under))


def test_all_mistakes_are_told_at_once_in_order() -> None:
    errors = told('bel = "x"\nrate = 5\n[presets.a]\nbeds = "x"\n')
    assert [error.at.line for error in errors if error.at] == [1, 2, 4]


KEY = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
VALUE = st.one_of(st.integers(), st.booleans(), st.text(st.characters(codec="ascii"), max_size=12))


@trying(20)
@given(tables=st.dictionaries(KEY, st.dictionaries(KEY, VALUE, max_size=4), max_size=4), apart=st.booleans())
def test_every_key_is_found_on_its_line(tables: dict[str, dict[str, object]], *, apart: bool) -> None:
    lines = ["# not a [table]", ""]
    expected = {}
    for table, values in tables.items():
        lines.append(f"[{table}]  # = none")
        for key, value in values.items():
            lines += [f"{key} = [", f"  {json.dumps(value)},", "]"] if apart else [f"{key} = {json.dumps(value)}"]
            expected[table, key] = len(lines) - (2 if apart else 0)
    text = "\n".join(lines).replace("\\u007f", "\\u0020").replace("\x7f", " ")
    places = places_of(text)
    assert {path: place.line for path, place in places.items() if len(path) == 2} == expected


def test_the_files_shown_in_the_readme_can_be_read(tmp_path: Path, checkout: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", (checkout / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    own, words = (next(one for one in blocks if beginning in one) for beginning in ("[presets.", "phonemes"))
    assert settings_of(own, tmp_path / "settings.toml").presets["evening-at-home"].wishes["target"] == 20 * 60_000
    (tmp_path / "lexicon.toml").write_text(words, encoding="utf-8")
    assert read_lexicon(tmp_path / "lexicon.toml")["zoë"].respelled == {"en": "Zoh-ee", "de": "Zo-eh"}


# --- changes ------------------------------------------------------------------------------------------------------

NAMES = {"voices": {"tone"}, "chimes": {"bowl", "tingsha"}, "beds": {"rain"}}


def test_a_change_keeps_comments_order_and_everything_else() -> None:
    path = settle('# mine\nbell = "bowl"   # the large one\n\n[presets.a] # a\nminutes = 9\n')
    set_value("bell", "tingsha", **NAMES)
    set_value("presets.a.bed", "rain", **NAMES)
    set_value("params.name", "Ana", **NAMES)
    assert path.read_text(encoding="utf-8") == (
        '# mine\nbell = "tingsha"   # the large one\n\n[presets.a] # a\nminutes = 9\nbed = "rain"\n'
        '\n[params]\nname = "Ana"\n'
    )
    unset_value("params.name")
    unset_value("presets.a")
    assert unset_value("bell").said == {}
    assert "# mine" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("rate", "105", "105"),
        ("lead-in", "30s", "30s"),
        ("bell_level", "-6dB", "-6dB"),
        ("captions", "vtt, srt", "vtt, srt"),
        ("air", "off", "off"),
        ("seed", "7", "7"),
        ("seed", "today", "today"),
        ("bed", "off", "off"),
        ("voices.de", "tone", "tone"),
        ("params.rate", "7", "7"),
        ("params.bell", "anything", "anything"),
    ],
)
def test_a_setting_is_written_as_it_was_typed(key: str, text: str, said: str) -> None:
    settings = set_value(key, text, **NAMES)
    assert settings.said == {key.replace("-", "_"): said}
    assert read_settings() == settings


@pytest.mark.parametrize(
    ("key", "text", "complaint"),
    [
        ("bel", "bowl", "there is no setting called 'bel'"),
        ("bell", "bowll", "there is no bell called 'bowll'"),
        ("voices.de", "tnoe", "there is no voice called 'tnoe'"),
        ("rate", "fast", "'rate' is a number"),
        ("rate", "400", "the rate can't be 400"),
        ("presets.a b.rate", "100", "a preset can't be called 'a b'"),
        ("bell.x", "y", "'bell' is a text"),
        ("", "y", "there is no setting called ''"),
    ],
)
def test_what_could_not_be_read_again_is_not_written(key: str, text: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(complaint)) as caught:
        set_value(key, text, **NAMES)
    assert caught.value.at is None
    assert not settings_path().exists()


def test_a_broken_file_is_left_as_it_is() -> None:
    path = settle("bell = tingsha\n")
    with pytest.raises(SettingsError) as caught:
        set_value("rate", "100", **NAMES)
    assert caught.value.at is not None
    assert path.read_text(encoding="utf-8") == "bell = tingsha\n"


def test_a_file_that_is_a_link_stays_one(tmp_path: Path) -> None:
    own = tmp_path / "dotfiles.toml"
    own.write_text("rate = 100\n", encoding="utf-8")
    settings_path().parent.mkdir(parents=True)
    settings_path().symlink_to(own)
    set_value("rate", "110", **NAMES)
    assert own.read_text(encoding="utf-8") == "rate = 110\n"
    assert [path.name for path in settings_path().parent.iterdir()] == ["settings.toml"]


@trying(40)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "values": st.dictionaries(KEY, st.text(st.characters(codec="ascii"), max_size=9)),
            "rate": st.integers(60, 220),
            "target": st.integers(1, 24 * 3_600_000).map(Ms),
            "seed": st.none() | st.integers(0, 800_000),
            "lead_in": st.integers(0, 3_600_000).map(Ms),
            "bed_level_db": st.integers(-60, -6).map(float),
            "air": st.booleans(),
            "sleep": st.booleans(),
            "purpose": st.sampled_from(get_args(Purpose)),
            "format": st.sampled_from(get_args(Format)),
            "varying_rate": st.booleans(),
            "captions": st.sampled_from([("vtt",), ("srt", "lrc")]),
        },
    )
)
def test_a_preset_means_what_was_asked_for_when_it_was_kept(wishes: Wishes) -> None:
    settings_path().unlink(missing_ok=True)
    preset = save_as_preset("kept", "evening", wishes).preset("kept")
    assert preset.script == "evening"
    values = {key: text for key, text in wishes.get("values", {}).items() if key != "bell" or text.strip()}
    assert preset.wishes == {**wishes, "values": values}


# --- what goes before what ----------------------------------------------------------------------------------------


@trying(40)
@given(st.data())
def test_what_is_asked_goes_before_what_is_wanted_otherwise(data: st.DataObject) -> None:
    some = st.fixed_dictionaries(
        {}, optional={"rate": st.integers(60, 220), "sleep": st.booleans(), "values": st.dictionaries(KEY, KEY)}
    )
    asked, otherwise = cast("Wishes", data.draw(some)), cast("Wishes", data.draw(some))
    both = over(asked, otherwise)
    assert both.get("rate") == asked.get("rate", otherwise.get("rate"))
    assert both.get("sleep") == asked.get("sleep", otherwise.get("sleep"))
    assert both["values"] == dict(otherwise.get("values", {})) | dict(asked.get("values", {}))


def test_one_thing_said_in_two_ways_does_not_meet_itself() -> None:
    usual: Wishes = {"bed": "rain", "format": "m4b"}
    assert "bed" not in over({"values": {"bed": "ocean"}}, usual)
    assert "format" not in over({"out": Path("a.flac")}, usual)
    assert over({"out": Path("folder")}, usual)["format"] == "m4b"


def test_the_command_line_goes_before_a_preset_before_the_settings_before_the_script(here: Path) -> None:
    settle('voice = "tone"\nbell = "gong"\n[params]\nname = "Ana"\n[presets.p]\nscript = "short.md"\nbell = "bowl"\n')
    assert heard("short.md") == ["Welcome, Ana.", "gong"]
    assert read_settings().preset("p").wishes["values"] == {"bell": "bowl"}
    assert heard("--preset", "p", "--bell", "tingsha", "-p", "name=Zoë") == ["Welcome, Zoë.", "tingsha"]


def test_settings_do_not_break_a_script_without_such_parameters(here: Path) -> None:
    settle('voice = "tone"\nbell = "gong"\n[params]\nname = "Ana"\n')
    assert heard("bare.md") == ["Nothing to choose here."]


def test_a_voice_is_meant_for_the_languages_it_speaks(tmp_path: Path) -> None:
    voices = {"*": "carla", "en": "faulty:bert", "de": "tone"}
    engines = {"faulty": "faulty_engine:open_engine", "tone": "voiceguide.engines.tone:open_engine"}
    with Cast(Cache(tmp_path), engines=engines) as found:
        for language, voice in (("it", "carla"), ("fr", None), ("en-GB", "faulty:bert"), ("de", "tone")):
            assert usual_voice(voices, language, found) == voice
        with pytest.raises(SpeechError, match="there is no voice called 'carlo'"):
            usual_voice({"*": "carlo"}, "de", found)


def test_a_script_is_taken_in_the_language_one_likes_unless_another_is_asked_for(here: Path) -> None:
    for path, text in (("scripts/hello.md", BARE), ("scripts/de/hello.md", GERMAN)):
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")
    settle('voice = "tone"\nlanguage = "de"\n')
    assert heard("hello") == ["Hier ist nichts zu wählen."]
    assert heard("hello", "--language", "en") == ["Nothing to choose here."]


def test_recordings_go_where_the_settings_say_and_are_called_by_their_preset(here: Path) -> None:
    settle(
        'output = "recordings"\nformat = "flac"\n[presets.p]\nscript = "short.md"\nminutes = 1\n[presets.any]\nrate=90'
    )
    settings = read_settings()
    script = here / "short.md"

    def out(preset: str | None = None, **asked: Unpack[Wishes]) -> str:
        chosen = None if preset is None else settings.preset(preset)
        return str(output_path(Job.from_settings(settings, script, chosen, **asked)))

    assert out() == "recordings/short.flac"
    assert out("p") == "recordings/p.flac"
    assert out("p", target=Ms(90_000)) == "recordings/p-1m30s.flac"
    assert out("p", proof=True, format="wav") == "recordings/p-proof.wav"
    assert out("any") == "recordings/short.flac"
    assert out("p", out=Path("own.mp3")) == "own.mp3"
    assert str(output_path(Job(script=script))) == "output/short.mp3"


def test_a_changed_lexicon_speaks_only_the_lines_it_changes(here: Path) -> None:
    script = here / "words.md"
    script.write_text("---\ntitle: Words\nvoice: tone\n---\nCome to the waist.\nBreathe.\n", encoding="utf-8")
    lexicon = settings_path().with_name("lexicon.toml")
    assert plan(Job.from_settings(read_settings(), script)).spoken.new == 2
    lexicon.parent.mkdir(parents=True, exist_ok=True)
    lexicon.write_text('[waist]\nen = "wayst"\n', encoding="utf-8")
    spoken = plan(Job.from_settings(read_settings(), script)).spoken
    assert (spoken.new, spoken.cached) == (1, 1)
    lexicon.write_text("[waist]\nen = 3\n", encoding="utf-8")
    result = run("say", "Hello.", "--voice", "tone")
    assert f"the lexicon '{lexicon}' does not say how 'waist' is said" in result.stderr


# --- commands -----------------------------------------------------------------------------------------------------


def test_settings_says_where_the_file_is_and_what_holds() -> None:
    text = run("settings").stdout
    assert text.startswith(f"{settings_path()} (not there yet")
    assert re.search(r"^  air +on +a breath of air", text, re.MULTILINE)
    assert run("settings", "set", "bell", "tingsha").exit_code == 0
    assert run("settings", "set", "bell-level", "-6dB").exit_code == 0
    text = run("settings").stdout
    assert re.search(r"^  bell +tingsha +the file +which chime rings$", text, re.MULTILINE)
    found = json.loads(run("settings", "--json").stdout)
    assert found["settings"]["bell_level"] == {
        "value": "-6dB", "from": "file", "meaning": "how much louder or softer chimes ring",
    }  # fmt: skip
    assert found["settings"]["rate"]["from"] == "default"
    assert "bell is not set any more" in run("settings", "unset", "bell").stdout
    assert "'bell' is not set" in run("settings", "unset", "bell").stderr


def test_edit_opens_the_file_and_tells_what_is_wrong_in_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho "rate = 5" > "$1"\n', encoding="utf-8")
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    result = run("settings", "edit")
    assert result.exit_code == 1
    assert "the rate can't be 5" in result.stderr


def test_a_preset_is_kept_from_a_command_line_and_used_by_its_name(here: Path) -> None:
    asked = ("--minutes", "1", "--bell", "gong", "-p", "name=Ana", "--voice", "tone", "--air", "off")
    first = shown("short.md", *asked, "--save-preset", "at-home")
    again = shown("--preset", "at-home")
    for key in ("name", "parameters", "milliseconds", "chapters"):
        assert again[key] == first[key]
    assert "at-home  " in run("settings").stdout
    longer = run("show", "--preset", "at-home", "short.md", "--length", "1:30", "--save-preset", "longer")
    assert longer.stderr == "kept as a preset: voiceguide render --preset longer\n"
    longer_wishes = read_settings().preset("longer").wishes
    assert longer_wishes["values"] == {"bell": "gong", "name": "Ana"}
    assert longer_wishes["target"] == 90_000
    assert read_settings().preset("longer").script == str(here / "short.md")


def test_a_shipped_script_is_kept_by_its_name(here: Path) -> None:
    (here / "scripts").mkdir()
    (here / "scripts" / "own.md").touch()
    assert shipped.lasting_name(shipped.find_script("evening")) == "evening"
    assert shipped.lasting_name(shipped.find_script("own")) == str(here / "scripts" / "own.md")


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        (["show"], 2, "Missing argument 'SCRIPT'"),
        (["show", "--preset", "any"], 2, "Missing argument 'SCRIPT'"),
        (["show", "--preset", "p", "bare.md"], 2, "the preset 'p' is one of 'short.md': leave SCRIPT out"),
        (["show", "--preset", "o"], 1, "there is no preset called 'o'"),
        (["render", "short.md", "--save-preset", "p"], 1, "there is a preset called 'p' already"),
        (["render", "short.md", "--save-preset", "a/b"], 1, "a preset can't be called 'a/b'"),
    ],
)
def test_a_preset_that_does_not_fit_is_refused_before_anything_is_spoken(
    here: Path, arguments: list[str], status: int, complaint: str
) -> None:
    settle('voice = "tone"\n[presets.p]\nscript = "short.md"\n[presets.any]\nrate = 90\n')
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (status, "")
    assert complaint in result.stderr
    assert not (here / "output").exists()


def test_presets_are_completed_even_if_the_settings_are_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_VOICEGUIDE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "voiceguide render --preset a")
    monkeypatch.setenv("COMP_CWORD", "3")

    def completed() -> str:
        return CliRunner().invoke(main, [], prog_name="voiceguide").stdout

    settle("[presets.at-home]\nrate = 90\n[presets.other]\n")
    assert completed().strip() == "plain,at-home"
    settle("rate = x\n")
    assert completed().strip() == ""
