# ruff: noqa: RUF001  -- phonemes and dashes are what this is about
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguide.engines import Reading, Word
from voiceguide.errors import SpeechError
from voiceguide.speech.pronunciation import pronounced, read_lexicon

LEXICON = read_lexicon()


def said(text: str, language: str = "en") -> str:
    parts = pronounced(text, language, LEXICON)
    return Reading(parts=parts, language=language, voice="any", speed=1).text


@pytest.mark.parametrize("code", ["BL23", "BL 23", "BL-23", "Bl 23", "Bl23", "BL023"])
def test_a_points_code_is_spelled_however_it_is_written(code: str) -> None:
    assert said(f"Press {code} now.") == "Press B L 23 now."


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("B 23 and GV 4", "B 23 and G V 4"),
        ("EX-HN3, EX HN3? M-HN-3", "E X H N 3, EX H N 3? M H N 3"),
        ("ST36 is no saint, LI4 no lie", "S T 36 is no saint, L I 4 no lie"),
        ("the L5 vertebra", "the L 5 vertebra"),
        ("At 5 we rest. A 10 minute rest. I 20.", "At 5 we rest. A 10 minute rest. I 20."),
        ("For 3 breaths", "For 3 breaths"),
    ],
)
def test_codes_are_told_from_words(written: str, spoken: str) -> None:
    assert said(written) == spoken


def test_a_date_is_no_code() -> None:
    assert said("Le 3 mai", "fr") == "Le 3 mai"
    assert said("Le 3", "de") == "L E 3"


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("1-2 minutes", "1 to 2 minutes"),
        ("60–90 s", "60 to 90 seconds"),
        ("1.5 - 2 cm", "1.5 to 2 centimetres"),
        ("4-7-8", "4, 7, 8"),
        ("a well-known 2026-11-22", "a well-known 2026, 11, 22"),
        ("5 min", "5 minutes"),
        ("1 min", "1 minute"),
        ("5 min. and on", "5 minutes and on"),
        ("Wait 5 min.", "Wait 5 minutes."),
        ("a 5-min rest", "a 5 minute rest"),
        ("90s", "90 seconds"),
        ("1m30s", "1 minute 30 seconds"),
        ("1h5m", "1 hour 5 minutes"),
        ("20 %", "20 percent"),
        ("37°C, 45°", "37 degrees Celsius, 45 degrees"),
        ("left & right", "left and right"),
    ],
)
def test_figures_and_signs_are_said_in_words(written: str, spoken: str) -> None:
    assert said(written) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("20:00", "8 p.m."),
        ("07:30", "7 30 a.m."),
        ("7:30", "7 30"),
        ("8:00", "8 o'clock"),
        ("13:05", "1 oh 5 p.m."),
        ("12:00 and 0:00", "noon and midnight"),
        ("8:00 pm, 8:15 a.m. or later", "8 p.m., 8 15 a.m. or later"),
        ("We begin at 20:00.", "We begin at 8 p.m."),
        ("25:00 and 1:02:30", "25:00 and 1:02:30"),
    ],
)
def test_a_clock_time_is_a_time_of_day(written: str, spoken: str) -> None:
    assert said(written) == spoken


@pytest.mark.parametrize(
    ("language", "written", "spoken"),
    [
        (
            "de",
            "Um 20:00 Uhr 1-2 Min. lang, 1,5 cm, 20 %",
            "Um 20 Uhr 1 bis 2 Minuten lang, 1,5 Zentimeter, 20 Prozent",
        ),
        ("de-AT", "Um 20:30", "Um 20 Uhr 30"),
        ("it", "Alle 20:30, 1-2 min", "Alle 20 e 30, 1 a 2 minuti"),
        ("fr", "À 20:00, 5 min", "À 20 heures, 5 minutes"),
        ("es", "A las 20:30, 1 min", "A las 20 y 30, un minuto"),
        ("ja", "20:00 に 5 min", "20:00 に 5 min"),
        ("de", "1 Minute und 30 Sekunden, 21 Minuten", "eine Minute und 30 Sekunden, 21 Minuten"),
        ("it", "1 ora e 1 minuto, 11 minuti", "un'ora e un minuto, 11 minuti"),
        ("fr", "1 heure, 21 minutes, 11 minutes", "une heure, vingt et une minutes, 11 minutes"),
        ("es", "21 minutos y 31 segundos, 1,1 minutos", "veintiún minutos y treinta y un segundos, 1,1 minutos"),
    ],
)
def test_each_language_says_them_its_own_way(language: str, written: str, spoken: str) -> None:
    assert said(written, language) == spoken


