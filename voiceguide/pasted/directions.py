"""A stage direction, as people write them -> the cue it asks for: "(pause 10 seconds)", "*gong*", "Stille"."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from voiceguide.durations import Ms, parse_clock, written

DIRECTION = re.compile(
    r"""\((?P<round>[^()\[\]{}]*)\) | \[(?P<square>[^()\[\]{}]*)\] | \{+(?P<curly>[^()\[\]{}]*)\}+
    | \*+(?P<stars>[^*]+)\*+ | <break\s+time="(?P<ssml>[^"]*)"\s*/?>""",
    re.VERBOSE,
)
"""What may be one inside a line."""

_AROUND = " \t.…-–—_~:;,!"  # noqa: RUF001  -- dashes, as people type them
_BETWEEN = " \t,.:;-–—=’'×…"  # noqa: RUF001  -- as above
_WORD = re.compile(r"\d+:\d\d|\d+(?:[.,]\d+)?|[^\W\d_]+")
_EXACT = Ms(10_000)
"""A longer silence may give when a recording is made longer or shorter."""
_QUIET = Ms(60_000)
_LONGEST = Ms(24 * 3_600_000)
_EVERY = "5s"
_MOST_STROKES = 108
_MOST_DIGITS = 6


_USUAL = {None: Ms(5000), "short": Ms(3000), "long": Ms(15_000)}
"""Of a pause that does not say how long."""
_SILENT = frozenset({"pause", "quiet"})
_UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000}


@cache
def _words_of(table: str) -> Mapping[str, str]:
    """Give what each word of a table means."""
    with (Path(__file__).parent / "directions.toml").open("rb") as file:
        meanings = tomllib.load(file)[table]
    return {word: meaning for meaning, words in meanings.items() for word in words.split()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """What a direction asks for."""

    cue: str
    """As a script has it: `[rest 10s]`."""
    sound: str | None = None
    """Which one rings."""
    guessed: bool = False
    """It did not say how long."""


@dataclass(slots=True)
class _Heard:
    """What the words of a direction came to so far."""

    kinds: list[str] = field(default_factory=list)
    ms: float = 0.0
    number: float | None = None
    size: str | None = None
    times: int = 1
    joined: bool = False
    """By "and" or the like."""


def read_direction(text: str, *, bare: bool = False) -> Direction | None:
    """Understand a direction, or give None. A `bare` one has no brackets: then a time alone is none."""
    words = _words(text)
    heard = _Heard()
    for number, word in enumerate(words):
        if not _take(word, words[number + 1] if number + 1 < len(words) else "", heard):
            return None
    kinds = set(heard.kinds)
    if heard.number is not None or len(kinds) > 1 or not 1 <= heard.times <= _MOST_STROKES:
        return None
    if kinds - _SILENT:
        return None if heard.ms else Direction(cue=_strokes(heard.times), sound=kinds.pop())
    if heard.times > 1 or heard.ms > _LONGEST or not (kinds or (heard.ms and not bare)):
        return None
    return _silence(heard)


def is_near(text: str) -> bool:
    """Tell whether a text speaks of silence, time or a sound, as directions do."""
    meant = {*_words_of("kinds"), *_words_of("units")}
    return any(word in meant for word in _WORD.findall(text.lower()))


def _words(text: str) -> list[str]:
    """Part a direction into words and numbers, `10s` into two. There are none where anything else stands in it."""
    stripped = text.strip(_AROUND)
    return [] if _WORD.sub("", stripped).strip(_BETWEEN) else _WORD.findall(stripped.lower())


def _take(word: str, following: str, heard: _Heard) -> bool:
    """Take one word; tell whether it belongs in a direction."""
    if word in _words_of("kinds"):
        heard.kinds.append(_words_of("kinds")[word])
    elif heard.number is not None and word in _words_of("units"):
        heard.ms += heard.number * _UNIT_MS[_words_of("units")[word]]
        heard.number = None
    elif heard.number is not None and heard.number.is_integer() and _words_of("other").get(word) == "times":
        heard.times, heard.number = int(heard.number), None
    elif word in _words_of("sizes"):
        heard.size = _words_of("sizes")[word]
    elif word in _words_of("few"):
        return _take_few(_words_of("few")[word], following, heard)
    elif word in _words_of("numbers") or word[0].isdecimal():
        return _take_number(word, following, heard)
    else:
        heard.joined = heard.joined or _words_of("other").get(word) == "joining"
        return word in _words_of("other")
    return True


def _take_few(word: str, following: str, heard: _Heard) -> bool:
    """Take "a" and "half": of a unit a number, else an article. "One and a half minutes" is not understood."""
    if word == "half":
        heard.number = 0.5
    elif following in _words_of("units") and heard.number is None:
        heard.number = 1
    return not (word == "half" and heard.joined)


def _take_number(word: str, following: str, heard: _Heard) -> bool:
    if ":" in word:
        heard.ms += _clock(word)
        return heard.ms > 0
    if heard.number is not None or len(word) > _MOST_DIGITS:
        return False
    number = float(_words_of("numbers").get(word, word).replace(",", "."))
    if following in _words_of("units") or _words_of("other").get(following) == "times":
        heard.number = number
        return True
    sounds = [*heard.kinds, *filter(None, [_words_of("kinds").get(following)])]
    heard.times = int(number)  # "three bells", "bell x3", "the bell twice"
    return bool(sounds) and sounds[-1] not in _SILENT and number.is_integer()


def _clock(word: str) -> Ms:
    try:
        return parse_clock(word)
    except ValueError:
        return Ms(0)


def _strokes(times: int) -> str:
    return f" {times} times every {_EVERY}" if times > 1 else ""


def _silence(heard: _Heard) -> Direction:
    if not heard.ms and "quiet" in heard.kinds and heard.size is None:
        return Direction(cue="[quiet]", guessed=True)
    length = Ms(round(heard.ms)) or _USUAL[heard.size]
    kind = "quiet" if "quiet" in heard.kinds or length >= _QUIET else "pause" if length < _EXACT else "rest"
    return Direction(cue=f"[{kind} {written(length)}]", guessed=not heard.ms)


def inside(match: re.Match[str]) -> Iterator[str]:
    """Give what stands between the marks of a `DIRECTION`."""
    yield from (text for text in match.groupdict().values() if text is not None)
