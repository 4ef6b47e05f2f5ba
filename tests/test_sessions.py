"""The scripts we ship, as a listener meets them: every word and silence of them, at many lengths.

Nothing is spoken here. How long words take is reckoned at the script's words a minute, and as slow and fast voices say
them. A rule gives a complaint for each place that breaks it; every script is held against all of them at once.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from functools import cache, cached_property
from itertools import pairwise, product
from pathlib import Path

import pytest
from strategies import Sounding

from voiceguide.cues import Bed, Chime, Cue, Mark, Moment, Say, Silence, Slot, Utterance, opened, read_cues
from voiceguide.durations import Ms, parse_duration
from voiceguide.errors import ScriptError
from voiceguide.script import Known, Source, expand, read_script
from voiceguide.shipped import folder
from voiceguide.timeline import Placed, Timeline, lay_out

KNOWN = Known(chimes={"bowl", "tingsha", "gong", "bell"}, voices={"tone"}, beds={"ocean"})
SOUNDS = {name: Sounding(21_000, 6800) for name in KNOWN.chimes}
HEAD, TAIL = Ms(2000), Ms(5000)
SLOWEST, FASTEST = 102, 140
"""Words a minute. The clearest voice, asked for 95 to 125, says these scripts at 105 to 137, without the silences."""
LONGEST_UNANNOUNCED_MS = 30_000
LONGEST_MS = 180_000
LONGEST_SENTENCE = 32
"""Words, where it is not about safety."""

NAMES = sorted(path.stem for path in folder("scripts").glob("*.md") if path.name != "README.md")
WITH_THE_MAT = {"back-on-mat", "body-scan", "evening", "feet", "first-time", "morning", "silence-bells", "sleep"}
LYING_ON_IT = WITH_THE_MAT - {"feet"}
NEVER_WITHOUT_IT = {"back-on-mat", "evening", "feet", "first-time", "morning"}
BY_HAND_WITHOUT_IT = {"desk", "hand-points", "lower-back-points", "neck-shoulders"}

WORDS_A_MINUTE: Mapping[str, tuple[float, float]] = {"silence-bells": (1, 36), "sleep": (21, 40)}
"""Of the whole recording; for the others it is this."""
USUALLY = (30, 66)

ANY = {
    "not a treatment": r"not medical treatment",
    "stopping": r"stop at any time",
    "driving": r"while driving",
}
HANDS = ANY | {
    "a doctor": r"ask a doctor first",
    "pregnancy": r"pregnant",
    "blood thinners": r"blood thinners",
    "skin": r"broken",
}
MAT = HANDS | {
    "heart": r"heart trouble",
    "pacemaker": r"pacemaker",
    "blood pressure": r"high or low blood pressure",
    "epilepsy": r"epilepsy",
    "diabetes": r"diabetes",
    "feeling": r"reduced feeling in your skin",
    "skin": r"skin that is broken or inflamed",
}
ABOUT_SAFETY = (
    r"doctor|dizzy|too much|Stop at any|keep them open|off the mat now|Push the mat|come off now|never listen"
)

CLAIMS = (
    r"treat(?!ment\b)\w*|(?<!not medical )treatment|heal\w*|cur(e|es|ed|ing)|reliev\w*|relief|detox\w*|circulation"
    r"|endorphin\w*|energy|energi\w*|(un)?block\w*|qi|pain(less|ful)?|therap\w*|toxin\w*|inflammation|blood flow"
)
SCREEN = r"look\w*|see|watch\w*|tap|click\w*|screen|button|below this|acupuncture"
BY_HAND = r"press|pressing|massage\w*|knead\w*|rub\w*|squeeze\w*|(with|let) (your|both) thumbs?|stroke"
REACHING = r"(your|both|one) (hands?|fingers?|palms?)\b.*\b(hips?|thighs?|knees?|calf|calves|ankles?|foot|feet|toes)"
HELD_BREATH = r"[Hh]old (your|the) breath|[Hh]old it|Hold\."
CODES = r"(BL|GV|KI|CV|EX|GB|SI|HT|PC|LU|LI|LR)[- ]?\w*\d+"
NOT_IN_PREGNANCY = r"Jianjing|Hegu|Yaotongdian|mat for your back|on your back"
ANNOUNCES = r"silent|silence|quiet|not speak"
"""One of these stands in the last three sentences before a long silence."""
DOWN, OFF = "until your whole back is resting", "roll over to one side"
GETTING_OFF = (
    "one deeper breath",
    "Bend both knees",
    OFF,
    "Stay on your side",
    "with your hands",
    "head comes last",
    "Sit for a while",
    "Red marks",
)
LAST_WORDS = {
    *("Thank you.", "Until next time.", "Go gently.", "Have a good day.", "Enjoy your day.", "A good day to you."),
    *("Sleep well.", "Good night.", "Rest well."),
}


def spoken_ms(text: str, words_a_minute: float) -> int:
    return round(words(text) * 60_000 / words_a_minute)


def words(text: str) -> int:
    return len(text.split())


def laid_out(cues: tuple[Cue, ...], words_a_minute: float, target: Ms | None) -> Timeline:
    said = {cue.utterance for cue in opened(cues) if isinstance(cue, Say)}
    clips: dict[Utterance, Sounding] = {
        utterance: Sounding(spoken_ms(utterance.text, words_a_minute)) for utterance in said
    }
    return lay_out(cues, clips, SOUNDS, target, head=HEAD, tail=TAIL)


@dataclass(frozen=True, kw_only=True)
class Session:
    """A script at one length."""

    name: str
    minutes: float
    seed: int
    rate: int
    """Words a minute."""
    values: tuple[tuple[str, str], ...]
    cues: tuple[Cue, ...]

    def __str__(self) -> str:
        asked = (f"{name}={value}" for name, value in self.values)
        return " ".join([self.name, f"{self.minutes:g}", f"seed {self.seed}", *asked])

    @property
    def on_the_mat(self) -> bool:
        return DOWN in self.text or self.name == "feet"

    @cached_property
    def timeline(self) -> Timeline:
        return laid_out(self.cues, self.rate, Ms(round(self.minutes * 60_000)))

    @cached_property
    def natural_minutes(self) -> float:
        return laid_out(self.cues, self.rate, None).length / 60_000

    @cached_property
    def says(self) -> list[Placed]:
        return [event for event in self.timeline.events if isinstance(event.cue, Say)]

    @cached_property
    def sentences(self) -> list[str]:
        return [cue.utterance.text for cue in opened(self.cues) if isinstance(cue, Say)]

    @cached_property
    def text(self) -> str:
        return " ".join(self.sentences)

    @property
    def bells(self) -> list[Chime]:
        return [cue for cue in opened(self.cues) if isinstance(cue, Chime)]

    def start(self, words_of_it: str) -> int | None:
        """When a sentence with these words begins, in ms; None if there is none."""
        return next((event.start for event in self.says if words_of_it in said(event)), None)

    def between(self, first: str, last: str) -> list[str]:
        """Give the sentences from one to another, without the two."""
        places = [next(i for i, text in enumerate(self.sentences) if one in text) for one in (first, last)]
        return self.sentences[places[0] + 1 : places[1]]

    def first_chapters(self, number: int) -> str:
        """Give the text of the first chapters, by their number."""
        marks = [i for i, cue in enumerate(self.cues) if isinstance(cue, Mark)]
        return " ".join(said_by(self.cues[: marks[number]] if number < len(marks) else self.cues))


def said(event: Placed) -> str:
    return event.cue.utterance.text if isinstance(event.cue, Say) else ""


def said_by(cues: tuple[Cue, ...]) -> list[str]:
    return [cue.utterance.text for cue in opened(cues) if isinstance(cue, Say)]


@cache
def source(name: str) -> Source:
    return read_script(folder("scripts") / f"{name}.md", KNOWN)


@cache
def session(name: str, minutes: float, /, seed: int = 0, **values: str) -> Session:
    return made(source(name), minutes, values, seed)


def made(script: Source, minutes: float, values: Mapping[str, str], seed: int = 0) -> Session:
    cues = read_cues(expand(script, values, Ms(round(minutes * 60_000)), KNOWN, seed=seed), KNOWN)
    return Session(
        name=script.name, minutes=minutes, seed=seed, rate=script.rate, values=tuple(values.items()), cues=cues
    )


def parameters(name: str) -> set[str]:
    return {parameter.name for parameter in source(name).parameters}


def lengths(name: str) -> tuple[float, float, float]:
    allowed = source(name).minutes
    assert allowed is not None
    assert allowed.least is not None
    assert allowed.most is not None
    return tuple(length / 60_000 for length in (allowed.least, allowed.default, allowed.most))  # type: ignore[return-value]  # three


def at_every_length(name: str) -> Iterator[Session]:
    """Expand a session, shortest and longest and many lengths between, one of them of no whole minutes.

    Each is worded in another way, and the longest in several: it has the most to say.
    """
    least, default, most = lengths(name)
    step = 1 + round(most - least) // 20
    between = range(round(least), round(most), step)
    for seed, minutes in enumerate(sorted({*between, default, default + 0.57})):
        yield session(name, minutes, seed=seed)
    yield from (session(name, most, seed=seed) for seed in range(3))


def in_every_way(name: str) -> Iterator[Session]:
    """Expand a session, shortest and longest, with each value its parameters can have but their defaults."""
    least, _, most = lengths(name)
    for seed, parameter in enumerate(source(name).parameters):
        values = {"yesno": ("yes", "no"), "choice": parameter.choices}.get(parameter.type, ())
        for value, minutes in product(values, (least, most)):
            if value != parameter.default and not refused(name, parameter.name, value, minutes):
                yield session(name, minutes, seed=seed, **{parameter.name: value})


def refused(name: str, parameter: str, value: str, minutes: float) -> bool:
    """Tell whether a session says no to this, as other tests make sure of."""
    too_long = name == "silence-bells" and parameter == "mat" and minutes > 32
    return too_long or (name in NEVER_WITHOUT_IT and (parameter, value) == ("pregnant", "yes"))


# --- the rules: each gives what is wrong with a session -----------------------------------------------------------

Rule = Callable[[Session], Iterator[str]]


def it_has_room_for_its_words_whoever_speaks(heard: Session) -> Iterator[str]:
    for words_a_minute in (SLOWEST, FASTEST):
        timeline = laid_out(heard.cues, words_a_minute, None)
        shortest, longest = timeline.shortest / 60_000, timeline.longest / 60_000
        if not shortest <= heard.minutes <= longest:
            yield f"it lasts {shortest:.2f} to {longest:.2f} at {words_a_minute} words a minute"


def its_silences_stay_near_their_own_length(heard: Session) -> Iterator[str]:
    least, most = (0.8, 1.3) if heard.values else (0.85, 1.2)
    if not least <= heard.minutes / heard.natural_minutes <= most:
        yield f"of itself it would last {heard.natural_minutes:.1f} minutes"


def there_are_words_enough_and_not_too_many(heard: Session) -> Iterator[str]:
    least, most = WORDS_A_MINUTE.get(heard.name, USUALLY)
    density = words(heard.text) / heard.minutes
    if not least <= density <= most:
        yield f"{density:.0f} words a minute"


def more_is_said_early_than_late(heard: Session) -> Iterator[str]:
    early = sum(words(said(event)) for event in heard.says if event.start < 240_000) / 4
    late = sum(words(said(event)) for event in heard.says if event.start >= 240_000) / (heard.minutes - 4 or 1)
    if heard.on_the_mat and early < late:
        yield f"{early:.0f} words a minute first, then {late:.0f}"


def it_says_welcome_and_how_long_it_lasts(heard: Session) -> Iterator[str]:
    if heard.sentences[0] != "Welcome." or f"{int(heard.minutes)} minutes" not in " ".join(heard.sentences[:3]):
        yield " ".join(heard.sentences[:3])


def every_word_of_safety_is_said_first_of_all(heard: Session) -> Iterator[str]:
    topics = MAT if heard.on_the_mat else HANDS if heard.name in BY_HAND_WITHOUT_IT else ANY
    first = heard.first_chapters(1)
    yield from (topic for topic, pattern in topics.items() if not re.search(pattern, first, re.IGNORECASE))


def what_is_about_safety_is_said_at_full_level(heard: Session) -> Iterator[str]:
    for cue in opened(heard.cues):
        if isinstance(cue, Say) and not cue.safety and re.search(ABOUT_SAFETY, cue.utterance.text):
            yield cue.utterance.text


def some_words_are_never_said(heard: Session) -> Iterator[str]:
    for unwanted in (CLAIMS, SCREEN, CODES, HELD_BREATH):
        flags = 0 if unwanted in (CODES, HELD_BREATH) else re.IGNORECASE
        yield from (text for text in heard.sentences if re.search(rf"\b({unwanted})(?!\w)", text, flags))


def a_sentence_can_be_followed(heard: Session) -> Iterator[str]:
    for cue in opened(heard.cues):
        if isinstance(cue, Say) and not cue.safety and words(cue.utterance.text) > LONGEST_SENTENCE:
            yield cue.utterance.text


def nothing_is_worn_out_by_repeating(heard: Session) -> Iterator[str]:
    if heard.name == "lower-back-points":  # its points are chosen, and each is told in the same way
        return
    for text in set(heard.sentences):
        if words(text) > 3 and heard.sentences.count(text) > 2:
            yield text


def on_the_mat_the_hands_rest(heard: Session) -> Iterator[str]:
    if DOWN in heard.text:
        for text in heard.between(DOWN, GETTING_OFF[0] if GETTING_OFF[0] in heard.text else OFF):
            if re.search(rf"(?i)\b({BY_HAND}|{REACHING})\b", text):
                yield text


def nobody_lies_on_the_mat_for_longer_than_half_an_hour(heard: Session) -> Iterator[str]:
    down, off = (heard.start(words_of_it) for words_of_it in (DOWN, OFF))
    if down is None or off is None:
        return
    lasting = (off - down) / 60_000
    if not 0 < lasting <= 30:
        yield f"{lasting:.1f} minutes"
    halfway = heard.start("You may come off now")
    if halfway is None and lasting > 20:
        yield f"{lasting:.1f} minutes, and nobody says that one may come off"
    if halfway is not None and not 0.45 <= halfway / heard.timeline.length <= 0.55:
        yield f"halfway is at {halfway / heard.timeline.length:.0%}"


def getting_off_the_mat_goes_step_by_step(heard: Session) -> Iterator[str]:
    if DOWN not in heard.text or heard.name == "sleep":
        return
    places = [heard.text.find(step) for step in GETTING_OFF]
    if places != sorted(places) or -1 in places:
        yield str(dict(zip(GETTING_OFF, places, strict=True)))


def whoever_stands_on_the_mat_has_open_eyes_and_a_hold(heard: Session) -> Iterator[str]:
    for number, text in enumerate(heard.sentences):
        if re.search(r"step onto the mat|Stand up slowly, and give", text):
            before = " ".join(heard.sentences[max(0, number - 6) : number + 1])
            if "keep them open" not in before or not re.search(r"[Tt]ake hold of", before):
                yield before


def a_long_silence_is_announced_and_has_an_end(heard: Session) -> Iterator[str]:
    for before, longest in silences(heard.cues):
        if longest > LONGEST_MS and heard.name != "silence-bells":
            yield f"up to {longest / 1000:.0f} s after: {before}"
        if longest > LONGEST_UNANNOUNCED_MS and not re.search(ANNOUNCES, before):
            yield f"not announced: {before}"


def silences(cues: tuple[Cue, ...]) -> list[tuple[str, int]]:
    """Each stretch without a sound: the last three sentences before it, and the longest it can become, in ms."""
    told: list[str] = []
    found: list[tuple[str, int]] = []
    silent = 0
    for cue in opened(cue for cue in cues if not isinstance(cue, Moment)):
        if isinstance(cue, Silence):
            silent += cue.most
        elif isinstance(cue, Say | Chime):
            found.append((" ".join(told[-3:]), silent))
            silent = 0
        if isinstance(cue, Say):
            told.append(cue.utterance.text)
    return [*found, (" ".join(told[-3:]), silent)]


def a_bell_opens_the_session_and_no_other_comes_untold(heard: Session) -> Iterator[str]:
    sounds = [cue for cue in heard.cues if isinstance(cue, Say | Chime)]
    if not isinstance(sounds[0], Chime):
        yield "it begins without a bell"
    for before, cue in pairwise(sounds):
        if isinstance(cue, Chime) and not (isinstance(before, Say) and "hear the bell" in before.utterance.text):
            yield str(before)
    if any(isinstance(cue, Silence) and cue.interval for cue in heard.cues) and "A bell will ring" not in heard.text:
        yield "the bells in the silence are not told"


def the_last_bell_is_soft_and_nobody_is_woken_by_one(heard: Session) -> Iterator[str]:
    first, *others = heard.bells
    if heard.name == "sleep" and others:
        yield "a bell wakes the sleeper"
    if heard.name != "sleep" and not others:
        yield "it ends without a bell"
    if any(bell.gain_db > first.gain_db - 3 for bell in others):
        yield "the last bell is as loud as the first"


def it_ends_kindly(heard: Session) -> Iterator[str]:
    *_, before, last = heard.sentences
    if last not in LAST_WORDS:
        yield last
    if heard.name in LYING_ON_IT - {"morning", "sleep"} and "open your eyes, and stand up" not in before:
        yield before


def in_pregnancy_some_points_and_the_mat_are_left_out(heard: Session) -> Iterator[str]:
    if ("pregnant", "yes") in heard.values:
        yield from (text for text in heard.sentences if re.search(rf"\b({NOT_IN_PREGNANCY})\b", text))
        if DOWN in heard.text:
            yield "it goes onto the mat"


RULES: tuple[Rule, ...] = (
    its_silences_stay_near_their_own_length,
    there_are_words_enough_and_not_too_many,
    more_is_said_early_than_late,
    it_says_welcome_and_how_long_it_lasts,
    every_word_of_safety_is_said_first_of_all,
    what_is_about_safety_is_said_at_full_level,
    some_words_are_never_said,
    a_sentence_can_be_followed,
    nothing_is_worn_out_by_repeating,
    on_the_mat_the_hands_rest,
    nobody_lies_on_the_mat_for_longer_than_half_an_hour,
    getting_off_the_mat_goes_step_by_step,
    whoever_stands_on_the_mat_has_open_eyes_and_a_hold,
    a_long_silence_is_announced_and_has_an_end,
    a_bell_opens_the_session_and_no_other_comes_untold,
    the_last_bell_is_soft_and_nobody_is_woken_by_one,
    it_ends_kindly,
    in_pregnancy_some_points_and_the_mat_are_left_out,
)


def complaints(heard: Session) -> list[str]:
    """Hold a session against the rules: against the others only if it can be laid out at all."""
    first = [f"{heard}: {complaint}" for complaint in it_has_room_for_its_words_whoever_speaks(heard)]
    return first or [f"{heard}: {rule.__name__}: {complaint}" for rule in RULES for complaint in rule(heard)]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "evening" else pytest.mark.long) for name in NAMES]
)
def test_a_session_keeps_every_rule_at_every_length(name: str) -> None:
    assert [complaint for heard in at_every_length(name) for complaint in complaints(heard)] == []


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in {"evening", "back-on-mat"} else pytest.mark.long) for name in NAMES]
)
def test_a_session_keeps_every_rule_in_every_way_it_can_be_made(name: str) -> None:
    assert [complaint for heard in in_every_way(name) for complaint in complaints(heard)] == []


BROKEN = """\
---
title: Broken
minutes: 40 (5 to 40)
params: {pregnant: no}
---
Hello.
[pause 4m]
It is too much for anyone who is dizzy.
Lower yourself slowly and evenly, until your whole back is resting.
Let it heal, and press as hard as you like.
Rest your hands on your knees for now.
Rest your hands on your knees for now.
Rest your hands on your knees for now.
On{% for more in range(20) %} and on{% endfor %}.
[quiet 10m from 1m to 2h]
Slowly, in one piece, roll over to one side. Then bend both knees.
And step onto the mat.
[chime bowl at 6dB]
[chime bowl at 6dB]
Goodbye then, until another day, and another, and another, as often as there are words left over.
[pause 2s]
"""


def test_the_rules_notice_what_breaks_them(tmp_path: Path) -> None:
    path = tmp_path / "broken.md"
    path.write_text(BROKEN, encoding="utf-8")
    script = read_script(path, KNOWN)
    heard = made(script, 40, {"pregnant": "yes"})
    silent = [rule.__name__ for rule in RULES if not list(rule(heard))]
    assert silent == []
    assert list(it_has_room_for_its_words_whoever_speaks(made(script, 5, {})))


@pytest.mark.parametrize("name", NAMES)
def test_the_length_a_session_is_written_for_hardly_stretches(name: str) -> None:
    default = lengths(name)[1]
    assert session(name, default).natural_minutes == pytest.approx(default, rel=0.07)


@pytest.mark.parametrize("name", NAMES)
def test_name_bell_and_bed_are_the_listeners_choice(name: str) -> None:
    least = lengths(name)[0]
    chosen = {"name": "Ana", "bell": "gong"} | ({"bed": "ocean"} if "bed" in parameters(name) else {})
    heard, plain = session(name, least, seed=0, **chosen), session(name, least)
    assert heard.sentences[0] == "Welcome, Ana."
    assert {bell.sound for bell in heard.bells} == {"gong"}
    assert {bell.sound for bell in plain.bells} == {"bowl"}
    assert [isinstance(cue, Bed) and cue.sound for cue in heard.cues[:1]] == ["ocean" if "bed" in chosen else False]
    assert not any(isinstance(cue, Bed) for cue in plain.cues)


@pytest.mark.parametrize("name", sorted(NEVER_WITHOUT_IT))
def test_a_session_on_the_mat_is_refused_in_pregnancy(name: str) -> None:
    with pytest.raises(ScriptError) as refusal:
        session(name, lengths(name)[1], pregnant="yes")
    assert refusal.value.message == "a session on the mat is not for pregnancy"
    assert "hand-points" in str(refusal.value.hint)


def test_a_silence_on_the_mat_is_refused_beyond_half_an_hour() -> None:
    with pytest.raises(ScriptError, match="longer than half an hour"):
        session("silence-bells", 33, mat="yes")
    session("silence-bells", 33, mat="no")


@pytest.mark.parametrize(("every", "rings"), [("1m", 12), ("5m", 2), ("10m", 1), ("1h", 0)])
def test_the_bells_in_a_silence_are_those_that_were_told(every: str, rings: int) -> None:
    heard = session("silence-bells", 15, every=every)
    inside = [event.start for event in heard.timeline.events if isinstance(event.cue, Chime)][1:-1]
    assert len(inside) == rings
    assert ("A bell will ring every" in heard.text) == (rings > 0)
    silence = next(event for event in heard.timeline.events if getattr(event.cue, "kind", "") == "quiet")
    assert [start - silence.start for start in inside] == [
        (number + 1) * parse_duration(every) for number in range(rings)
    ]


@pytest.mark.parametrize("minutes", [30, 37, 45, 52, 60])
@pytest.mark.parametrize("words_a_minute", [SLOWEST, FASTEST])
def test_the_mat_is_out_of_the_bed_within_a_quarter_of_an_hour(minutes: int, words_a_minute: int) -> None:
    heard = session("sleep", minutes)
    timeline = laid_out(heard.cues, words_a_minute, Ms(minutes * 60_000))
    away = next(event for event in timeline.events if "Feel with your hand whether your bed is free" in said(event))
    assert away.end < 15 * 60_000
    going = heard.between("Now the mat goes away", "Red marks")
    told = [cue for cue in heard.cues if isinstance(cue, Say) and cue.utterance.text in going]
    assert len(told) >= 5
    assert all(cue.safety for cue in told)


@pytest.mark.parametrize("minutes", [30, 45, 60])
def test_whoever_sleeps_hears_nothing_more(minutes: int) -> None:
    heard = session("sleep", minutes, bed="ocean")
    *_, goodnight, ending = heard.cues
    assert isinstance(goodnight, Say)
    assert isinstance(ending, Silence)
    assert "not speak any more" in heard.sentences[-2]
    assert [event.cue.sound for event in heard.timeline.events if isinstance(event.cue, Bed)] == ["ocean", None]


def test_nobody_holds_their_breath_on_their_first_day() -> None:
    for heard in at_every_length("first-time"):
        assert not re.search(r"\b(hold|holding)\b", heard.text)
        assert "Nothing needs to be held." in heard.sentences


# --- wordings -----------------------------------------------------------------------------------------------------

FIRST_DAY = date(2026, 11, 22).toordinal()
THIRTY_DAYS = range(FIRST_DAY, FIRST_DAY + 30)


def outline(heard: Session) -> list[object]:
    """Give what no day changes: the chapters, what is about safety, each chime, each breath and each silence."""
    plan: list[object] = []
    for cue in heard.cues:
        match cue:
            case Mark():
                plan.append(cue.title)
            case Say() if cue.safety:
                plan.append(cue.utterance.text)
            case Silence() if cue.kind != "gap":
                plan.append((cue.kind, cue.least, cue.natural, cue.most))
            case Chime():
                plan.append(cue.sound)
            case Slot():
                plan += [cue.natural, *said_by((cue,))]
            case Moment():
                plan += said_by((cue,))
    return plan


def free_sentences(heard: Session) -> list[str]:
    """Give what is said, but for what is about safety."""
    return [cue.utterance.text for cue in opened(heard.cues) if isinstance(cue, Say) and not cue.safety]


def share_of_other_words(before: Session, after: Session) -> float:
    """Give the share of the words that stand in sentences the other one does not have, in its order."""
    first, second = free_sentences(before), free_sentences(after)
    blocks = SequenceMatcher(a=first, b=second, autojunk=False).get_matching_blocks()
    kept = sum(words(text) for block in blocks for text in first[block.a : block.a + block.size])
    return 1 - kept / words(" ".join(first))


def test_thirty_days_of_evening_are_thirty_recordings() -> None:
    days = [session("evening", lengths("evening")[1], seed=day) for day in THIRTY_DAYS]
    assert min(share_of_other_words(*neighbours) for neighbours in pairwise(days)) >= 0.7
    assert len({tuple(free_sentences(day)) for day in days}) == 30
    assert [outline(day) for day in days] == [outline(days[0])] * 30
    assert [complaint for day in days[::7] for complaint in complaints(day)] == []


@pytest.mark.parametrize(("minutes", "least"), [(10, 0.5), (40, 0.8)])
def test_at_least_half_of_an_evening_is_said_in_other_words_than_the_day_before(minutes: int, least: float) -> None:
    today, tomorrow = (session("evening", minutes, seed=day) for day in THIRTY_DAYS[:2])
    assert share_of_other_words(today, tomorrow) >= least


@pytest.mark.parametrize("name", NAMES)
def test_what_is_heard_daily_is_worded_in_several_ways_and_in_one_order(name: str) -> None:
    today, tomorrow = (session(name, lengths(name)[1], seed=day) for day in THIRTY_DAYS[:2])
    assert share_of_other_words(today, tomorrow) >= 0.25
    assert outline(today) == outline(tomorrow)


@pytest.mark.parametrize("name", ["safety", "safety-short", "safety-hands", "getting-on", "getting-off", "rising"])
def test_parts_about_safety_never_vary(name: str) -> None:
    assert "pick(" not in (folder("scripts") / "_parts" / "en" / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name in NAMES if "safety" in parameters(name)])
def test_short_safety_words_are_shorter(name: str) -> None:
    mat = {"mat": "yes"} if name == "silence-bells" else {}
    most = 32 if mat else lengths(name)[2]
    full, short = (session(name, most, safety=safety, **mat).first_chapters(1) for safety in ("full", "short"))
    assert words(short) <= words(full) - 15
