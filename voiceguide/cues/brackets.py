"""What stands between brackets -> what it asks for: a silence, a chime, its line's length, another rate or voice."""

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal, NoReturn, assert_never

from voiceguide.cues.kinds import Chime, Silence
from voiceguide.cues.lines import Stretch
from voiceguide.durations import Ms, parse_duration, written
from voiceguide.errors import CueError, Place, did_you_mean
from voiceguide.script import Known, Line, nearest_voice, plain

Name = Literal["chime", "for", "pause", "quiet", "rate", "rest", "voice"]
_EXAMPLES: dict[Name, str] = {
    "chime": "[chime bowl] or [chime bowl 3 times every 5s at -6dB wait 8s]",
    "for": "[for 4s] or [for 4s from 3s to 8s]",
    "pause": "[pause 4s]",
    "quiet": "[quiet] or [quiet 2m from 30s to 10m]",
    "rate": "[rate 100]",
    "rest": "[rest 20s] or [rest 20s from 10s to 40s]",
    "voice": "[voice NAME]",
}

_QUIET, _LEAST_QUIET, _MOST_QUIET = Ms(60_000), Ms(20_000), Ms(180_000)
"""Longer than three minutes, listeners think the recording broke."""
_LEAST_RATE, _MOST_RATE = 60, 220
_MOST_STROKES = 108
_LEAST_DB, _MOST_DB = -40.0, 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class For:
    """How long its line takes."""

    least: Ms
    natural: Ms
    most: Ms
    at: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """From here on, in words a minute."""

    rate: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """From here on."""

    name: str


def read_bracket(line: Line, stretch: Stretch, known: Known) -> Silence | Chime | For | Rate | Voice:
    """Read a cue. Raises CueError, with a caret under the word that can't be read."""
    _check_values(line, stretch)
    words = _Words(line, stretch)
    at = line.place(stretch.start, stretch.end)
    match words.cue:
        case "pause":
            length = words.duration()
            words.end()
            return Silence(kind="pause", least=length, natural=length, most=length, at=at)
        case "rest":
            return _rest(words, at)
        case "quiet":
            return _quiet(words, at)
        case "for":
            return _for(words, at)
        case "chime":
            return _chime(words, at, known.chimes)
        case "rate":
            rate = words.whole_number("the rate", _LEAST_RATE, _MOST_RATE)
            words.end()
            return Rate(rate=rate)
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


def _for(words: "_Words", at: Place) -> For:
    natural = words.duration()
    least, most = words.bounds(natural) or (natural, natural)
    words.end()
    return For(least=least, natural=natural, most=most, at=at)


def _chime(words: "_Words", at: Place, sounds: Collection[str]) -> Chime:
    chime = Chime(sound=words.sound(sounds), gain_db=0.0, times=1, every=Ms(0), wait=None, at=at)
    seen: set[str] = set()
    every: Ms | None = None
    while words.next is not None:
        option = "times" if words.next.text[:1].isdigit() else words.next.text
        if option not in _OPTIONS or option in seen:
            words.refuse("a second time" if option in seen else None, () if option in seen else _OPTIONS[1:])
        seen.add(option)
        match option:
            case "times":
                chime = replace(chime, times=words.whole_number("the strokes", 1, _MOST_STROKES))
                words.expect("times")
            case "every":
                words.expect("every")
                every = words.duration()
            case "at":
                words.expect("at")
                chime = replace(chime, gain_db=words.decibels())
            case _:
                words.expect("wait")
                chime = replace(chime, wait=words.duration())
    return _with_strokes(chime, every)


_OPTIONS = ("times", "every", "at", "wait")


