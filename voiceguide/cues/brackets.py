"""What stands between brackets -> what it asks for: a silence, a sound, or how its line or all to come is said."""

import difflib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal, NoReturn, assert_never

from voiceguide.cues.kinds import FADE_OUT, Bed, Chime, Interval, Silence
from voiceguide.cues.lines import Stretch
from voiceguide.durations import Ms, parse_duration, written
from voiceguide.errors import CueError, Place, did_you_mean
from voiceguide.script import Known, Line, nearest_voice, plain

Name = Literal["at", "bed", "chime", "for", "pause", "play", "quiet", "rate", "rest", "safety", "voice"]
_EXAMPLES: dict[Name, str] = {
    "at": "[at halfway] or [at 3m left]",
    "bed": "[bed rain], [bed rain at -24dB over 10s] or [bed off]",
    "chime": "[chime bowl] or [chime bowl 3 times every 5s at -6dB wait 8s]",
    "for": "[for 4s] or [for 4s from 3s to 8s]",
    "pause": "[pause 4s]",
    "play": "[play hello.wav] and the words it says",
    "quiet": "[quiet] or [quiet 2m from 30s to 10m]",
    "rate": "[rate 100]",
    "rest": "[rest 20s] or [rest 20s from 10s to 40s]",
    "safety": "[safety]",
    "voice": "[voice NAME]",
}
_INTERVAL_EXAMPLE = "[quiet 20m, chime bowl every 5m]"

