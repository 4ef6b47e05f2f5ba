"""The scripts we ship, as a listener meets them: every word and silence of them, at many lengths.

Nothing is spoken here. How long words take is reckoned at the script's words a minute; the chimes at five seconds.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import assert_never

import pytest

from voiceguide.cues import Bed, Chime, Cue, Mark, Say, Silence, Slot, read_cues
from voiceguide.durations import Ms
from voiceguide.points import table
from voiceguide.script import Known, Source, expand, read_script
from voiceguide.shipped import folder

KNOWN = Known(chimes={"bowl", "tingsha", "gong", "bell"}, voices={"tone"})
CHIME_MS = 5000
LONGEST_UNANNOUNCED_MS = 30_000
LONGEST_MS = 180_000

SAFETY = {
    "not a treatment": r"not medical treatment",
    "a doctor": r"ask a doctor first",
    "pregnancy": r"pregnant",
    "blood thinners": r"blood thinners",
    "heart": r"heart trouble",
    "pacemaker": r"pacemaker",
    "blood pressure": r"high or low blood pressure",
    "epilepsy": r"epilepsy",
    "diabetes": r"diabetes",
    "feeling": r"reduced feeling in your skin",
    "skin": r"skin that is broken or inflamed",
    "stopping": r"stop at any time",
    "driving": r"never do this while driving",
}
CLAIMS = (
    r"treat(?!ment\b)\w*|(?<!not medical )treatment|heal\w*|cur(e|es|ed|ing)|reliev\w*|relief|detox\w*|circulation"
    r"|endorphin\w*|energy|energi\w*|(un)?block\w*|qi|pain(less|ful)?|therap\w*|toxin\w*|inflammation|blood flow"
)
SCREEN = r"look\w*|see|watch\w*|tap|click\w*|screen|button|below this|acupuncture"
BY_HAND = r"press|pressing|massage\w*|knead\w*|rub\w*|squeeze\w*|thumbs?"
CODES = r"(BL|GV|KI|CV|EX)[- ]?\w*\d+"
ANNOUNCES = r"silent|silence|quiet"
"""One of these stands in the last three sentences before a long silence."""
GETTING_OFF = (
    "Bend both knees",
    "roll over to one side",
    "Stay on your side",
    "with your hands",
    "head comes last",
    "Sit for a while",
    "Red marks",
    "stand up",
)


@cache
def source(name: str) -> Source:
    return read_script(folder("scripts") / f"{name}.md", KNOWN)


@cache
def session(name: str, minutes: float, /, **values: str) -> tuple[Cue, ...]:
    return read_cues(expand(source(name), values, Ms(round(minutes * 60_000)), KNOWN), KNOWN)


NAMES = sorted(path.stem for path in folder("scripts").glob("*.md") if path.name != "README.md")
ON_THE_MAT = [name for name in NAMES if source(name).position == "on the mat"]


def at_every_length(name: str, /, **values: str) -> Iterator[tuple[float, tuple[Cue, ...]]]:
    """Expand a session for each whole minute it can last, and for 12:34."""
    allowed = source(name).minutes
    assert allowed is not None
    assert allowed.least is not None
    assert allowed.most is not None
    whole = range(allowed.least // 60_000, allowed.most // 60_000 + 1)
    for minutes in (*whole, 12 + 34 / 60):
        yield minutes, session(name, minutes, **values)


def flat(cues: tuple[Cue, ...]) -> list[Say | Silence | Chime | Mark | Bed]:
    """Open the `[for]` lines, so that only what is heard, and the chapters, are left."""
    return [inner for cue in cues for inner in (cue.cues if isinstance(cue, Slot) else (cue,))]


def sayings(cues: tuple[Cue, ...]) -> list[str]:
    return [cue.utterance.text for cue in flat(cues) if isinstance(cue, Say)]


def words(text: str) -> int:
    return len(text.split())


def speech_ms(text: str, words_a_minute: float = 115) -> float:
    return words(text) * 60_000 / words_a_minute


def bounds(cues: tuple[Cue, ...], words_a_minute: float = 115) -> tuple[float, float, float]:
    """Reckon the shortest, natural and longest length, in ms."""
    least = natural = most = 0.0
    for cue in cues:
        match cue:
            case Silence() | Slot():
                least, natural, most = least + cue.least, natural + cue.natural, most + cue.most
                continue
            case Say():
                taken = speech_ms(cue.utterance.text, words_a_minute)
            case Chime():
                taken = CHIME_MS
            case Mark() | Bed():
                taken = 0
            case _:
                assert_never(cue)
        least, natural, most = least + taken, natural + taken, most + taken
    return least, natural, most


def silences(cues: tuple[Cue, ...]) -> list[tuple[str, int]]:
    """Each stretch without a sound: the last three sentences before it, and the longest it can become, in ms."""
    said: list[str] = []
    found: list[tuple[str, int]] = []
    silent = 0
    for cue in flat(cues):
        if isinstance(cue, Silence):
            silent += cue.most
        elif isinstance(cue, Say | Chime):
            found.append((" ".join(said[-3:]), silent))
            silent = 0
        if isinstance(cue, Say):
            said.append(cue.utterance.text)
    return [*found, (" ".join(said[-3:]), silent)]


def position(cues: tuple[Cue, ...], pattern: str) -> float:
    """Reckon where a sentence begins, as a share of the natural length."""
    before = next(
        index for index, cue in enumerate(cues) if isinstance(cue, Say) and re.search(pattern, cue.utterance.text)
    )
    return bounds(cues[:before])[1] / bounds(cues)[1]


def chapter_of(code: str, cues: tuple[Cue, ...]) -> tuple[Cue, ...]:
    """Give the cues of the chapter that has this point's name."""
    starts = [index for index, cue in enumerate(cues) if isinstance(cue, Mark)]
    titles = [cue.title for cue in cues if isinstance(cue, Mark)]
    number = titles.index(table()[code].pinyin)
    return cues[starts[number] : starts[number + 1]]


