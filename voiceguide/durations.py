"""Text -> whole milliseconds, and back: written `1m30s`, shown `1:30`, spoken `1 minute and 30 seconds`."""

import re
from dataclasses import dataclass
from typing import NewType

Ms = NewType("Ms", int)
"""Whole milliseconds. They add up exactly, and MP3 chapters are stored in them."""

_UNITS = {"h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_OTHER_NAMES = {
    name: unit
    for unit, names in {
        "ms": "msec msecs millis millisecond milliseconds",
        "s": "sec secs second seconds",
        "m": "min mins minute minutes",
        "h": "hr hrs hour hours",
    }.items()
    for name in names.split()
}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([^\W\d_]*)\s*")
_SURELY_MS = 300
"""Nobody means so many minutes."""
_LONGEST = 24 * 3_600_000


def parse_duration(text: str) -> Ms:
    """Read `500ms`, `4s`, `1m30s`, `1.5m` or `2h`.

    Raises ValueError, in words for the writer of a script: no unit, an unknown unit, units out of order.
    """
    stripped = text.strip()
    if re.fullmatch(r"\d+(\.\d+)?", stripped):
        raise ValueError(_without_unit(stripped))
    total, position, last = 0.0, 0, _LONGEST + 1
    while position < len(stripped) and (part := _PART.match(stripped, position)):
        number, unit = part.groups()
        if unit not in _UNITS:
            raise ValueError(_unknown_unit(number, unit))
        if _UNITS[unit] >= last:
            raise ValueError(f"'{stripped}' has its units out of order: write hours, minutes, seconds, as in 1h2m30s")
        last = _UNITS[unit]
        total += float(number) * last
        position = part.end()
    if position == 0 or position < len(stripped):
        raise ValueError(f"'{stripped}' is not a duration: write it as 500ms, 4s, 1m30s or 2h")
    if total > _LONGEST:
        raise ValueError(f"'{stripped}' is longer than a day")
    return Ms(round(total))


def parse_clock(text: str) -> Ms:
    """Read `20:00` or `1:02:30` as a length; anything `parse_duration` reads as well. Raises ValueError."""
    if ":" not in text:
        return parse_duration(text)
    match = re.fullmatch(r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)(?:\.(\d{1,3}))?", text.strip())
    if not match:
        raise ValueError(f"'{text}' is not a length: write it as 20:00, 1:05:00, 20m or 1h5m")
    hours, minutes, seconds, fraction = match.groups(default="0")
    total = int(hours) * 3_600_000 + int(minutes) * 60_000 + int(seconds) * 1000 + int(fraction.ljust(3, "0"))
    if total > _LONGEST:
        raise ValueError(f"'{text}' is longer than a day")
    return Ms(total)


def written(length: Ms) -> str:
    """Write a duration so that `parse_duration` reads it back: `1m30s`, `22s500ms`, `0s`."""
    rest, parts = int(length), []
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"


def clock(length: Ms) -> str:
    """Show a duration or a moment as a player does: `1:30`, `1:02:30`."""
    minutes, seconds = divmod(int(length) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def spoken(length: Ms, language: str) -> str:
    """Say a duration in a language, by Unicode CLDR: `1 minute and 30 seconds`, `90 Minuten`."""
    from babel.lists import format_list  # noqa: PLC0415  -- 0.1 s that `--help` need not pay
    from babel.units import format_unit  # noqa: PLC0415

    rest, parts = round(int(length) / 1000) * 1000, []
    names = {"h": "duration-hour", "m": "duration-minute", "s": "duration-second"}
    if rest < 2 * _UNITS["h"]:
        names.pop("h")  # "90 minutes" is what people say
    for unit, name in names.items():
        count, rest = divmod(rest, _UNITS[unit])
        parts += [format_unit(count, name, length="long", locale=language)] if count else []
    return format_list(parts, locale=language) if parts else format_unit(0, names["s"], length="long", locale=language)


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A duration as a value in a template: `each / 2`, `length - 30s`; it prints as `parse_duration` reads it."""

    ms: Ms

    def __str__(self) -> str:
        return written(self.ms)

    def __add__(self, other: "Duration") -> "Duration":
        if not isinstance(other, Duration):
            return NotImplemented
        return Duration(Ms(self.ms + other.ms))

    def __sub__(self, other: "Duration") -> "Duration":
        if not isinstance(other, Duration):
            return NotImplemented
        if other.ms > self.ms:
            raise ValueError(f"{self} less {other} would be less than nothing")
        return Duration(Ms(self.ms - other.ms))

    def __mul__(self, factor: float) -> "Duration":
        return Duration(Ms(round(self.ms * factor)))

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> "Duration":
        return Duration(Ms(round(self.ms / divisor)))

    def __floordiv__(self, divisor: float) -> "Duration":
        return self / divisor

    def __bool__(self) -> bool:
        return self.ms > 0

    @property
    def seconds(self) -> float:
        return self.ms / 1000

    @property
    def minutes(self) -> float:
        return self.ms / 60_000


def _without_unit(number: str) -> str:
    if float(number) >= _SURELY_MS:
        return f"'{number}' has no unit: write {number}ms for milliseconds or {number}s for seconds"
    return f"'{number}' has no unit: write {number}s for seconds or {number}m for minutes"


def _unknown_unit(number: str, unit: str) -> str:
    if not unit:
        return _without_unit(number)
    meant = _OTHER_NAMES.get(unit.lower()) or (unit.lower() if unit.lower() in _UNITS else None)
    advice = f"did you mean {number}{meant}?" if meant else "the units are ms, s, m and h"
    return f"'{unit}' is not a unit: {advice}"
