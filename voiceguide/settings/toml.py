"""TOML text -> its tables, and where each key of them stands."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voiceguide.errors import Place, SettingsError


def read_toml(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason, _, where = str(error).partition(" (at ")
        message, hint = next(
            (words for beginning, words in _TOML_WORDS.items() if reason.startswith(beginning)),
            (f"this can't be read: {reason}", 'write each line as key = "value"'),
        )
        lines = text.split("\n")
        numbers = [int(number) for number in re.findall(r"\d+", where)] or [len(lines), len(lines[-1]) + 1]
        line = min(numbers[0], len(lines))
        column, width = (1, len(lines[line - 1])) if "second time" in message else (numbers[-1], 1)
        at = Place(path=str(path), line=line, column=column, width=width, source=lines[line - 1])
        raise SettingsError(message, at=at, hint=hint) from error


_TOML_WORDS = {
    "Invalid value": ("this value can't be read", 'put a text in quotes, as in bell = "tingsha"'),
    "Expected '='": ("this line has no =", 'write it as bell = "tingsha"'),
    "Invalid statement": ("this line can't be read", 'write it as bell = "tingsha"'),
    "Expected ']'": ("this table's name can't be read", "write it as [presets.evening]"),
    "Cannot overwrite": ("this stands here a second time", "keep one of the two"),
    "Cannot declare": ("this table stands here a second time", "keep one, with the lines of both"),
    "Expected newline": ("this line goes on where it should end", 'put a text in quotes, as in bell = "tingsha"'),
    "Illegal character": ("this is not closed", "close the quotes on the same line"),
    "Unterminated": ("this is not closed", "close the quotes"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Where a key stands in the file, and its value."""

    line: int
    source: str
    key: tuple[int, int]
    """Its first character and the one after its last, counted from 0."""
    value: tuple[int, int]


Places = Mapping[tuple[str, ...], Statement]
_KEY = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[^='"])*?)\s*=\s*""")
_VALUE = re.compile(r"""("(?:\\.|[^"\\])*"|'[^']*'|[^#])*""")


def places_of(text: str) -> Places:
    """Find where each key stands.

    TOML is a row of statements, and the shortest run of lines that can be read by itself is one: `tomllib` gives no
    places, but it can tell what can be read.
    """
    places: dict[tuple[str, ...], Statement] = {}
    table: tuple[str, ...] = ()
    for number, lines in _statements(text.split("\n")):
        found = tomllib.loads("\n".join(lines))
        statement = _statement(number, lines[0])
        if lines[0].lstrip().startswith("["):
            table = max(_paths(found), key=len)
            found = {}
            places |= {table[:depth]: statement for depth in range(1, len(table) + 1) if table[:depth] not in places}
        places |= {(*table, *path): statement for path in _paths(found)}
    return places


def _statements(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Part lines into statements, each with the number of its first line; what is empty is none."""
    start = 0
    for end in range(1, len(lines) + 1):
        if _is_whole(lines[start:end]):
            if tomllib.loads("\n".join(lines[start:end])):
                yield start + 1, lines[start:end]
            start = end


def _is_whole(lines: list[str]) -> bool:
    try:
        tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        return False
    return True


def _statement(number: int, source: str) -> Statement:
    key = _KEY.match(source)
    if key is None or source.lstrip().startswith("["):
        whole = (len(source) - len(source.lstrip()), len(source.rstrip()))
        return Statement(line=number, source=source, key=whole, value=whole)
    value = _VALUE.match(source, key.end())
    end = len(source[: value.end()].rstrip()) if value else len(source)
    return Statement(line=number, source=source, key=key.span(1), value=(key.end(), end))


def _paths(data: object) -> Iterator[tuple[str, ...]]:
    """Give the path of every key in nested tables."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield (key,)
            yield from ((key, *path) for path in _paths(value))


def nearest(here: tuple[str, ...], places: Places, path: Path, *, key: bool = False) -> Place:
    """Give the place of a key or its value; of the nearest around it that has one."""
    around = next(here[:depth] for depth in range(len(here), -1, -1) if here[:depth] in places or depth == 0)
    if not around:
        return Place(path=str(path), line=1)
    found = places[around]
    start, end = found.key if key else found.value
    width = max(1, end - start)
    return Place(path=str(path), line=found.line, column=start + 1, width=width, source=found.source)
