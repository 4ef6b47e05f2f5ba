"""The points: a table that is checked, names that mean one point or none, and visits that suit the position."""

import copy
import json
import logging
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, overload

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from voiceguide.cli import main
from voiceguide.cues import Cue, Mark, Say, Silence, Slot, opened, read_cues
from voiceguide.durations import Duration, Ms
from voiceguide.errors import ScriptError
from voiceguide.points import Point, are_codes, plan_round, resolve, spellings, table, whole_table
from voiceguide.points.entries import in_words, read_table
from voiceguide.script import Known, Source, expand, read_script
from voiceguide.shipped import folder

KNOWN = Known(chimes={"bowl"}, voices={"tone"})
TREE = tomllib.loads((Path(__file__).parent.parent / "voiceguide/points/points.toml").read_text(encoding="utf-8"))
POINTS = list(table().values())
LANGUAGES = whole_table().languages
POSITIONS = whole_table().positions
ON_THE_MAT, SITTING = "on the mat", "sitting, without the mat"


def visitable(position: str) -> list[Point]:
    return [point for point in POINTS if point.mode(POSITIONS[position])]


# --- the table ----------------------------------------------------------------------------------------------------


def test_all_points_are_there_and_complete() -> None:
    assert len(POINTS) == 37
    assert {point.code for point in POINTS if not point.modes} == {"BL67"}
    assert all(point.area and point.place and point.sources for point in POINTS)


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.code)
def test_what_is_said_of_a_point_can_be_spoken(point: Point) -> None:
    hands = (text for mode in point.modes for text in (mode.both, mode.left, mode.right, mode.done))
    for text in filter(None, (point.place, point.warning, *hands)):
        assert re.fullmatch(r"[A-Z].*\.", text)
        assert all(len(sentence) <= 140 for sentence in text.split(". "))
        assert not re.search(r"\d|\bcun\b|[\[\]#*\\{}]|\b[A-Z]{2}\b", text)
        assert not re.search(r"\b(treat|heal|cure|relie|pain|energy|toxin|look|see|tap|click)", text)
    assert re.fullmatch(r"[a-z ]+", point.say_as)


def test_hands_do_not_press_on_the_mat() -> None:
    for mode in (mode for point in POINTS for mode in point.modes if mode.position == "mat"):
        assert mode.touch in {"attend", "light", "still"}
        hands = " ".join(filter(None, (mode.both, mode.left, mode.right)))
        assert not re.search(r"\b(press|rub|squeeze|thumb|knee|foot|waist)", hands)


def test_what_lies_on_the_mat_has_only_attention() -> None:
    back = {"lower back", "mid back", "neck", "shoulder blade", "sacrum"}
    for point in visitable("mat"):
        mode = point.mode(POSITIONS["mat"])
        assert mode is not None
        assert (mode.touch == "attend") == (point.region in back), point.code


def test_pregnancy_is_marked_where_tradition_warns() -> None:
    avoided = {point.code for point in POINTS if point.pregnancy == "avoid"}
    assert avoided == {"LI4", "SP6", "GB21", "BL32", "BL60", "BL67", "CV6"}


def test_in_a_language_without_words_a_point_keeps_its_facts() -> None:
    point = table("sv")["BL23"]
    assert (point.code, point.pinyin, point.seconds) == ("BL23", "Shènshū", 90)
    assert (point.place, point.area, point.modes[1].both) == (None, None, None)