def found(pattern: str, cues: tuple[Cue, ...]) -> list[str]:
    return [text for text in sayings(cues) if re.search(rf"\b({pattern})\b", text, re.IGNORECASE)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("words_a_minute", [100, 115, 135])
def test_a_session_has_room_for_its_words_at_every_length(name: str, words_a_minute: int) -> None:
    for minutes, cues in at_every_length(name):
        least, _, most = bounds(cues, words_a_minute)
        assert least <= minutes * 60_000, minutes
        assert (minutes + 0.99) * 60_000 <= most, minutes


@pytest.mark.parametrize("name", NAMES)
def test_the_length_a_session_is_written_for_hardly_stretches(name: str) -> None:
    assert bounds(session(name, 10))[1] == pytest.approx(600_000, rel=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_silences_stay_near_their_own_length(name: str) -> None:
    for minutes, cues in at_every_length(name):
        natural = bounds(cues)[1] / 60_000
        assert 0.86 * natural <= minutes <= 1.2 * natural, minutes


@pytest.mark.parametrize("name", NAMES)
def test_there_is_more_silence_than_speech(name: str) -> None:
    for minutes, cues in at_every_length(name):
        assert 34 <= sum(map(words, sayings(cues))) / minutes <= 60, minutes


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bell", sorted(KNOWN.chimes))
def test_the_bell_is_the_listeners_choice(name: str, bell: str) -> None:
    assert {cue.sound for cue in session(name, 10, bell=bell) if isinstance(cue, Chime)} == {bell}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_spoken_when_it_is_given(name: str) -> None:
    assert "Welcome, Ana." in sayings(session(name, 10, name="Ana"))
    assert "Welcome." in sayings(session(name, 10))


@pytest.mark.parametrize("name", NAMES)
def test_the_length_is_told_at_the_start(name: str) -> None:
    for minutes, cues in at_every_length(name):
        assert f"{int(minutes)} minutes" in " ".join(sayings(cues)[:3])


@pytest.mark.parametrize("name", NAMES)
def test_every_safety_topic_is_spoken_early(name: str) -> None:
    for minutes, cues in at_every_length(name):
        assert late_topics(cues) == set(), minutes


@pytest.mark.parametrize("name", ["back-on-mat", "lower-back-points"])
@pytest.mark.parametrize("minutes", [8, 20])
def test_the_short_safety_words_leave_nothing_out(name: str, minutes: float) -> None:
    full, short = (session(name, minutes, safety=safety) for safety in ("full", "short"))
    assert late_topics(short) == set()
    assert sum(map(words, sayings(short))) <= sum(map(words, sayings(full))) - 15


def late_topics(cues: tuple[Cue, ...]) -> set[str]:
    return {topic for topic, pattern in SAFETY.items() if position(cues, rf"(?i){pattern}") > 0.2}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("unwanted", [CLAIMS, SCREEN, CODES], ids=["claims", "screens", "codes"])
def test_some_words_are_never_spoken(name: str, unwanted: str) -> None:
    for _, cues in at_every_length(name):
        assert found(unwanted, cues) == []


@pytest.mark.parametrize("name", ON_THE_MAT)
def test_on_the_mat_hands_rest(name: str) -> None:
    for _, cues in at_every_length(name):
        assert found(BY_HAND, cues) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_long_silence_is_announced_and_has_an_end(name: str) -> None:
    for minutes, cues in at_every_length(name):
        assert_announced(cues, minutes)


@pytest.mark.parametrize("each", ["30s", "90s", "180s"])
@pytest.mark.parametrize("points", ["BL23,GV4,BL25", "BL40,KI3", "BL52,BL57"])
def test_a_point_held_long_is_held_in_an_announced_silence(points: str, each: str) -> None:
    assert_announced(session("lower-back-points", 20, points=points, each=each), 20)


def assert_announced(cues: tuple[Cue, ...], minutes: float) -> None:
    for before, longest in silences(cues):
        assert longest <= LONGEST_MS, minutes
        assert longest <= LONGEST_UNANNOUNCED_MS or re.search(ANNOUNCES, before), before


@pytest.mark.parametrize("name", NAMES)
def test_a_bell_opens_the_session_and_the_last_one_is_told_beforehand(name: str) -> None:
    for _, cues in at_every_length(name):
        heard = [cue for cue in flat(cues) if isinstance(cue, Say | Chime)]
        assert isinstance(heard[0], Chime)
        (told,) = [before for before, cue in pairwise(heard) if isinstance(cue, Chime)]
        assert isinstance(told, Say)
        assert "you will hear the bell" in told.utterance.text.lower()


@pytest.mark.parametrize("name", NAMES)
def test_the_last_bell_is_softer_than_the_first(name: str) -> None:
    first, last = [cue.gain_db for cue in session(name, 10) if isinstance(cue, Chime)]
    assert last <= first - 3


@pytest.mark.parametrize("name", NAMES)
def test_it_ends_with_standing_up(name: str) -> None:
    for _, cues in at_every_length(name):
        *_, last, thanks = sayings(cues)
        assert "open your eyes, and stand up" in last
        assert thanks == "Thank you."


@pytest.mark.parametrize("name", ON_THE_MAT)
def test_getting_off_the_mat_goes_step_by_step(name: str) -> None:
    for _, cues in at_every_length(name):
        after_the_bell = " ".join(sayings(cues)).partition("hear the bell")[2]
        places = [after_the_bell.find(step) for step in GETTING_OFF]
        assert places == sorted(places)
        assert places[0] > 0


def test_a_long_time_on_the_mat_can_end_halfway() -> None:
    for minutes, cues in at_every_length("back-on-mat"):
        if minutes > 20:
            assert 0.4 <= position(cues, "you may come off now") <= 0.6, minutes


def test_nobody_holds_their_breath_on_their_first_day() -> None:
    for _, cues in at_every_length("first-time"):
        assert found(r"hold|holding", cues) == []
        assert "Nothing needs to be held." in sayings(cues)


@pytest.mark.parametrize("each", ["30s", "45s", "60s", "90s"])
@pytest.mark.parametrize("points", ["BL23", "GV4", "BL23,GV4", "BL25,BL52", "BL40", "KI3"])
def test_a_point_gets_at_least_the_time_asked_for(points: str, each: str) -> None:
    first = points.split(",", maxsplit=1)[0]
    chapter = chapter_of(first, session("lower-back-points", 10, points=points, each=each))
    sides = 2 if points in ("BL40", "KI3") else 1
    asked = float(each.rstrip("s")) * 1000
    held = [cue for cue in chapter if isinstance(cue, Silence) and cue.kind == "rest"]
    assert len(held) == 2 * sides
    assert sum(cue.least for cue in held) == sum(cue.natural for cue in held) == asked * sides
    assert sum(cue.most for cue in held) <= asked * sides * 1.5


def test_the_hollow_of_the_knee_is_never_held_longer_than_90_seconds() -> None:
    cues = chapter_of("BL40", session("lower-back-points", 20, points="BL40", each="180s"))
    held = [cue.most for cue in cues if isinstance(cue, Silence) and cue.kind == "rest"]
    assert sum(held) == 2 * 90_000


def test_the_points_come_in_the_order_asked_for() -> None:
    cues = session("lower-back-points", 15, points="GV4,BL23", each="45s")
    titles = [cue.title for cue in cues if isinstance(cue, Mark)]
    assert titles.index("Mìngmén") < titles.index("Shènshū")


def test_bone_is_never_pressed() -> None:
    cues = session("lower-back-points", 10, points="GV4")
    assert found(r"press|pressed|pressing", cues) == ["There is bone beneath, so nothing is pressed."]