_QUIET, _LEAST_QUIET, _MOST_QUIET = Ms(60_000), Ms(20_000), Ms(180_000)
"""Longer than three minutes, listeners think the recording broke."""
_LEAST_RATE, _MOST_RATE = 60, 220
_MOST_STROKES = 108
_LEAST_INTERVAL = Ms(5000)
_LEAST_DB, _MOST_DB = -40.0, 6.0
"""Of a chime, from what it is by itself."""
_LEAST_BED_DB, _MOST_BED_DB = -60.0, -6.0
_LEAST_FADE, _MOST_FADE = Ms(100), Ms(3_600_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """At which moment of the finished recording its line is heard."""

    left: Ms | None
    """How long the recording still lasts then; None is halfway."""
    at: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class For:
    """How long its line takes."""

    least: Ms
    natural: Ms
    most: Ms
    at: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Which recording says its line."""

    recording: str
    at: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """From here on, in words a minute."""

    rate: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """From here on."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """What its line says is for the listener's safety."""

    at: Place


Asked = Silence | Chime | Bed | At | For | Play | Rate | Safety | Voice


def read_bracket(line: Line, stretch: Stretch, known: Known) -> Asked:
    """Read a cue. Raises CueError, with a caret under the word that can't be read."""
    _check_values(line, stretch)
    at = line.place(stretch.start, stretch.end)
    said, comma, rings = stretch.text.partition(",") if _TIMED.match(stretch.text) else (stretch.text, "", "")
    words = _Words(line, said, stretch.start + 1)
    asked = _read(words, at, known)
    if not comma:
        return asked
    if not isinstance(asked, Silence) or asked.kind == "pause":
        raise CueError(f"nothing rings in a [{words.cue}]", at=at, hint=f"write {_INTERVAL_EXAMPLE}, or a [rest]")
    end = stretch.end - 1
    inside = _Words(line, rings, end - len(rings), inside=True)
    return _with_interval(asked, inside, line.place(end - len(rings.lstrip()), end), known)


_TIMED = re.compile(r"\s*(?:for|pause|quiet|rest)\b")
"""Others may have a comma in a name."""


def _read(words: "_Words", at: Place, known: Known) -> Asked:
    match words.cue:
        case "pause" | "quiet" | "rest":
            return _SILENCES[words.cue](words, at)
        case "at":
            return _at(words, at)
        case "for":
            return _for(words, at)
        case "chime":
            return _chime(words, at, known)
        case "bed":
            return _bed(words, at, known)
        case "play":
            return Play(recording=words.recording(known), at=at)
        case "rate":
            rate = words.whole_number("the rate", _LEAST_RATE, _MOST_RATE)
            words.end()
            return Rate(rate=rate)
        case "safety":
            words.end()
            return Safety(at=at)
        case "voice":
            return Voice(name=words.voice(known.voices))
        case _:
            assert_never(words.cue)


def _check_values(line: Line, stretch: Stretch) -> None:
    """Let no value become part of a cue that could be just anything."""
    for piece in line.within(stretch.start, stretch.end):
        if piece.value in {"text", "number"}:
            hint = "declare it under params as a duration (60s), a choice, a sound or a voice"
            at = piece.place(piece.start, piece.end)
            raise CueError(f"a {piece.value} can't stand in a cue", at=at, hint=hint)


def _pause(words: "_Words", at: Place) -> Silence:
    length = words.duration()
    words.end()
    return Silence(kind="pause", least=length, natural=length, most=length, at=at)


def _rest(words: "_Words", at: Place) -> Silence:
    natural = words.duration()
    least, most = words.bounds(natural) or (Ms(natural // 2), Ms(natural * 2))
    words.end()
    return Silence(kind="rest", least=least, natural=natural, most=most, at=at)


def _quiet(words: "_Words", at: Place) -> Silence:
    said = words.next is not None and words.next.text != "from"
    natural = words.duration() if said else _QUIET
    bounds = words.bounds(natural if said else None)
    least, most = bounds or (min(natural, _LEAST_QUIET), max(natural, _MOST_QUIET))
    words.end()
    return Silence(kind="quiet", least=least, natural=min(max(natural, least), most), most=most, at=at)


_SILENCES = {"pause": _pause, "quiet": _quiet, "rest": _rest}


def _for(words: "_Words", at: Place) -> For:
    natural = words.duration()
    least, most = words.bounds(natural) or (natural, natural)
    words.end()
    return For(least=least, natural=natural, most=most, at=at)


def _at(words: "_Words", at: Place) -> At:
    if words.take("halfway"):
        words.end()
        return At(left=None, at=at)
    moment = words.next
    if moment is not None and not moment.text[0].isdigit():
        words.refuse(None, ("halfway",))
    left = words.duration()
    if moment is not None and words.next is None:
        hint = f"write [at {moment.text} left] for {moment.text} before the end, or [at halfway]"
        raise CueError(f"from where is {moment.text} counted?", at=at, hint=hint)
    words.expect("left")
    words.end()
    return At(left=left, at=at)


def _with_interval(silence: Silence, words: "_Words", at: Place, known: Known) -> Silence:
    """Let a chime ring in a silence. Raises CueError for one that is not for there, or would never ring."""
    chime, every = _rung(words, at, known)
    if every is None:
        hint = f"write {_INTERVAL_EXAMPLE}"
        raise CueError("how long is it from one chime to the next?", at=at, hint=hint)
    if chime.times > 1 or chime.wait is not None:
        hint = f"leave {'times' if chime.times > 1 else 'wait'} out: it rings once every {written(every)}"
        raise CueError("a chime in a silence rings by itself, and nothing waits for it", at=at, hint=hint)
    if every < _LEAST_INTERVAL:
        hint = f"write {written(_LEAST_INTERVAL)} or more"
        raise CueError(f"a chime in a silence can't ring every {written(every)}", at=at, hint=hint)
    interval = Interval(chime=replace(chime, wait=Ms(0)), every=every)
    if every + interval.before_end > silence.most:
        hint = f"the silence lasts at most {written(silence.most)}: let it be longer, or ring more often"
        raise CueError("this chime never rings", at=at, hint=hint)
    return replace(silence, interval=interval)


def _chime(words: "_Words", at: Place, known: Known) -> Chime:
    return _with_strokes(*_rung(words, at, known))


def _rung(words: "_Words", at: Place, known: Known) -> tuple[Chime, Ms | None]:
    """Read which chime, how, and how long it is from stroke to stroke if that is said."""
    chime = Chime(sound=words.sound(known), gain_db=0.0, times=1, every=Ms(0), wait=None, at=at)
    every: Ms | None = None
    for option in words.options(_OPTIONS["chime"]):
        match option:
            case "times":
                chime = replace(chime, times=words.whole_number("the strokes", 1, _MOST_STROKES))
                words.expect("times")
            case "every":
                every = words.duration()
            case "at":
                chime = replace(chime, gain_db=words.decibels(_LEAST_DB, _MOST_DB))
            case _:
                chime = replace(chime, wait=words.duration())
    return chime, every


_OPTIONS: dict[Name, tuple[str, ...]] = {"bed": ("at", "over"), "chime": ("times", "every", "at", "wait")}


def _with_strokes(chime: Chime, every: Ms | None) -> Chime:
    if chime.times > 1 and not every:
        hint = f"write [chime {chime.sound} {chime.times} times every 5s]"
        raise CueError("how long is it from stroke to stroke?", at=chime.at, hint=hint)
    if chime.times == 1 and every is not None:
        hint = f"write [chime {chime.sound} 3 times every {written(every)}], or leave every out"
        raise CueError("this chime rings once", at=chime.at, hint=hint)
    return replace(chime, every=every or Ms(0))


def _bed(words: "_Words", at: Place, known: Known) -> Bed:
    ends = words.take("off")
    bed = Bed(sound=None, fade=FADE_OUT, at=at) if ends else Bed(sound=words.sound(known), at=at)
    for option in words.options(("over",) if ends else _OPTIONS["bed"]):
        if option == "at":
            bed = replace(bed, level_db=words.decibels(_LEAST_BED_DB, _MOST_BED_DB))
        else:
            bed = replace(bed, fade=words.fade())
    return bed


_LEVEL_OR_COUNT = re.compile(r"[-+\N{MINUS SIGN}]?\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    text: str
    start: int
    """In the line."""
    end: int


def _joined(words: list[_Word]) -> str:
    return " ".join(word.text for word in words)


class _Words:
    """The words of a cue, taken one after the other."""

    def __init__(self, line: Line, text: str, first: int, *, inside: bool = False) -> None:
        """Part a text that begins at a column; `inside` a silence it can only be a chime."""
        self._line = line
        self._words = [
            _Word(text=plain(match[0]), start=first + match.start(), end=first + match.end())
            for match in re.finditer(r"\S+", text)
        ]
        self._end = first + len(text)
        self._example = _INTERVAL_EXAMPLE
        self.cue: Name = "chime"
        if inside:
            self.expect("chime")
        else:
            self.cue = self._known_cue(self._words.pop(0))
            self._example = _EXAMPLES[self.cue]

    def _known_cue(self, word: _Word) -> Name:
        for name in _EXAMPLES:
            if name == word.text:
                return name
        hint = did_you_mean(word.text, _EXAMPLES)
        raise CueError(f"there is no cue called '{word.text}'", at=self._place(word), hint=hint)

    @property
    def next(self) -> _Word | None:
        return self._words[0] if self._words else None

    def duration(self) -> Ms:
        word = self._take()
        try:
            return parse_duration(word.text)
        except ValueError as error:
            message, _, hint = str(error).partition(": ")
            raise CueError(message, at=self._place(word), hint=hint or None) from error

    def fade(self) -> Ms:
        first, length = self.next, self.duration()
        if first is not None and not _LEAST_FADE <= length <= _MOST_FADE:
            hint = f"write a duration from {written(_LEAST_FADE)} to {written(_MOST_FADE)}"
            raise CueError(f"a fade can't take {written(length)}", at=self._place(first), hint=hint)
        return length

    def bounds(self, natural: Ms | None) -> tuple[Ms, Ms] | None:
        """Read `from 10s to 40s`, if it is there."""
        if self.next is None or self.next.text != "from":
            return None
        first = self._take()
        least = self.duration()
        self.expect("to")
        last = self._words[0] if self._words else first
        most = self.duration()
        if not least <= (least if natural is None else natural) <= most:
            between = f"{written(least)} to {written(most)}"
            message = between if natural is None else f"{written(natural)} does not lie in {between}"
            at = self._line.place(first.start, last.end)
            raise CueError(f"these bounds are out of order: {message}", at=at, hint=f"as in {self._example}")
        return least, most

    def whole_number(self, what: str, least: int, most: int) -> int:
        word = self._take()
        if not re.fullmatch(r"\d{1,6}", word.text) or not least <= int(word.text) <= most:
            hint = f"write a whole number from {least} to {most}"
            raise CueError(f"{what} can't be '{word.text}'", at=self._place(word), hint=hint)
        return int(word.text)

    def decibels(self, least: float, most: float) -> float:
        """Read `-6dB`, `+3 dB`, or a level with a true minus sign."""
        word = self._take()
        end, text = word.end, word.text
        if self.next is not None and self.next.text.lower() == "db":
            end, text = self.next.end, f"{text}{self._take().text}"
        match = re.fullmatch(r"([-+\N{MINUS SIGN}]?)(\d{1,3}(?:\.\d{1,2})?)db", text, re.IGNORECASE)
        level = float(match[2]) * (1 if match[1] in {"", "+"} else -1) if match else None
        if level is None or not least <= level <= most:
            at = self._line.place(word.start, end)
            hint = f"write decibels from {least:+g}dB to {most:+g}dB"
            raise CueError(f"the level can't be '{text}'", at=at, hint=hint)
        return level

    def take(self, text: str) -> bool:
        """Take a word, if it comes next."""
        if self.next is None or self.next.text != text:
            return False
        self._take()
        return True

    def sound(self, known: Known) -> str:
        """Read the name, of one or more words, of a sound of the cue's kind, up to an option."""
        names, others, other = known.chimes, known.beds, "bed"
        if self.cue == "bed":
            names, others, other = known.beds, known.chimes, "chime"
        taken = [self._take()]
        while self.next is not None and not self._is_option():
            taken.append(self._take())
        name = _joined(taken)
        if name in names:
            return name
        at = self._line.place(taken[0].start, taken[-1].end)
        if name in others:
            raise CueError(f"'{name}' is a {other}, not a {self.cue}", at=at, hint=f"write [{other} {name}]")
        self._refuse_option(taken, names)
        what = "sound" if self.cue == "chime" else "bed"
        raise CueError(f"there is no {what} called '{name}'", at=at, hint=did_you_mean(name, names))

    def options(self, known: tuple[str, ...]) -> Iterator[str]:
        """Take the names of options, in any order; what an option says is for the caller to take."""
        seen: set[str] = set()
        while self.next is not None:
            option = "times" if "times" in known and self.next.text[:1].isdigit() else self.next.text
            if option in seen:
                self.refuse("a second time", ())
            if option not in known:
                self.refuse(None, tuple(one for one in known if one not in seen))
            seen.add(option)
            if option != "times":  # it stands behind its number
                self._take()
            yield option

    def _is_option(self) -> bool:
        options = _OPTIONS[self.cue]
        first, second = self._words[0].text, self._words[1].text if len(self._words) > 1 else ""
        return first in options or ("times" in options and first.isdigit() and second in {"", *options})

    def _refuse_option(self, taken: list[_Word], names: Collection[str]) -> None:
        """Refuse a misspelt option that was taken for a part of a sound's name: `bowl 3 tmies`, `bowl evry 5s`."""
        options = _OPTIONS[self.cue]
        known = (count for count in range(len(taken) - 1, 0, -1) if _joined(taken[:count]) in names)
        rest = taken[next(known, len(taken)) :]
        if rest and rest[0].text.isdigit() and "times" in options:
            self._words = rest[1:] + self._words
            self.refuse(None, ("times",))
        if rest and (_LEVEL_OR_COUNT.match(rest[0].text) or difflib.get_close_matches(rest[0].text, options, n=1)):
            self._words = rest + self._words
            self.refuse(None, options)

    def voice(self, voices: Collection[str]) -> str:
        """Read a voice's name of one or more words."""
        name, at = self._rest()
        if name not in voices:
            raise CueError(f"there is no voice called '{name}'", at=at, hint=nearest_voice(name, voices))
        return name

    def recording(self, known: Known) -> str:
        """Read a recording's name of one or more words."""
        name, at = self._rest()
        if name in known.recordings:
            return name
        if name in known.chimes or name in known.beds:
            kind = "chime" if name in known.chimes else "bed"
            raise CueError(f"'{name}' is a {kind}, not a recording", at=at, hint=f"write [{kind} {name}]")
        near = did_you_mean(name, known.recordings)
        hint = near if near.startswith("did") else f"{near}: put the file beside the script, and write its name"
        raise CueError(f"there is no recording called '{name}'", at=at, hint=hint)

    def expect(self, text: str) -> None:
        word = self._take()
        if word.text != text:
            raise CueError(f"'{text}' is missing before this", at=self._place(word), hint=f"as in {self._example}")

    def end(self) -> None:
        if self.next is not None:
            self.refuse(None, ("from",) if self.cue in {"rest", "quiet", "for"} else ())

    def refuse(self, reason: str | None, known: tuple[str, ...]) -> NoReturn:
        word = self._words[0]
        near = did_you_mean(word.text, known) if known else ""
        hint = near if near.startswith("did") else f"write {self._example}"
        message = f"'{word.text}' stands here {reason}" if reason else f"'{word.text}' can't be read here"
        raise CueError(message, at=self._place(word), hint=hint)

    def _rest(self) -> tuple[str, Place]:
        """Take all that is left, as one name."""
        taken = [self._take(), *self._words]
        self._words = []
        return _joined(taken), self._line.place(taken[0].start, taken[-1].end)

    def _take(self) -> _Word:
        if not self._words:
            at = self._line.place(self._end, self._end + 1)
            raise CueError("something is missing here", at=at, hint=f"write {self._example}")
        return self._words.pop(0)

    def _place(self, word: _Word) -> Place:
        return self._line.place(word.start, word.end)