def changed(path: str, value: object) -> dict[str, Any]:
    """Give the table with one entry changed; None takes it out."""
    tree = copy.deepcopy(TREE)
    *sections, key = path.split("/")
    inner = tree
    for section in sections:
        inner = inner[section]
    inner[key] = value
    if value is None:
        del inner[key]
    return tree


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("BL23/pinyin", None, "[BL23] in points.toml: 'pinyin' is missing"),
        ("BL23/pinyin", " Shenshu", "[BL23] in points.toml: 'pinyin' is a text, without spaces around it"),
        ("BL23/sides", 3, "[BL23] in points.toml: 'sides' can't be '3': there are 1, 2"),
        ("BL23/sides", 1.5, "[BL23] in points.toml: 'sides' is a whole number"),
        ("BL23/seconds", 200, "[BL23] in points.toml: 200 seconds are not from 60 to 180"),
        ("BL23/range", [60], "[BL23] in points.toml: 'range' is the least and the most seconds, as in [30, 120]"),
        ("BL23/range", None, "[BL23] in points.toml: 'seconds' and 'range' stand together"),
        ("BL23/pregnancy", "maybe", "[BL23] in points.toml: 'pregnancy' can't be 'maybe': there are avoid"),
        ("BL23/plase", {"en": "Here."}, "[BL23] in points.toml: there is no key called 'plase'"),
        ("BL23/place", "Here.", "[BL23] in points.toml: 'place' is written by language, as in place.en"),
        ("BL23/place/it", "Qui.", "[BL23] in points.toml: 'area' and 'place' are not both there in 'it'"),
        ("BL23/names", "Kidney Shu", "[BL23] in points.toml: 'names' is a list of texts"),
        ("BL23/sources", ["A blog"], "[BL23] in points.toml: there is no source called 'A blog'"),
        ("BL23/modes", [], "[BL23] in points.toml: 'modes' has sections under it"),
        ("BL23/modes/bath", {"touch": "light"}, "[BL23.modes.bath] in points.toml: there is no position called"),
        ("BL23/modes/mat/touch", "circle", "[BL23.modes.mat] in points.toml: 'touch' can't be 'circle'"),
        ("BL23/modes/sitting/touch", "poke", "[BL23.modes.sitting] in points.toml: 'touch' can't be 'poke'"),
        ("BL23/modes/sitting/both", None, "[BL23.modes.sitting] in points.toml: of 'both', 'left' and 'right' it"),
        ("GV4/modes/sitting/left", {"en": "L."}, "[GV4.modes.sitting] in points.toml: of 'both', 'left' and 'right'"),
        ("XX1", {}, "[XX1] in points.toml: this is no code of the WHO"),
        ("BL23", "Shenshu", "[BL23] in points.toml: this is a section, with keys under it"),
        ("positions", None, "[positions] in points.toml: this is a section, with keys under it"),
        ("meridians/SP/en", ["B"], "[meridians.SP] in points.toml: 'b' means BL too in 'en'"),
        ("meridians/BL/older", {"x": "BL40"}, "[meridians.BL] in points.toml: 'older' has codes by number"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_told_by_its_name(path: str, value: object, problem: str) -> None:
    with pytest.raises(ScriptError, match=re.escape(problem)) as caught:
        read_table(changed(path, value), "en")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        ({"BL99": {"area": "Da."}}, "[BL99] in points.de.toml: there is no such section in points.toml"),
        ({"BL23": {"modes": {"bath": {}}}}, "[BL23.modes.bath] in points.de.toml: there is no such section"),
        ({"BL23": {"sides": 1}}, "[BL23] in points.de.toml: 'sides' is no text of a point: there are area, both, done"),
        ({"BL23": {"place": "Da."}}, "[BL23] in points.toml: 'area' and 'place' are not both there in 'de'"),
        ({"BL23": {"place": 1}}, "[BL23] in points.toml: 'place' is a text"),
        ({"GV4": {"warning": "Nein."}}, "[GV4] in points.toml: 'warning' and 'place' are not both there in 'de'"),
    ],
)
def test_a_wrong_text_of_another_language_is_told_by_its_name(texts: dict[str, object], problem: str) -> None:
    with pytest.raises(ScriptError, match=re.escape(problem)):
        read_table(in_words(TREE, texts, "de"), "de")


def test_a_point_is_given_the_same_time_in_every_language() -> None:
    english, german = (plan_round([table(one)[code] for code in ("BL23", "BL40")], "sitting") for one in ("en", "de"))
    assert english.visits[0].stays[0].how != german.visits[0].stays[0].how
    assert [visit.said for visit in english.visits] == [visit.said for visit in german.visits]


def test_a_point_nobody_has_written_in_a_language_is_refused_by_name() -> None:
    with pytest.raises(ScriptError, match=r"nobody has written the words for LI4 \(Hégǔ\) in this language"):
        plan_round([table("de")["LI4"]], "sitting")


# --- what people write --------------------------------------------------------------------------------------------


