"""What can be heard and what was planned -> both side by side, over the same windows."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from voiceguide.audiofile.promise import Event, Promise
from voiceguide.durations import Ms
from voiceguide.verify.beds import planned_beds, rises
from voiceguide.verify.sound import HOP_MS, SLOT_MS, WINDOW_MS, Heard, Windows, lufs, power

EARLY_MS, LATE_MS = 30, 60
"""A start is rounded down to the grid of frames, 26 ms; a clip keeps 30 ms before its first sound."""
SPREAD_MS = 25
"""How far encoding spreads a sound."""
_AIR_LU = 4.0
"""Over the air's own level: its loudness in two channels, which is 3.6 LU."""

Mask = NDArray[np.bool_]


class Hearing:
    """A recording as it is heard, and its plan; where that has no events, there was none."""

    def __init__(self, heard: Heard, promise: Promise) -> None:
        count = len(heard.powers)
        self.heard = heard
        self.promise = promise
        self.says = events_of("say", promise)
        self.chimes = events_of("chime", promise)
        self.strokes = [stroke for chime in self.chimes for stroke in strokes(chime)]
        self.loudness = lufs(heard.powers)
        """LUFS of each window."""
        self.beds = planned_beds(promise, count)
        self.rises = rises(promise, count)
        air = 0.0 if promise.air_db is None else float(power(promise.air_db + _AIR_LU))
        self.background: Windows = np.full(count, air) + sum(bed.powers for bed in self.beds)
        """The power that beds and air may have in each window."""
        self.over = replace(heard, powers=np.maximum(heard.powers - self.background, 0))
        """What is heard over beds and air."""

    def during(self, events: Iterable[Event], *, before: int = 0, after: int = 0) -> Mask:
        """Say of each window whether it begins while an event is heard, or so many ms before it or after it."""
        return _covered(len(self.heard.powers), events, HOP_MS, before, after)

    def slots_during(self, events: Iterable[Event], *, before: int = 0, after: int = 0) -> Mask:
        """Say the same of each slot whose peak is known."""
        return _covered(len(self.heard.peaks), events, SLOT_MS, before, after)

    def clear(self, apart: int) -> Mask:
        """Say of each window whether no line is within so many ms of it, and no chime rings in it."""
        words = self.during(self.says, before=EARLY_MS + WINDOW_MS + apart, after=apart)
        return ~words & ~self.during(self.chimes, before=EARLY_MS + WINDOW_MS, after=SPREAD_MS)

    def rung_over(self, say: Event) -> bool:
        """Whether a chime is heard while a line begins or is spoken."""
        return any(chime.start < say.end and say.start - EARLY_MS < chime.end for chime in self.chimes)


def events_of(kind: str, promise: Promise) -> list[Event]:
    return [event for event in promise.events if event.kind == kind]


def strokes(chime: Event) -> Iterator[Event]:
    rings = Ms(chime.length - (chime.times - 1) * chime.every)
    for number in range(chime.times):
        yield replace(chime, start=Ms(chime.start + number * chime.every), length=rings, times=1)


def steps(event: Event, step_ms: int, *, before: int = 0, after: int = 0) -> slice:
    """Number the steps of a measure that begin while an event is heard, or so many ms before it or after it."""
    return slice(max(0, (event.start - before) // step_ms), max(0, -(-(event.end + after) // step_ms)))


def _covered(count: int, events: Iterable[Event], step_ms: int, before: int, after: int) -> Mask:
    covered = np.zeros(count, np.bool_)
    for event in events:
        covered[steps(event, step_ms, before=before, after=after)] = True
    return covered
