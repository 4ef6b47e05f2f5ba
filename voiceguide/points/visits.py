"""Points, and how someone lies or sits -> visits: where hands or attention go, and for how long on each side."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from voiceguide.durations import Duration, Ms
from voiceguide.errors import ScriptError
from voiceguide.points.entries import Mode, Point, Position, Touch, whole_table

Side = Literal["left", "right", "both", "middle"]

_HALFWAY_FROM = Duration(Ms(60_000))
"""Shorter stays are not worth a word in between."""
_UNANNOUNCED = Duration(Ms(30_000))
"""A longer silence sounds as if something broke, unless it was announced."""
_STRETCH = 1.5
"""How much longer than its time a stay may become, so that a session meets its length."""
_SHORTEST = Duration(Ms(30_000))
"""Where time is short, stays go below their point's least, down to this: the least is custom, the most is care."""

# What is said around the silences takes this long, with the pauses between: measured over all points, in English at 115
# words a minute, where the sum of a first round is within a tenth of what it is in each position.
_WORD_MS = 520
_VISIT_MS, _AGAIN_MS = 24_000, 13_000
_STAY_MS, _ANNOUNCEMENT_MS, _HALFWAY_MS = 6_000, 8_000, 5_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One silence of a visit: for both sides at once, or for one of them."""

    side: Side
    how: str | None
    """Where the hands go; None for attention alone."""
    number: int
    """From 0, over all visits: what chooses among phrasings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A point, while it is visited."""

    point: Point
    touch: Touch
    stays: tuple[Stay, ...]
    done: str | None
    """What brings the hands back."""
    number: int
    """From 0: what chooses among phrasings."""
    time: Duration
    """Of each stay: what each side gets."""
    least: Duration
    shortest: Duration
    """What a stay may be shortened to where there is little time."""
    longest: Duration
    """What the point allows."""
    said: Duration
    """What is said besides its stays takes so long, about."""

    @property
    def most(self) -> Duration:
        return min(self.longest, self.time * _STRETCH)

    @property
    def halfway(self) -> bool:
        """Whether a stay is long enough for a word in its middle."""
        return self.time >= _HALFWAY_FROM

    @property
    def announced(self) -> bool:
        """Whether its silence is long enough to be announced."""
        return self.most > _UNANNOUNCED


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Visits, in the order asked for, and what is left out of them."""

    visits: tuple[Visit, ...]
    avoided: tuple[Point, ...]
    """Traditionally left out in pregnancy."""
    another_day: tuple[Point, ...]
    """The last ones, which there is no time for."""

    @property
    def time(self) -> Duration:
        """How long all of it takes, about."""
        return Duration(Ms(sum(_length_ms(visit, visit.time) for visit in self.visits)))


def plan_round(
    points: Sequence[Point],
    position: str,
    *,
    each: Duration | None = None,
    within: Duration | None = None,
    pregnant: bool = False,
    again: bool = False,
) -> Round:
    """Plan visits to points, in a position as a script writes it; `again` for a second one, of fewer words.

    `each` is the time on each side, held to what each point allows; None for what is usual there. `within` is the time
    for all of it: stays are shortened as far as the points allow, then the last points are left out. Raises ScriptError
    for points that can't be visited so.
    """
    avoided = tuple(point for point in points if pregnant and point.pregnancy == "avoid")
    visited = tuple(point for point in points if point not in avoided)
    if avoided and not visited:
        raise ScriptError(f"{_titles(avoided)} traditionally stays out in pregnancy", hint="choose other points")
    wished = tuple(_visits(visited, _position(position), each, again=again))
    kept = wished if within is None else _fitted(wished, within.ms)
    return Round(visits=kept, avoided=avoided, another_day=visited[len(kept) :])


# --- where, and how -----------------------------------------------------------------------------------------------


def _position(written: str) -> Position:
    """Find the position a script's words begin with: the longest that fits."""
    positions = whole_table().positions.values()
    words = re.sub(r"\s+", " ", written.casefold())
    fitting = [
        (len(begin), position)
        for position in positions
        for begin in (position.name, position.title, *position.begins)
        if re.match(rf"{re.escape(begin)}\b", words)
    ]
    if not fitting:
        titles = ", ".join(f"'{position.title}'" for position in positions)
        message = f"how points are visited depends on the position, and '{written}' is none that is known"
        raise ScriptError(message, hint=f"begin it with one of {titles}")
    return max(fitting, key=lambda one: one[0])[1]