def _with_strokes(chime: Chime, every: Ms | None) -> Chime:
    if chime.times > 1 and not every:
        hint = f"write [chime {chime.sound} {chime.times} times every 5s]"
        raise CueError("how long is it from stroke to stroke?", at=chime.at, hint=hint)
    if chime.times == 1 and every is not None:
        hint = f"write [chime {chime.sound} 3 times every {written(every)}], or leave every out"
        raise CueError("this chime rings once", at=chime.at, hint=hint)
    return replace(chime, every=every or Ms(0))


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

    def __init__(self, line: Line, stretch: Stretch) -> None:
        self._line = line
        first = stretch.start + 1
        self._words = [
            _Word(text=plain(match[0]), start=first + match.start(), end=first + match.end())
            for match in re.finditer(r"\S+", stretch.text)
        ]
        self._end = stretch.end - 1
        self.cue = self._known_cue(self._words.pop(0))

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
            raise CueError(f"these bounds are out of order: {message}", at=at, hint=f"as in {_EXAMPLES[self.cue]}")
        return least, most

    def whole_number(self, what: str, least: int, most: int) -> int:
        word = self._take()
        if not re.fullmatch(r"\d{1,6}", word.text) or not least <= int(word.text) <= most:
            hint = f"write a whole number from {least} to {most}"
            raise CueError(f"{what} can't be '{word.text}'", at=self._place(word), hint=hint)
        return int(word.text)

    def decibels(self) -> float:
        """Read `-6dB`, `+3 dB`, or a level with a true minus sign."""
        word = self._take()
        end, text = word.end, word.text
        if self.next is not None and self.next.text.lower() == "db":
            end, text = self.next.end, f"{text}{self._take().text}"
        match = re.fullmatch(r"([-+\N{MINUS SIGN}]?)(\d{1,3}(?:\.\d{1,2})?)db", text, re.IGNORECASE)
        level = float(match[2]) * (1 if match[1] in {"", "+"} else -1) if match else None
        if level is None or not _LEAST_DB <= level <= _MOST_DB:
            at = self._line.place(word.start, end)
            hint = f"write decibels from {_LEAST_DB:g}dB to +{_MOST_DB:g}dB"
            raise CueError(f"the level can't be '{text}'", at=at, hint=hint)
        return level

    def sound(self, sounds: Collection[str]) -> str:
        """Read a sound's name of one or more words, up to an option."""
        taken = [self._take()]
        while self.next is not None and not self._is_option():
            taken.append(self._take())
        name = _joined(taken)
        if name not in sounds:
            self._refuse_option(taken, sounds)
            at = self._line.place(taken[0].start, taken[-1].end)
            raise CueError(f"there is no sound called '{name}'", at=at, hint=did_you_mean(name, sounds))
        return name

    def _is_option(self) -> bool:
        first, second = self._words[0].text, self._words[1].text if len(self._words) > 1 else ""
        return first in _OPTIONS or (first.isdigit() and second in {"", *_OPTIONS})

    def _refuse_option(self, taken: list[_Word], sounds: Collection[str]) -> None:
        """Refuse a misspelt option that was taken for a part of a sound's name: `bowl 3 tmies`, `bowl evry 5s`."""
        known = (count for count in range(len(taken) - 1, 0, -1) if _joined(taken[:count]) in sounds)
        rest = taken[next(known, len(taken)) :]
        if rest and rest[0].text.isdigit():
            self._words = rest[1:] + self._words
            self.refuse(None, ("times",))
        if rest and (rest[0].text[0].isdigit() or difflib.get_close_matches(rest[0].text, _OPTIONS, n=1)):
            self._words = rest + self._words
            self.refuse(None, _OPTIONS)

    def voice(self, voices: Collection[str]) -> str:
        """Read a voice's name of one or more words."""
        taken = [self._take(), *self._words]
        name = _joined(taken)
        if name not in voices:
            at = self._line.place(taken[0].start, taken[-1].end)
            raise CueError(f"there is no voice called '{name}'", at=at, hint=nearest_voice(name, voices))
        return name

    def expect(self, text: str) -> None:
        word = self._take()
        if word.text != text:
            raise CueError(
                f"'{text}' is missing before this", at=self._place(word), hint=f"as in {_EXAMPLES[self.cue]}"
            )

    def end(self) -> None:
        if self.next is not None:
            self.refuse(None, ("from",) if self.cue in {"rest", "quiet", "for"} else ())

    def refuse(self, reason: str | None, known: tuple[str, ...]) -> NoReturn:
        word = self._words[0]
        near = did_you_mean(word.text, known) if known else ""
        hint = near if near.startswith("did") else f"write {_EXAMPLES[self.cue]}"
        message = f"'{word.text}' stands here {reason}" if reason else f"'{word.text}' can't be read here"
        raise CueError(message, at=self._place(word), hint=hint)

    def _take(self) -> _Word:
        if not self._words:
            at = self._line.place(self._end, self._end + 1)
            raise CueError("something is missing here", at=at, hint=f"write {_EXAMPLES[self.cue]}")
        return self._words.pop(0)

    def _place(self, word: _Word) -> Place:
        return self._line.place(word.start, word.end)