def everywhere() -> Iterator[tuple[Point, str, str | None]]:
    """Every way to write each point that means it alone, and the language it is in."""
    codes = {name: code for code, name in LANGUAGES.items()}
    for point in POINTS:
        for language, names in spellings(point).items():
            for name in names:
                if name != "Sea of Vitality":
                    yield point, name, codes.get(language)
        for name in (point.pinyin, point.hanzi):
            yield point, name, None


def test_every_way_to_write_a_point_means_it_in_its_language() -> None:
    for point, written, language in everywhere():
        assert resolve(written, language).code == point.code, (written, language)
        for other in LANGUAGES if language is None else ():
            assert resolve(written, other).code == point.code, (written, other)


@given(st.sampled_from(list(everywhere())), st.data())
def test_case_width_spaces_hyphens_and_zeros_make_no_difference(
    way: tuple[Point, str, str | None], data: st.DataObject
) -> None:
    point, written, language = way
    code = re.fullmatch(r"(.*?[^\W\d])[ -]?(\d+)", written)
    if code and written not in point.names:
        zeros = "0" * data.draw(st.integers(0, 2))
        written = data.draw(st.sampled_from([f"{code[1]}{zeros}{code[2]}", f"{zeros}{code[2]} {code[1]}"]))
    written = data.draw(st.sampled_from([written, written.upper(), written.lower(), wide(written)]))
    written = data.draw(st.sampled_from([written, written.replace(" ", ""), written.replace(" ", "-"), f" {written} "]))
    assert resolve(written, language).code == point.code