def _visits(points: Sequence[Point], here: Position, each: Duration | None, *, again: bool) -> Iterator[Visit]:
    stays = 0
    for number, (point, mode) in enumerate(zip(points, _modes(points, here), strict=True)):
        sides = enumerate(_sides(point, mode), start=stays)
        least, longest = _seconds(mode.least), _seconds(mode.most)
        time = _seconds(mode.seconds) if each is None else min(max(each, least), longest)
        visit = Visit(
            point=point,
            touch=mode.touch,
            stays=tuple(Stay(side=side, how=how, number=index) for index, (side, how) in sides),
            done=mode.done,
            number=number,
            time=time,
            least=least if each is None else time,
            shortest=min(least, _SHORTEST),
            longest=longest,
            said=Duration(Ms(_AGAIN_MS if again else _VISIT_MS + _spoken_ms(point, here))),
        )
        yield visit
        stays += len(visit.stays)


def _modes(points: Sequence[Point], here: Position) -> list[Mode]:
    """Give how each point is visited here. Raises ScriptError with the reason where one can't be."""
    modes = {point.code: mode for point in points if (mode := point.mode(here))}
    if refused := [point for point in dict.fromkeys(points) if point.code not in modes]:
        raise ScriptError(f"{_titles(refused)} can't be visited {here.title}", hint=_reason(refused[0], here))
    if unwritten := [point for point in points if point.place is None]:
        raise ScriptError(f"nobody has written the words for {_titles(unwritten)} in this language", hint=_WRITE)
    return [modes[point.code] for point in points]


_WRITE = "leave it out, or write the lines into the script yourself"


def _reason(point: Point, here: Position) -> str:
    """Say why a point can't be visited here, and where it can."""
    titles = [whole_table().positions[mode.position].title for mode in point.modes]
    if not titles:
        return f"no session visits {point.code}"
    return f"{here.beyond}; {point.code} can be visited {' or '.join(titles)}"


def _titles(points: Sequence[Point]) -> str:
    return ", ".join(f"{point.code} ({point.pinyin})" for point in points)


def _spoken_ms(point: Point, here: Position) -> int:
    """Reckon from the English words whatever is spoken: a translation keeps the silences of its original."""
    point = whole_table().points[point.code]
    mode = point.mode(here)
    if mode is None:
        raise AssertionError("a point has its modes in every language")
    texts = (point.place, point.warning, mode.both, mode.left, mode.right, mode.done)
    return sum(_WORD_MS * len(text.split()) for text in texts if text)


def _sides(point: Point, mode: Mode) -> tuple[tuple[Side, str | None], ...]:
    if point.sides == 1:
        return (("middle", mode.both),)
    if mode.at_once:
        return (("both", mode.both),)
    return ("left", mode.left), ("right", mode.right)


# --- how long -----------------------------------------------------------------------------------------------------


def _fitted(visits: tuple[Visit, ...], within_ms: int) -> tuple[Visit, ...]:
    """Shorten all stays alike, and leave out the last visits while even the shortest stays are too long; never all."""
    while len(visits) > 1 and sum(_length_ms(visit, visit.shortest) for visit in visits) > within_ms:
        visits = visits[:-1]
    over_ms = sum(_length_ms(visit, visit.time) for visit in visits) - within_ms
    if over_ms <= 0:
        return visits
    give_ms = sum((visit.time.ms - visit.shortest.ms) * len(visit.stays) for visit in visits)
    share = max(0.0, 1 - over_ms / give_ms) if give_ms else 0.0
    return tuple(_shortened(visit, share) for visit in visits)


def _shortened(visit: Visit, share: float) -> Visit:
    least = visit.shortest.seconds
    whole = int(least + share * (visit.time.seconds - least))
    return replace(visit, time=_seconds(whole), least=visit.shortest)


def _length_ms(visit: Visit, stay: Duration) -> int:
    """Reckon how long a visit takes with stays of this time."""
    announcement_ms = _ANNOUNCEMENT_MS if stay * _STRETCH > _UNANNOUNCED else 0
    halfway_ms = _HALFWAY_MS if stay >= _HALFWAY_FROM else 0
    return visit.said.ms + len(visit.stays) * (_STAY_MS + announcement_ms + halfway_ms + stay.ms)


def _seconds(seconds: float) -> Duration:
    return Duration(Ms(round(seconds * 1000)))
