"""A code such as `BL23` -> what a session says about that point: its name, how to say it, where it is."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

_TABLE = Path(__file__).with_name("points.toml")
_CODE = re.compile(r"(EX)?[\s-]*([A-Z]{2})[\s-]*0*(\d{1,2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A point as `points.toml` has it; names and uses are tradition, no effect is promised."""

    code: str
    """As the WHO writes it, without separators: `BL23`, `EX-HN3`."""
    pinyin: str
    """`Shènshū`."""
    hanzi: str
    meaning: str
    """Of the name, in English."""
    say_as: str
    """The name in English letters, as a voice should say it: `shen shoo`."""
    region: str
    sides: int
    """2 where there is one on each side of the body, 1 on its middle line."""
    place: str
    """Where it is, in English, for a listener with closed eyes."""
    seconds: int
    """How long it is usually held, on each side; 0 for a point that is not to be offered."""
    least: int
    """Seconds."""
    most: int
    """Seconds."""
    positions: tuple[str, ...]
    """How one may lie or sit with it; on the mat, points of the back are only attended to."""
    pregnancy: Literal["avoid", "ask", "unknown"]
    """Traditionally left out; ask first; no warning found beyond the general one."""
    caution: str


@cache
def table() -> dict[str, Point]:
    """Give every point, by its code."""
    with _TABLE.open("rb") as file:
        rows = tomllib.load(file)
    return {code: Point(code=code, **{**row, "positions": tuple(row["positions"])}) for code, row in rows.items()}


def find(code: str) -> Point | None:
    """Give the point of a code written with any case, spaces, hyphens or leading zeros; None if there is none."""
    match = _CODE.fullmatch(code.strip().upper())
    if match is None:
        return None
    extra, meridian, number = match.groups(default="")
    return table().get(f"{extra}{'-' if extra else ''}{meridian}{number}")
