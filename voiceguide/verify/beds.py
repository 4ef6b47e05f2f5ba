"""A plan -> how loud its beds should be in every window of the recording: reckoned apart from what mixes them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, zip_longest

import numpy as np

from voiceguide.audiofile.promise import Event, Promise
from voiceguide.verify.sound import HOP_MS, WINDOW_MS, Windows, power

RISE_DB = 6.0
"""How far a bed rises in a long silence."""
_HELD_MS, _LONG_MS = 8_000, 20_000
"""Between words: up to so long it does not rise, from so long on all the way, and between them in proportion."""
_UP_MS_PER_DB, _DOWN_MS_PER_DB = 1_000, 250
_CROSSING_MS = 8_000
"""How long a bed takes to go when another one comes, if that one does not take longer to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedBed:
    """One bed, from where it begins to where it is gone."""

    events: tuple[Event, ...]
    """By which it begins, and is changed."""
    powers: Windows
    """K-weighted."""


def planned_beds(promise: Promise, count: int) -> list[PlannedBed]:
    """Give all beds in their order, over so many windows."""
    times = _times(count)
    events = [event for event in promise.events if event.kind == "bed"]
    rows = [tuple(row) for _, row in groupby(events, lambda event: event.sound)]
    risen = rises(promise, count)
    beds = []
    for row, after in zip_longest(rows, rows[1:]):
        if row[0].sound:
            loudest = power(promise.voice_lufs + _level(row, times) + risen)
            there = _there(row[0], _going(promise, after), times)
            beds.append(PlannedBed(events=row, powers=loudest * there))
    return beds


def rises(promise: Promise, count: int) -> Windows:
    """Give how far beds rise over their levels in each window, in dB: what opens or ends a session is risen there."""
    times = _times(count)
    result = np.zeros(count)
    for start, end in _pauses(promise):
        most = RISE_DB * min(1.0, (end - start - _HELD_MS) / (_LONG_MS - _HELD_MS))
        if most > 0:
            inside = slice(*np.searchsorted(times, [start, end]))
            up = (times[inside] - start) / _UP_MS_PER_DB if start else most
            down = (end - times[inside]) / _DOWN_MS_PER_DB if end < promise.length else most
            result[inside] = np.minimum(most, np.minimum(up, down))
    return result


def _times(count: int) -> Windows:
    """The middle of each window, in ms."""
    return np.arange(count, dtype=np.float64) * HOP_MS + WINDOW_MS / 2


def _pauses(promise: Promise) -> Iterator[tuple[int, int]]:
    """From when to when no words are spoken."""
    position = 0
    for say in (event for event in promise.events if event.kind == "say"):
        yield position, say.start
        position = max(position, say.end)
    yield position, promise.length


def _level(row: Sequence[Event], times: Windows) -> Windows:
    """Give a bed's own level in dB: from that of one event it goes straight to that of the next over its fade."""
    points: list[tuple[int, float]] = [(row[0].start, row[0].level_db)]
    for before, event in pairwise(row):
        points += [(event.start, before.level_db), (min(event.start + event.fade, event.end), event.level_db)]
    moments, levels_db = zip(*points, strict=True)
    level_db: Windows = np.interp(times, moments, levels_db)
    return level_db


def _going(promise: Promise, after: Sequence[Event] | None) -> tuple[int, int]:
    """From when on a bed goes, and when it is gone."""
    if not after:
        return promise.length - promise.ending, int(promise.length)
    start, fade = after[0].start, after[0].fade
    out = max(fade, _CROSSING_MS) if after[0].sound else fade
    return int(start), min(start + out, int(promise.length))


def _there(begun: Event, going: tuple[int, int], times: Windows) -> Windows:
    """How much of a bed's power is there: it comes and goes along a squared sine."""
    coming = np.interp(times, [begun.start, begun.start + max(begun.fade, 1)], [0, 1])
    leaving = np.interp(times, going, [1, 0])
    there: Windows = np.sin(np.pi / 2 * np.minimum(coming, leaving)) ** 4
    return there
