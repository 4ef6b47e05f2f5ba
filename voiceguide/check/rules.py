"""A session as it is heard -> what would disturb or harm its listener, rule by rule, each with its place."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, wraps

from voiceguide.check.heard import Heard, Sentence
from voiceguide.check.words import Words
from voiceguide.durations import Ms, clock, written
from voiceguide.errors import Place
from voiceguide.points import table

Breach = tuple[Place, str]
"""Where a rule is broken, and how."""

_UNANNOUNCED_MS = 30_000
_LONGEST_SILENCE_MS = 180_000
_LONGEST_LINE = 32
"""Words. The longest of our own that is not about safety; a listener can't go back to the beginning."""
_LONGEST_ON_THE_MAT_MS = 30 * 60_000
_LONG_ON_THE_MAT_MS = 20 * 60_000
_SLACK_MS = 30_000
"""How wrong a time may be that is told, if a fifth of it is less."""
_SLACK = 0.2
_HALFWAY = 0.05
"""Of the length."""
_AT_THE_START_MS = 60_000
_RECENT = 6
"""Sentences in which eyes were opened, or something to hold on to was named."""
_CODE = re.compile(r"\b(?:BL|UB|GV|DU|CV|REN|GB|ST|SP|HT|SI|PC|TE|SJ|LU|LI|LR|LV|KI|KD|EX-?[A-Z]{2})[- ]?\d{1,2}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    name: str
    notices: str
    """What breaks it, as a table of rules says it."""
    why: str
    """The reason, and what to do."""
    breaches: Callable[[Heard], Iterator[Breach]]


def _by_words(breaches: Callable[[Heard, Words], Iterator[Breach]]) -> Callable[[Heard], Iterator[Breach]]:
    """Let a rule find nothing in a language it has no words for."""

    @wraps(breaches)
    def by_words(heard: Heard) -> Iterator[Breach]:
        return iter(()) if heard.words is None else breaches(heard, heard.words)

    return by_words


# --- words --------------------------------------------------------------------------------------------------------


@_by_words
def _claims(heard: Heard, words: Words) -> Iterator[Breach]:
    spoken = ((sentence.text, sentence.at) for sentence in heard.sentences)
    for text, at in (*heard.headings, *spoken):
        for claim in words.claims(text):
            yield _under(at, claim), f"'{claim[0]}' is heard as a promise to heal"


@_by_words
def _diseases(heard: Heard, words: Words) -> Iterator[Breach]:
    for text, at in heard.headings:
        if disease := words.find("diseases", text):
            yield _under(at, disease), f"the heading names '{disease[0]}'"


@_by_words
def _screens(heard: Heard, words: Words) -> Iterator[Breach]:
    for sentence in heard.sentences:
        if found := words.find("screen", sentence.text):
            yield _under(sentence.at, found), f"'{found[0]}' asks for a screen"
        elif found := words.find_plain("looking", sentence.text):
            recent = (*heard.before(sentence.start, _RECENT), sentence)
            if not any(words.says("open_eyes", one.text) for one in recent):
                yield _under(sentence.at, found), f"'{found[0]}' asks closed eyes to look"


def _codes(heard: Heard) -> Iterator[Breach]:
    for sentence in heard.sentences:
        if found := _CODE.search(sentence.text):
            yield _under(sentence.at, found), f"the code '{found[0]}' is spoken"


@_by_words
def _held_breaths(heard: Heard, words: Words) -> Iterator[Breach]:
    cared = [one.start for one in heard.sentences if words.says("held_breath_care", one.text) and not one.safety]
    for sentence in heard.find("held_breath"):
        if not any(start <= sentence.start for start in cared):
            yield sentence.at, "the breath is held, and nobody is told to leave that out"


def _long_lines(heard: Heard) -> Iterator[Breach]:
    for sentence in heard.sentences:
        count = len(sentence.text.split())
        if count > _LONGEST_LINE and not sentence.safety:
            yield sentence.at, f"this sentence has {count} words"


# --- silence and bells --------------------------------------------------------------------------------------------


@_by_words
def _unannounced(heard: Heard, words: Words) -> Iterator[Breach]:
    for silence in heard.silences:
        if silence.length > _UNANNOUNCED_MS and not _said_before(heard, silence.start, "announces", words):
            yield silence.at, f"{_about(silence.length)} of silence follow, and nobody said so"


def _long_silences(heard: Heard) -> Iterator[Breach]:
    for silence in heard.silences:
        if silence.length > _LONGEST_SILENCE_MS:
            yield silence.at, f"{_about(silence.length)} of silence follow"


@_by_words
def _sudden_bells(heard: Heard, words: Words) -> Iterator[Breach]:
    if not heard.sentences:
        return
    for bell in heard.bells:
        if bell.start > heard.sentences[0].start and not _said_before(heard, bell.start, "bells", words):
            yield bell.at, f"the {bell.sound} rings without a warning"


@_by_words
def _dense(heard: Heard, words: Words) -> Iterator[Breach]:
    spoken = sum(len(one.text.split()) for one in heard.sentences)
    density = spoken * 60_000 / heard.length
    if heard.sentences and density > words.densest:
        message = f"{density:.0f} words a minute over the whole session, more than {words.densest}"
        yield heard.source.minutes_at or heard.sentences[0].at, message


# --- the body -----------------------------------------------------------------------------------------------------


@_by_words
def _reaching(heard: Heard, words: Words) -> Iterator[Breach]:
    for sentence in heard.while_on_the_mat():
        if found := words.find_plain("reaches", sentence.text):
            yield _under(sentence.at, found), "hands go below the waist, and the back moves over the spikes"


@_by_words
def _pressing(heard: Heard, words: Words) -> Iterator[Breach]:
    for sentence in heard.while_on_the_mat():
        if found := words.find_plain("presses", sentence.text):
            yield _under(sentence.at, found), "hands press, and the back moves over the spikes"


def _never_off(heard: Heard) -> Iterator[Breach]:
    if heard.on_the_mat is None or not heard.sentences:
        return
    down, off = heard.on_the_mat
    if off is None and not any(one.start > down for one in heard.find("off_mat")):
        yield heard.sentences[-1].at, "nobody is told how to come off the mat"


@_by_words
def _long_on_the_mat(heard: Heard, words: Words) -> Iterator[Breach]:
    if heard.on_the_mat is None or heard.on_the_mat[1] is None:
        return
    lasting = Ms(heard.on_the_mat[1] - heard.on_the_mat[0])
    on_it = list(heard.while_on_the_mat())
    at = on_it[0].at if on_it else heard.sentences[0].at
    if lasting > _LONGEST_ON_THE_MAT_MS:
        yield at, f"from here it is {_about(lasting)} on the mat"
    elif lasting > _LONG_ON_THE_MAT_MS and not any(words.says("may_come_off", one.text) for one in on_it):
        yield at, f"from here it is {_about(lasting)} on the mat, and nobody says that one may come off"


@_by_words
def _standing(heard: Heard, words: Words) -> Iterator[Breach]:
    for sentence in heard.find("stands"):
        recent = " ".join(one.text for one in (*heard.before(sentence.start, _RECENT), sentence))
        missing = [what for kind, what in _BEFORE_STANDING.items() if not words.says(kind, recent)]
        if missing:
            yield sentence.at, f"someone stands on the mat without {' and '.join(missing)}"


_BEFORE_STANDING = {"open_eyes": "open eyes", "hold": "a hold"}


def _no_safety(heard: Heard) -> Iterator[Breach]:
    """Find what is left unsaid; in a language without words, whether any line is marked as safety."""
    if not heard.sentences:
        return
    at = heard.sentences[0].at
    if heard.words is None:
        if not any(one.safety for one in heard.sentences):
            yield at, "no line is marked as safety"
        return
    missing = list(_unsaid(heard, heard.words))
    if missing:
        yield at, f"nobody is told {', nor '.join(missing)}"


def _unsaid(heard: Heard, words: Words) -> Iterator[str]:
    down = heard.on_the_mat[0] if heard.on_the_mat else None
    texts = [one.text for one in heard.sentences if not down or one.start < down]
    if not any(words.says("may_stop", text) for text in texts):
        yield "that they may stop at any time"
    if down is not None and not any(words.says("doctor", text) for text in texts):
        yield "to ask a doctor first"


def _soft_safety(heard: Heard) -> Iterator[Breach]:
    for sentence in heard.find("warns"):
        if not sentence.safety:
            yield sentence.at, "this is about safety, and not marked so"


@_by_words
def _no_side(heard: Heard, words: Words) -> Iterator[Breach]:
    """A time at a point that is there twice, in a sentence or beside it, without saying for which."""
    for number, sentence in enumerate(heard.sentences):
        told = words.time.search(sentence.text)
        around = " ".join(one.text for one in heard.sentences[max(0, number - 1) : number + 1])
        if told and not words.says("sides", sentence.text) and _is_twofold(around, words):
            yield _under(sentence.at, told), f"'{told[0]}' does not say on which side"


def _is_twofold(text: str, words: Words) -> bool:
    plain = _toneless(text)
    return words.says("two_sided", text) or _twofold_points().search(plain) is not None


@cache
def _twofold_points() -> re.Pattern[str]:
    """Match the name or code of a point that is there on each side."""
    points = [point for point in table().values() if point.sides == 2]
    names = [_toneless(point.pinyin) for point in points]
    codes = [re.sub(r"(?<=[a-z])(?=\d)", " ?", point.code.casefold()) for point in points]
    return re.compile(rf"\b(?:{'|'.join(names + codes)})\b")


def _toneless(text: str) -> str:
    apart = unicodedata.normalize("NFD", text.casefold())
    return "".join(char for char in apart if unicodedata.category(char) != "Mn")


# --- time ---------------------------------------------------------------------------------------------------------


@_by_words
def _wrong_times(heard: Heard, words: Words) -> Iterator[Breach]:
    for sentence in heard.sentences:
        yield from _wrong_time(heard, sentence, words)
        yield from _wrong_half(heard, sentence, words)


def _wrong_time(heard: Heard, sentence: Sentence, words: Words) -> Iterator[Breach]:
    for kind, moments in _TOLD.items():
        if timed := words.time_in(kind, sentence.text):
            found, told = timed
            really = [Ms(moment - sentence.start) for moment in moments(heard, sentence, words)]
            nearest = min(really, key=lambda one: abs(one - told), default=told)
            if abs(nearest - told) > max(_SLACK_MS, _SLACK * told):
                yield _under(sentence.at, found), f"it says {written(told)}, and it is {_about(nearest)}"
            return


def _wrong_half(heard: Heard, sentence: Sentence, words: Words) -> Iterator[Breach]:
    """Find where halfway is elsewhere; of a silence that was announced "until halfway" it is half of that."""
    found = words.find("halfway", sentence.text)
    announced = any(words.says(kind, sentence.text) for kind in ("in_case", "announces"))
    if found is None or announced or _said_before(heard, sentence.start, "half", words):
        return
    if abs(sentence.start - heard.length / 2) > max(_SLACK_MS, _HALFWAY * heard.length):
        yield _under(sentence.at, found), f"it says halfway, and it is {clock(sentence.start)} of {clock(heard.length)}"


def _end(heard: Heard, _: Sentence, __: Words) -> list[Ms]:
    return [heard.length]


def _end_from_the_start(heard: Heard, sentence: Sentence, _: Words) -> list[Ms]:
    return [heard.length] if sentence.start <= _AT_THE_START_MS else []


def _next_silence(heard: Heard, sentence: Sentence, words: Words) -> list[Ms]:
    """Where a silence ends that is announced here, and how long it is from here."""
    if not words.says("announces", sentence.text):
        return []
    following = next(
        (one for one in heard.silences if one.length > _UNANNOUNCED_MS and one.start >= sentence.end), None
    )
    return [] if following is None else [following.end, Ms(sentence.start + following.length)]


def _whatever_comes(heard: Heard, sentence: Sentence, _: Words) -> list[Ms]:
    """When something begins: a chapter, a bell, words after a silence, the end."""
    moments = [
        *heard.chapters,
        *(bell.start for bell in heard.bells),
        *(one.end for one in heard.silences),
        heard.length,
    ]
    return [moment for moment in moments if moment > sentence.end]


_TOLD: dict[str, Callable[[Heard, Sentence, Words], list[Ms]]] = {
    "left": _end,
    "next": _end_from_the_start,
    "silent_for": _next_silence,
    "coming": _whatever_comes,
}
"""What each kind of time is held against; the first kind that is found counts."""


# --- shared -------------------------------------------------------------------------------------------------------


def _said_before(heard: Heard, moment: Ms, kind: str, words: Words) -> bool:
    return any(words.says(kind, one.text) for one in heard.before(moment))


def _about(length: Ms) -> str:
    """`2m30s`, to the nearest five seconds: speech is reckoned, not measured."""
    return f"about {written(Ms(round(length / 5000) * 5000))}"


def _under(at: Place, found: re.Match[str]) -> Place:
    """Narrow a place to what was found in it, where that is written there as it is heard."""
    start = at.source.find(found[0], at.column - 1, at.column - 1 + at.width)
    return at if start < 0 or at.gave is not None else replace(at, column=start + 1, width=len(found[0]))


NO_SAFETY = "no-safety"

RULES = (
    Rule(
        name="claim", breaches=_claims,
        notices="a promise to heal: *treats*, *cures*, *relieves back pain*, *boosts circulation*, *unblocks qi*",
        why="it may not be promised, in most countries by law: say what people feel, or what tradition calls it",
    ),
    Rule(
        name="disease-in-title", breaches=_diseases,
        notices="the name of a disease in the title, or in that of a chapter",
        why="a heading with a disease in it promises to heal it: name the place, as in 'for the back'",
    ),
    Rule(
        name="screen", breaches=_screens,
        notices="words of the screen: *look*, *tap here*, *click*, *see below*",
        why="whoever listens lies there with closed eyes: say it, or ask for open eyes first",
    ),
    Rule(
        name="code", breaches=_codes,
        notices="the code of a point, spoken: *BL23*",
        why="nobody hears a place in it: say where it is, and then perhaps its name",
    ),
    Rule(
        name="held-breath", breaches=_held_breaths,
        notices="a breath that is held, before anyone said who should leave that out",
        why="not in pregnancy, nor for who is short of breath: say before it that they leave out the holding",
    ),
    Rule(
        name="long-line", breaches=_long_lines,
        notices="a sentence of more than 32 words, if it is not marked `[safety]`",
        why="a listener can't go back to its beginning: make two of it",
    ),
    Rule(
        name="unannounced-silence", breaches=_unannounced,
        notices="a silence of more than 30 s that none of the three sentences before it announces",
        why="it sounds as if something broke: say before it that you will be silent",
    ),
    Rule(
        name="long-silence", breaches=_long_silences,
        notices="a silence of more than 3 minutes, announced or not",
        why="listeners wonder whether it is over: let a line or a bell come in between",
    ),
    Rule(
        name="sudden-bell", breaches=_sudden_bells,
        notices="a bell after the first words that none of the three sentences before it announces",
        why="it startles: say before it 'in a moment you will hear the bell'",
    ),
    Rule(
        name="dense", breaches=_dense,
        notices="more than 70 words a minute over the whole session (68 in German, 78 in Italian, French and Spanish)",
        why="there is too little silence to follow it: leave lines out at this length, or ask for more minutes",
    ),
    Rule(
        name="reaching", breaches=_reaching,
        notices="hands below the waist while someone lies on the mat",
        why="that scratches: do it before lying down or after coming off",
    ),
    Rule(
        name="pressing", breaches=_pressing,
        notices="hands that press or rub while someone lies on the mat",
        why="on the mat points have attention, or a light touch: press them sitting",
    ),
    Rule(
        name="no-getting-off", breaches=_never_off,
        notices="someone lies down on the mat and is never led off it",
        why='the peeling off is the worst moment: end with {{ part("getting-off") }}',
    ),
    Rule(
        name="long-on-the-mat", breaches=_long_on_the_mat,
        notices="more than 30 minutes on the mat, or more than 20 without 'you may come off now'",
        why='makers say half an hour at most: go on beside the mat, and put {{ part("halfway") }} into more than 20',
    ),
    Rule(
        name="standing", breaches=_standing,
        notices="standing on the mat without open eyes and a hold in the six sentences before",
        why="it hurts, and people sway: say before it to open the eyes and take hold of a wall or table",
    ),
    Rule(
        name=NO_SAFETY, breaches=_no_safety,
        notices="nobody is told that they may stop, or before the mat to ask a doctor first",
        why='put {{ part("safety") }} before all else, or a line such as [safety] You can stop at any time.',
    ),
    Rule(
        name="unmarked-safety", breaches=_soft_safety,
        notices="words about safety in a line without `[safety]`",
        why="--sleep would make it softer: begin the line with [safety]",
    ),
    Rule(
        name="per-side", breaches=_no_side,
        notices="a time at a point that is there twice, which does not say *on each side*",
        why="for one side or for both together? Say 'on each side', or the side",
    ),
    Rule(
        name="wrong-time", breaches=_wrong_times,
        notices="*three minutes left*, *you are halfway*, told where it is wrong by over a fifth and half a minute",
        why="write it as [at 3m left] or [at halfway], which finds its moment, or let {{ length | spoken }} say it",
    ),
)  # fmt: skip

TRANSLATION = Rule(
    name="translation", breaches=lambda _: iter(()),  # found where its original is read as well
    notices="a translation whose chapters, lines or silences are not those of its original",
    why="only the words may differ, so that one session is the same in every language",
)  # fmt: skip

FIT = Rule(
    name="fit", breaches=lambda _: iter(()),  # found where it is laid out
    notices="a length the front matter allows and the lines don't reach, a `[for]` too short, an `[at]` without room",
    why="reckoned by its rate, without a voice: `voiceguide show` says it exactly",
)  # fmt: skip