def wide(text: str) -> str:
    """Write ASCII in the full width of Chinese type."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


@pytest.mark.parametrize("written", ["Shenshu", "shen shu", "Shen-Shu", "SHÈNSHŪ", "She\u0300nshu\u0304", "腎兪"])
def test_a_name_is_found_with_and_without_its_tones(written: str) -> None:
    assert resolve(written, None).code == "BL23"


@pytest.mark.parametrize(
    ("written", "language", "code"),
    [
        ("B 6", "es", "SP6"), ("B 10", "en", "BL10"), ("B 10", "pt-BR", "BL10"), ("IG 3", "fr", "SI3"),
        ("IG 4", "es", "LI4"), ("P 7", "it", "LU7"), ("P 6", "en", "PC6"), ("S 36", "it", "ST36"), ("H 3", "es", "LR3"),
        ("H 7", "en", "HT7"), ("C 7", "fr", "HT7"), ("Dü 3", "de", "SI3"), ("Du 3", "de", "GV3"),
        ("DUE 3", "de", "SI3"), ("10 V", "it", "BL10"), ("36 E", "fr", "ST36"), ("Mi 6", "de", "SP6"),
        ("GV24.5", None, "EX-HN3"), ("GV 24+", None, "EX-HN3"), ("M-HN-3", None, "EX-HN3"), ("ex hn03", None, "EX-HN3"),
        ("UB-23", "sv", "BL23"), ("Kidney 1", "en", "KI1"),
    ],
)  # fmt: skip
def test_letters_are_read_in_their_language(written: str, language: str | None, code: str) -> None:
    assert resolve(written, language).code == code


@pytest.mark.parametrize(
    ("written", "language", "message", "hint"),
    [
        ("B 23", "es", "'B 23' is SP23, which is not among the points here", "it is BL23 (Shènshū) in English"),
        ("IG 3", "es", "'IG 3' is LI3, which is not among the points here", "it is SI3 (Hòuxī) in French: write its"),
        ("11 V", "it", "'11 V' is BL11, which is not among the points here", "of its line there are BL10, BL17, BL23"),
        ("B 47", "en", "'B 47' is BL47, which is not among the points here", "older books write it for BL52 (Zhìshì)"),
        ("BL47", None, "there is no point called 'BL47'", "older books write it for BL52 (Zhìshì)"),
        ("V 23", "en", "'V 23' is no point in English", "it is BL23 (Shènshū) in Italian, French and"),
        ("V 23", "sv", "'V 23' is no point in 'sv'", "it is BL23 (Shènshū) in Italian, French and"),
        ("B 6", None, "'B 6' is a point only in a language", "Portuguese and German; it is SP6 (Sānyīnjiāo) in"),
        ("IG 3", None, "'IG 3' is a point only in a language", "in French; it is LI3, which is not here, in Spanish"),
        ("TE 5", "en", "there is no point called 'TE 5'", "of its line there is none"),
        ("Sea of Vitality", "en", "'Sea of Vitality' is what several points are called", "or BL52 (Zhìshì)"),
        ("Shenshoo", "en", "there is no point called 'Shenshoo'", "did you mean 'Shenshu'?"),
        ("XQ 3", "en", "there is no point called 'XQ 3'", "there are BL10"),
        ("", "en", "there is no point called ''", "there are"),
        ("BL 2 3 4", "en", "there is no point called 'BL 2 3 4'", ""),
    ],
)  # fmt: skip
def test_what_may_be_another_is_refused_with_what_it_may_be(
    written: str, language: str | None, message: str, hint: str
) -> None:
    with pytest.raises(ScriptError) as caught:
        resolve(written, language)
    assert caught.value.message == message
    assert hint in (caught.value.hint or "")


MERIDIANS = whole_table().meridians.values()
LETTERS = sorted({letters for meridian in MERIDIANS for several in meridian.letters.values() for letters in several})


@given(st.sampled_from(LETTERS), st.integers(1, 99), st.sampled_from([None, *LANGUAGES]))
def test_letters_and_a_number_mean_exactly_that_point_or_are_refused(
    letters: str, number: int, language: str | None
) -> None:
    try:
        found = resolve(f"{letters} {number}", language)
    except ScriptError:
        return
    theirs = {meridian.code: (*meridian.letters["any"], *meridian.letters.get(language or "any", ()))
              for meridian in MERIDIANS}  # fmt: skip
    owners = [code for code, several in theirs.items() if letters.upper() in map(str.upper, several)]
    assert found.code in {f"{owner}{number}" for owner in owners} or (letters, number) == ("GV", 29)


def test_letters_that_differ_by_language_are_refused_without_one() -> None:
    for letters in LETTERS:
        owners = {(meridian.code, language) for meridian in MERIDIANS
                  for language, several in meridian.letters.items() if letters in several}  # fmt: skip
        if len({code for code, _ in owners}) > 1:
            assert "any" not in {language for _, language in owners}
            with pytest.raises(ScriptError, match="only in a language"):
                resolve(f"{letters} 6", None)


def test_a_number_that_older_books_give_to_another_point_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="voiceguide"):
        for written in ("BL54", "B 23", "B 40"):
            resolve(written, "en")
        assert not caplog.text
        for written in ("B 54", "UB-54", "Bladder 54"):
            assert resolve(written, "en").code == "BL54"
            assert f"'{written}' is taken for BL54 (Zhìbiān); older books write it for BL40 (Wěizhōng)" in caplog.text


def test_only_codes_of_the_table_make_a_list_of_points() -> None:
    assert are_codes(["BL23", "EX-HN3"])
    assert not are_codes(["BL23", "left"])
    assert not are_codes(["BL99"])
    assert not are_codes(["B 23"])


# --- parameters ---------------------------------------------------------------------------------------------------


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "visit.md"


def session(script: Path, body: str, /, front: str = "", **values: str) -> tuple[Cue, ...]:
    script.write_text(f"---\ntitle: T\n{front}---\n{body}\n", encoding="utf-8")
    return read_cues(expand(read_script(script, KNOWN), values, None, KNOWN), KNOWN)


def said(cues: tuple[Cue, ...]) -> list[str]:
    return [cue.utterance.text for cue in cues if isinstance(cue, Say)]


def titles(cues: tuple[Cue, ...]) -> list[str]:
    return [cue.title for cue in cues if isinstance(cue, Mark)]


def rests(cues: tuple[Cue, ...]) -> list[Silence]:
    return [cue for cue in cues if isinstance(cue, Silence) and cue.kind == "rest"]


def test_a_parameter_of_points_takes_them_as_people_write_them(script: Path) -> None:
    front = "language: it\nparams: {points: {type: points, default: [V 23, Ming Men]}}\n"
    listed = '{{ points | join(" e ") }}'
    assert said(session(script, listed, front)) == ["BL23 e GV4"]
    assert said(session(script, listed, front, points="25 v, P7, Yìntáng")) == ["BL25 e LU7 e EX-HN3"]
    assert said(session(script, f"Niente {listed}", front, points="")) == ["Niente"]


def test_a_list_of_codes_is_a_parameter_of_points_to_choose_from(script: Path) -> None:
    front = "params: {points: [BL23, GV4]}\n"
    assert said(session(script, '{{ points | join(" and ") }}', front, points="GV 04, b23")) == ["GV4 and BL23"]
    with pytest.raises(ScriptError, match="'points' can't be 'KI3': KI3 is not among its points") as caught:
        session(script, "Rest.", front, points="KI3")
    assert caught.value.hint == "there are BL23, GV4"


@pytest.mark.parametrize(
    ("declared", "message", "underlined"),
    [
        ("{type: points, default: BL99}", "'points' can't be 'BL99': there is no point called 'BL99'", "BL99"),
        ("{type: points, choices: [BL23, V 23]}", "'V 23' is no point in English", "V 23"),
    ],
)
def test_a_wrong_point_in_a_declaration_is_underlined(
    script: Path, declared: str, message: str, underlined: str
) -> None:
    with pytest.raises(ScriptError) as caught:
        session(script, "Rest.", f"params: {{points: {declared}}}\n")
    assert caught.value.message == message
    assert caught.value.at is not None
    assert caught.value.at.source[caught.value.at.column - 1 :].startswith(underlined)


# --- visits -------------------------------------------------------------------------------------------------------


@overload
def duration(seconds: int) -> Duration: ...
@overload
def duration(seconds: int | None) -> Duration | None: ...
def duration(seconds: int | None) -> Duration | None:
    return None if seconds is None else Duration(Ms(seconds * 1000))


@st.composite
def choices(draw: st.DrawFn) -> tuple[str, list[Point]]:
    """A position, and points that can be visited in it."""
    name = draw(st.sampled_from(["mat", "sitting", "balls"]))
    some = st.lists(st.sampled_from(visitable(name)), min_size=1, max_size=8, unique_by=lambda point: point.code)
    return name, draw(some)


@given(choices(), st.none() | st.integers(1, 400), st.none() | st.integers(1, 1500))
def test_visits_stay_within_what_points_allow_and_the_time_there_is(
    choice: tuple[str, list[Point]], each: int | None, within: int | None
) -> None:
    here, points = POSITIONS[choice[0]], choice[1]
    made = plan_round(points, here.title, each=duration(each), within=duration(within))
    assert [visit.point for visit in made.visits] + list(made.another_day) == points
    assert made.visits
    assert len(made.visits) == 1 or within is None or made.time.seconds <= within
    for visit in made.visits:
        mode = visit.point.mode(here)
        assert mode is not None
        assert visit.least <= visit.time <= visit.most <= duration(mode.most)
        assert visit.time >= duration(min(mode.least, 30))
        wished = duration(min(max(each, mode.least), mode.most) if each else mode.seconds)
        assert visit.time == wished if within is None else visit.time <= wished
        assert within is not None or visit.least == (wished if each else duration(mode.least))


def test_the_buttock_is_never_visited_longer_than_90_seconds() -> None:
    for position in ("lying on the side", "lying on soft balls", "sitting"):
        (visit,) = plan_round([table()["GB30"]], position, each=duration(180)).visits
        assert visit.time == visit.most == duration(90)


def blocks(script: Path, points: str, position: str, more: str = "", front: str = "", **values: str) -> tuple[Cue, ...]:
    return session(
        script, f'Hello.\n{{{{ every_point("{points}"{more}) }}}}', f"position: {position}\n{front}", **values
    )


def test_on_the_mat_a_point_of_the_back_has_attention_side_by_side(script: Path) -> None:
    cues = blocks(script, "BL23", ON_THE_MAT)
    assert titles(cues) == ["Shènshū"]
    assert said(cues)[1:] == [
        "At the waist, just above the tops of the hip bones, on the band of muscle two fingers away from the spine.",
        "There is one on each side.",
        "In Chinese tradition this point is called Shènshū.",
        "Rest your attention on the left side.",
        "There is nothing to do here but notice.",
        "And on the right side.",
    ]
    assert [(rest.least, rest.natural, rest.most) for rest in rests(cues)] == [(10_000, 20_000, 30_000)] * 2


def test_sitting_a_point_is_pressed_with_both_hands_at_once(script: Path) -> None:
    cues = blocks(script, "BL23", SITTING, ", 1.5")
    assert said(cues)[4:] == [
        "Put your hands on your waist, with the fingers to the front.",
        "Your thumbs reach back to the muscle on either side.",
        "Press in gently, until the touch is clear and still pleasant.",
        "Then draw small, slow circles.",
        "I will be quiet now, and only tell you when you are halfway.",
        "You are halfway.",
        "You might circle the other way now.",
        "And slowly let go.",
    ]
    assert [(rest.least, rest.natural, rest.most) for rest in rests(cues)] == [(45_000, 45_000, 67_500)] * 2


def test_each_side_has_the_whole_time(script: Path) -> None:
    for points, sides in (("KI3", 2), ("GV4", 1), ("BL25", 1)):
        assert sum(rest.natural for rest in rests(blocks(script, points, SITTING, ", 1.25"))) == sides * 75_000


@pytest.mark.parametrize(("seconds", "halves"), [(45, 1), (59, 1), (60, 2), (90, 2)])
def test_halfway_is_told_only_from_a_minute_on(script: Path, seconds: int, halves: int) -> None:
    cues = blocks(script, "GV4", SITTING, ", each", f"params: {{each: {seconds}s}}\n")
    assert len(rests(cues)) == halves
    assert ("You are halfway." in said(cues)) == (halves == 2)


def test_without_a_time_it_is_what_is_usual_at_each_point(script: Path) -> None:
    cues = blocks(script, "GB30, EX-UE7", SITTING)
    assert [rest.natural for rest in rests(cues)] == [45_000] * 4
    assert [rest.least for rest in rests(cues)] == [20_000, 20_000, 30_000, 30_000]


def test_a_second_round_has_fewer_words_and_no_chapters(script: Path) -> None:
    first, second = (blocks(script, "BL23, BL40", SITTING, more) for more in ("", ", again=true"))
    assert titles(second) == []
    assert [rest.natural for rest in rests(first)] == [rest.natural for rest in rests(second)]
    assert sum(map(len, said(second))) < 0.6 * sum(map(len, said(first)))
    assert "Once more, let your hands find the muscles at your waist." in said(second)


UNKNOWN_POSITION = "how points are visited depends on the position, and 'afloat' is none that is known"


@pytest.mark.parametrize(
    ("points", "position", "message", "hint"),
    [
        ("BL23, BL40, KI3", ON_THE_MAT, "BL40 (Wěizhōng), KI3 (Tàixī) can't be visited on the mat", "BL40 can be"),
        ("BL17", SITTING, "BL17 (Géshū) can't be visited sitting", "sitting, hands do not reach it; BL17 can be"),
        ("BL67", SITTING, "BL67 (Zhìyīn) can't be visited sitting", "no session visits BL67"),
        ("BL23", "afloat", UNKNOWN_POSITION, "begin it with one of 'on the mat', 'sitting'"),
        ("BL23, V 4", SITTING, "'V 4' is no point in English", "in Italian, French and Spanish"),
    ],
)  # fmt: skip
def test_a_point_that_can_t_be_visited_so_is_refused_with_the_reason(
    script: Path, points: str, position: str, message: str, hint: str
) -> None:
    with pytest.raises(ScriptError) as caught:
        blocks(script, points, position)
    assert caught.value.message == message
    assert hint in (caught.value.hint or "")
    assert caught.value.at is not None
    assert caught.value.at.source.startswith("{{ every_point(")


@pytest.mark.parametrize(
    ("position", "points"),
    [
        ("on the mat, then standing", "GV4"), ("sitting, then standing on the mat", "KI3"), ("On a chair", "KI3"),
        ("sitting, feet on the mat", "KI1"), ("lying with a neck pillow", "GB21, GB20"), ("mat", "GV4"),
    ],
)  # fmt: skip
def test_a_position_is_known_by_its_first_words(script: Path, position: str, points: str) -> None:
    assert len(titles(blocks(script, points, position))) == len(points.split(","))


def test_a_template_can_name_another_position(script: Path) -> None:
    assert "Rest your attention there." in said(blocks(script, "GV4", SITTING, ', position="on the mat"'))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("4", "these are no points"),
        ('["GV4"], "long"', "'each' is a time"),
        ('["GV4"], 1, 2, 3', "'every_point' can't be used so"),
    ],
)
def test_a_call_that_makes_no_sense_is_explained(script: Path, arguments: str, message: str) -> None:
    with pytest.raises(ScriptError, match=message) as caught:
        session(script, f"{{{{ every_point({arguments}) }}}}", "position: sitting\n")
    assert caught.value.hint


# --- care ---------------------------------------------------------------------------------------------------------


def test_in_pregnancy_points_are_left_out_and_it_is_said(script: Path) -> None:
    front = "params: {pregnant: no}\n"
    usual, pregnant = (blocks(script, "SP6, KI3, BL60", SITTING, "", front, pregnant=one) for one in ("no", "yes"))
    assert titles(usual) == ["Sānyīnjiāo", "Tàixī", "Kūnlún"]
    assert titles(pregnant) == ["Tàixī"]
    assert said(pregnant)[1:3] == ["In pregnancy, tradition leaves out Sānyīnjiāo and Kūnlún.", "So do we."]
    with pytest.raises(ScriptError, match=r"SP6 .* traditionally stays out in pregnancy"):
        blocks(script, "SP6", SITTING, "", front, pregnant="yes")


def test_points_there_is_no_time_for_are_left_for_another_day(script: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="voiceguide"):
        cues = blocks(script, "BL23, GV4, BL25, KI3", SITTING, ", 1, 4")
    assert titles(cues) == ["Shènshū", "Mìngmén"]
    assert said(cues)[1] == "Today there is time for the first 2 of your points."
    assert "there is no time for BL25, KI3" in caplog.text


def test_where_there_is_no_time_at_all_one_point_is_visited_shortly(script: Path) -> None:
    cues = blocks(script, "BL23, GV4", SITTING, ", 2, minutes - 30", "minutes: 10\n")
    assert titles(cues) == ["Shènshū"]
    assert [rest.natural for rest in rests(cues)] == [30_000]


def test_no_time_on_each_side_means_what_is_usual(script: Path) -> None:
    assert [rest.natural for rest in rests(blocks(script, "EX-UE7", SITTING, ", 0"))] == [45_000, 45_000]


def test_warnings_never_vary_and_stay_at_full_level(script: Path) -> None:
    for position, points in (("sitting", visitable("sitting")), ("mat", visitable("mat"))):
        warnings = [point.warning for point in points if point.warning]
        cues = blocks(script, ", ".join(point.code for point in points), position)
        assert [cue.utterance.text for cue in cues if isinstance(cue, Say) and cue.safety] == warnings


CLAIMS = (
    r"treat|heal|cur(e|es|ed|ing)\b|reliev|relief|detox|circulation|endorphin|energy|block|\bqi\b|pain|therap|toxin"
)
SCREEN = r"\b(look\w*|see|watch\w*|tap|click\w*|screen|button)\b|\d|\b[A-Z]{2}\b"


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("again", ["", ", again=true"], ids=["first", "again"])
def test_no_position_has_words_of_the_screen_or_claims(script: Path, position: str, again: str) -> None:
    spoken = said(blocks(script, ", ".join(point.code for point in visitable(position)), position, again))[1:]
    assert len(spoken) >= 3
    for text in spoken:
        assert not re.search(CLAIMS, text, re.IGNORECASE), text
        assert not re.search(SCREEN, text), text
        assert position != "mat" or not re.search(r"\b(press|rub|squeeze|your thumb|thumbs)", text), text


@pytest.mark.parametrize("position", POSITIONS)
def test_a_silence_over_half_a_minute_is_announced(script: Path, position: str) -> None:
    heard = [cue for cue in blocks(script, ", ".join(point.code for point in visitable(position)), position)
             if isinstance(cue, Say) or (isinstance(cue, Silence) and cue.kind == "rest")]  # fmt: skip
    for index, cue in enumerate(heard):
        if isinstance(cue, Silence) and cue.most > 30_000:
            before = [one.utterance.text for one in heard[:index] if isinstance(one, Say)][-3:]
            assert re.search("quiet", " ".join(before)), before


def test_eight_points_in_a_row_are_not_eight_times_the_same(script: Path) -> None:
    for position, points in (
        (SITTING, "BL23, BL25, KI3, BL57, LR3, BL62, LI4, PC8"),
        (ON_THE_MAT, "BL17, BL23, GV4, BL52, BL25, GV3, SI11, BL32"),
    ):
        cues = blocks(script, points, position)
        spoken = said(cues)
        counts = Counter(text for text in spoken if text not in {point.warning for point in POINTS})
        assert max(counts.values()) <= 4, counts.most_common(3)
        assert all(first != second for first, second in pairwise(spoken))


# --- the session by hand ------------------------------------------------------------------------------------------

ALL_SEVEN = "BL23,GV4,BL25,BL52,BL40,BL57,KI3"


@cache
def by_hand(minutes: int, points: str, each: str) -> tuple[Cue, ...]:
    values = {"points": points, "each": each}
    return read_cues(expand(_source(), values, Ms(minutes * 60_000), KNOWN), KNOWN)


@cache
def _source() -> Source:
    return read_script(folder("scripts") / "lower-back-points.md", KNOWN)


def reach_ms(cues: tuple[Cue, ...], words_a_minute: float) -> tuple[float, float]:
    """Reckon the shortest and the longest length, with five seconds for each of two chimes."""
    spoken_ms = sum(len(text.split()) for text in said(tuple(opened(cues)))) * 60_000 / words_a_minute + 2 * 5000
    held = [cue for cue in cues if isinstance(cue, Silence | Slot)]
    return spoken_ms + sum(cue.least for cue in held), spoken_ms + sum(cue.most for cue in held)


@pytest.mark.parametrize(
    ("points", "each"), [("BL23,GV4", "60s"), (ALL_SEVEN, "30s"), (ALL_SEVEN, "60s"), (ALL_SEVEN, "3m")]
)
@pytest.mark.parametrize("minutes", [8, 10, 12, 15, 18, 20])
def test_the_session_by_hand_fits_any_length_with_any_points(minutes: int, points: str, each: str) -> None:
    for words_a_minute in (95, 115, 135):
        least, most = reach_ms(by_hand(minutes, points, each), words_a_minute)
        assert least <= minutes * 60_000 <= most, words_a_minute


def test_the_session_by_hand_visits_as_many_of_seven_points_as_there_is_time_for() -> None:
    names = [table()[code].pinyin for code in ALL_SEVEN.split(",")]
    for minutes, count in ((8, 2), (10, 3), (15, 5), (20, 7)):
        assert [one for one in titles(by_hand(minutes, ALL_SEVEN, "60s")) if one in names] == names[:count]


# --- the command --------------------------------------------------------------------------------------------------


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["points", *arguments], catch_exceptions=False)


def test_the_command_lists_every_point() -> None:
    head, *rows = run().output.splitlines()
    assert re.split(r"\s{2,}", head) == ["CODE", "NAME", "WHERE", "SECONDS A SIDE", "VISITED"]
    assert [row.split()[0] for row in rows] == [point.code for point in POINTS]
    cells = ["GV4", "Mìngmén", "the dip of your spine at the waist", "60 (30 to 120)", "on the mat, sitting"]
    assert re.split(r"\s{2,}", rows[1]) == cells


def test_the_command_explains_a_point_with_its_cautions_and_sources() -> None:
    told = re.sub(r"\s+", " ", run("B 40").output)
    for words in (
        'BL40 Wěizhōng 委中 "middle of the bend", said "way jong"',
        "Where Behind the knee, in the soft hollow at the middle of the crease. One on each side.",
        "sitting: a light touch without moving, 60 s (30 to 90) on each side. Lean forward a little",
        "Large vessels and a nerve: light only.",
        "Pregnancy Ask first.",
        "V 40 (Italian, French, Spanish)",
        "Number: older pages call it Bladder 54.",
        "WHO Standard Acupuncture Point Locations",
    ):
        assert words in told


def test_the_command_gives_programs_all_of_it() -> None:
    (point,) = json.loads(run("V23", "--language", "it", "--json").output)
    assert (point["code"], point["seconds"], point["least"], point["most"]) == ("BL23", 90, 60, 180)
    assert [(mode["position"], mode["touch"], mode["at_once"]) for mode in point["modes"]] == [
        ("mat", "attend", False), ("sitting", "circle", True), ("balls", "lean", True)
    ]  # fmt: skip
    assert point["written"]["Italian"] == ["V 23"]
    assert len(json.loads(run("--json").output)) == 37


def test_the_command_refuses_what_may_be_another_point() -> None:
    refused = run("IG3", "--language", "es")
    assert refused.exit_code == 1
    assert "it is SI3 (Hòuxī) in French" in refused.output
