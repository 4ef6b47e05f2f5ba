"""A file -> its text, checked and normalised; and a stretch of what was made from it -> the place it was written at."""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from voiceguide.errors import Place, ScriptError

MOST_CHARACTERS = 1_000_000
"""Of a script or a part. Compiling 1.8 MB of `{{ a }}` took longer than 8 s."""

_UNFIT = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff\U000f0000-\U0010ffff]"
)
"""Control and line-breaking characters, lone surrogates, what Unicode says is no character, and the private characters
this package marks text with."""

_SYNTAX = "[]#*\\"
_STAND_INS = {ord(char): chr(0xE000 + number) for number, char in enumerate(_SYNTAX)}
_STOOD_FOR = {ord(stand_in): chr(char) for char, stand_in in _STAND_INS.items()}


def stood_in(text: str) -> str:
    """Swap the characters of the cue language for private ones, one for one, so that the text can't form a cue."""
    return text.translate(_STAND_INS)


def plain(text: str) -> str:
    """Swap them back, to speak or show the text."""
    return text.translate(_STOOD_FOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    """A file as it was read: lines end in a line feed, characters are composed (NFC)."""

    path: str
    """As a person would name it."""
    text: str

    def place(self, start: int, end: int, gave: str | None = None) -> Place:
        """Give the place of a stretch; of several lines, the first counts."""
        starts = _line_starts(self.text)
        line = bisect_right(starts, start)
        source = _lines(self.text)[line - 1]
        column = start - starts[line - 1] + 1
        width = max(1, min(end - start, len(source) - column + 1))
        return Place(path=self.path, line=line, column=column, width=width, source=source, gave=gave)


@lru_cache(maxsize=64)
def _lines(text: str) -> tuple[str, ...]:
    """Part a text once: a copy of its line for each place in it would make a long one quadratic, in room as in time."""
    return tuple(text.split("\n"))


@lru_cache(maxsize=64)
def _line_starts(text: str) -> tuple[int, ...]:
    return (0, *(match.end() for match in re.finditer("\n", text)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of a line that came from one stretch of a file."""

    start: int
    """In the line's text."""
    end: int
    file: SourceText
    offset: int
    """In the file's text."""
    width: int
    """In the file's text: of the whole `{{ }}`, where one gave this."""
    value: Literal["text", "number", "choice", "duration"] | None
    """What a `{{ }}` gave; None for what is written in the file."""
    gave: str | None
    picked: bool = False
    """Whether another seed gives other words."""

    def place(self, start: int, end: int) -> Place:
        first, last = self.span(start, end)
        return self.file.place(first, last, self.gave)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Turn a stretch of the line into one of the file."""
        if self.value is not None:
            return self.offset, self.offset + self.width
        shift = self.offset - self.start
        most = self.offset + self.width
        return min(start + shift, most), min(end + shift, most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the expanded script."""

    text: str
    """With stand-ins for the characters a value must not form cues with: `plain` turns them back."""
    at: Place
    """Where its first visible character was written."""
    pieces: tuple[Piece, ...]

    def place(self, start: int, end: int) -> Place:
        """Give the place of a stretch of the text, exact where it is written, else of the `{{ }}` that gave it."""
        touched = self.within(start, max(end, start + 1)) or self.pieces[-1:]
        if not touched:
            return self.at
        first, last = touched[0], touched[-1]
        if first is not last and first.file is last.file:
            opening, closing = first.span(start, end)[0], last.span(start, end)[1]
            if opening < closing and "\n" not in first.file.text[opening:closing]:
                return first.file.place(opening, closing)
        return first.place(start, min(end, first.end))

    def within(self, start: int, end: int) -> tuple[Piece, ...]:
        """Give the pieces a stretch touches."""
        return tuple(piece for piece in self.pieces if piece.start < end and piece.end > start)


def read_text(path: Path) -> SourceText:
    """Read a UTF-8 file. Raises ScriptError where it is not there, no text, too large, or holds what can't be seen."""
    try:
        if not path.is_file():
            raise ScriptError(f"there is no script at '{path}'", hint="`voiceguide list` shows the scripts there are")
        with path.open("rb") as file:
            data = file.read(4 * MOST_CHARACTERS + 1)
    except (OSError, ValueError) as error:
        raise ScriptError(f"'{path}' can't be read: {error}") from error
    return as_text(_decoded(data, path), path)


def as_text(written: str, path: Path) -> SourceText:
    """Take a text as if a file held it. Raises ScriptError where it is too large, or holds what can't be seen."""
    text = unicodedata.normalize("NFC", _lines_of(written))
    source = SourceText(path=str(path), text=text)
    if len(text) > MOST_CHARACTERS:
        raise ScriptError(f"'{path}' is longer than {MOST_CHARACTERS:,} characters", hint="split it into scripts")
    if unfit := _UNFIT.search(text):
        at = source.place(unfit.start(), unfit.end())
        raise ScriptError(f"{name_of(unfit[0])} can't be seen or spoken", at=at, hint="delete this character")
    return source


def unfit_character(text: str) -> str | None:
    """Name the first character that must not stand in a script or a value; None if all is well."""
    unfit = _UNFIT.search(text)
    return name_of(unfit[0]) if unfit else None


def name_of(char: str) -> str:
    """Name a character that may not be seen: `the character U+0007`."""
    return f"the character U+{ord(char):04X}"


def _decoded(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = _lines_of(data[: error.start].decode("utf-8-sig", "replace"))
        line = before.rpartition("\n")[2]
        at = Place(
            path=str(path), line=before.count("\n") + 1, column=len(line) + 1, source=f"{line}\N{REPLACEMENT CHARACTER}"
        )
        raise ScriptError("this is not UTF-8 text", at=at, hint="save the file as UTF-8") from error


def _lines_of(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