@pytest.mark.parametrize("name", ["Shenshu", "shenshu", "SHENSHU", "Shènshū", "Shen Shu", "Shen-Shu", "Shènshu\u0304"])
def test_a_name_is_found_in_every_spelling(name: str) -> None:
    (before, word, after) = pronounced(f"the point {name}, there", "en", LEXICON)
    assert (before, after) == ("the point ", ", there")
    assert isinstance(word, Word)
    assert (word.say, word.phonemes) == ("shun shoo", "ʃˌʌnʃˈu")


def test_a_name_inside_another_word_is_left_alone() -> None:
    assert pronounced("qin and liqi", "en", LEXICON) == ("qin and liqi",)


def test_phonemes_are_for_english_alone() -> None:
    (word,) = pronounced("Qi", "de", LEXICON)
    assert word == Word(written="Qi", say="tschi", phonemes=None)


def test_a_language_the_lexicon_does_not_know_keeps_the_word() -> None:
    assert pronounced("qi", "fi", LEXICON) == ("qi",)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("[[slnc 5000]] now", "slnc 5000 now"),
        ('<break time="60s"/>Rest', 'break time="60 seconds"/ Rest'),
        ("[words](/kaj/)", "words, /kaj/"),
        ("the waist (both sides) rests", "the waist, both sides, rests"),
        ("(softly) breathe", "softly, breathe"),
        ("**now** `x` {y} a|b", "now x y a b"),
        ("a\u202eb\u200bc\x00d\ue000e", "abc d e"),
        ("Ruhe ♥", "Ruhe"),
    ],
)
def test_nothing_reaches_an_engine_as_a_command(written: str, spoken: str) -> None:
    assert said(written) == spoken


@given(st.text(), st.sampled_from(["en", "de", "it", "fr", "es", "ja"]))
def test_no_text_holds_markup_or_control_characters(text: str, language: str) -> None:
    parts = pronounced(text, language, LEXICON)
    read = "".join(part if isinstance(part, str) else part.written for part in parts)
    assert not set("[]{}<>|\\`()") & set(read + said(text, language))
    assert read.isprintable()
    read.encode()


def test_a_lexicon_of_ones_own_goes_first(tmp_path: Path) -> None:
    path = tmp_path / "words.toml"
    path.write_text('[qi]\nen = "key"\n\n["Zoë"]\nen = "<Zo>-ee"\nphonemes = "zˈOi"\n', encoding="utf-8")
    lexicon = read_lexicon(path)
    assert pronounced("qi", "en", lexicon) == (Word(written="qi", say="key"),)
    assert pronounced("ZOË", "en", lexicon) == (Word(written="ZOË", say="Zo -ee", phonemes="zˈOi"),)
    assert pronounced("Mingmen", "en", lexicon) == pronounced("Mingmen", "en", LEXICON)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("qi = 1", "does not say how 'qi' is said"),
        ("[qi]", "does not say how 'qi' is said"),
        ("[qi]\nen = 5", "does not say how 'qi' is said"),
        ('[qi]\nphonemes = "x/)(["', "outside misaki's alphabet"),
        ('[""]\nen = "nothing"', "does not say how '' is said"),
        ("[qi", "can't be read"),
    ],
)
def test_a_lexicon_with_a_mistake_is_refused_by_name(tmp_path: Path, written: str, told: str) -> None:
    path = tmp_path / "words.toml"
    path.write_text(written)
    with pytest.raises(SpeechError, match=told) as caught:
        read_lexicon(path)
    assert "words.toml" in caught.value.message
    assert caught.value.hint


def test_a_lexicon_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SpeechError, match="can't be read"):
        read_lexicon(tmp_path / "none.toml")


def test_every_word_is_respelled_for_every_language() -> None:
    for word, entry in LEXICON.items():
        assert set(entry.respelled) == {"en", "de", "it", "fr", "es"}, word
        assert entry.phonemes, word
