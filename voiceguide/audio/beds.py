"""Timeline -> each bed's course through the session: in, under the voice, up where that is long silent, and out."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, zip_longest
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from voiceguide.audio.grid import LEAD, frame_after, frame_at
from voiceguide.cues import FADE_OUT, Bed, Say
from voiceguide.durations import Ms
from voiceguide.levels import Samples
from voiceguide.loops import FRAME
from voiceguide.timeline import Timeline

_HELD_MS, _LONG_MS = 8_000, 20_000
"""Silences up to so long leave a bed where it is under words; from so long on it rises all the way, between in part."""
_RISE_DB = 6.0
_UP_MS_PER_DB, _DOWN_MS_PER_DB = 1_000.0, 250.0
"""6 s up, and 1.5 s down before the words."""
_NEPERS_PER_DB = np.float32(np.log(10) / 20)


class Looping(Protocol):
    """A bed, as loud as the voice, that goes on with its first sample after its last."""

    @property
    def key(self) -> str:
        """Names the sound: equal keys sound the same."""
        ...

    @property
    def channels(self) -> int: ...

    @property
    def frames(self) -> int:
        """Its length, in frames of the grid."""
        ...

    def samples(self) -> Samples:
        """Read float32 samples at 44.1 kHz: (frames * 1152, channels)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where a bed is at a moment. Between two points it goes straight; before the first and after the last it stays."""

    frame: int
    """Of the grid."""
    level_db: float
    """Relative to the voice."""
    presence: float
    """How far it is faded in: 0 is gone, 1 is there."""

    def later(self, frames: int) -> "Point":
        return Point(frame=self.frame + frames, level_db=self.level_db, presence=self.presence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A bed's way through a stretch of the session."""

    loop: Looping
    phase: int
    """The frame of the loop that is the stretch's first."""
    points: tuple[Point, ...]

    @property
    def even(self) -> bool:
        return len(self.points) == 1

    def samples(self, first: int, stop: int) -> Samples:
        """Give what is heard of it in some frames of the stretch, (frames, channels)."""
        loop = self.loop.samples()
        rows = loop.reshape(self.loop.frames, -1)
        around = rows.take(np.arange(first, stop) + self.phase, axis=0, mode="wrap").reshape(-1, loop.shape[1])
        around *= self._gains(np.zeros(1) if self.even else np.arange(first * FRAME, stop * FRAME))[:, None]
        return around

    def moving(self) -> Iterator[tuple[int, int]]:
        """Give the frames in which it does not stay as it is, with those that hear of it."""
        for one, other in pairwise(self.points):
            if (one.level_db, one.presence) != (other.level_db, other.presence):
                yield one.frame - LEAD, frame_after(other.frame * FRAME)

    def parts(self, borders: Sequence[int]) -> Iterator["Course | None"]:
        """Give its way from each of some frames to the next; None if it is gone all that way."""
        frames, level_db, presence = self._columns()
        rows = zip(*(np.interp(borders, frames, column).tolist() for column in (level_db, presence)), strict=True)
        ends = [
            Point(frame=frame, level_db=round(level_db, 4), presence=round(presence, 6))
            for frame, (level_db, presence) in zip(borders, rows, strict=True)
        ]
        for one, other in pairwise(ends):
            inner = self.points[bisect_right(frames, one.frame) : bisect_left(frames, other.frame)]
            yield self._part((one, *inner, other))

    def _part(self, points: Sequence[Point]) -> "Course | None":
        if not any(point.presence for point in points):
            return None
        stays = len({(point.level_db, point.presence) for point in points}) == 1
        first = points[0].frame
        return Course(
            loop=self.loop,
            phase=(self.phase + first) % self.loop.frames,
            points=tuple(point.later(-first) for point in (points[:1] if stays else points)),
        )

    def _gains(self, positions: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.float32]:
        frames, level_db, presence = self._columns()
        at = positions / FRAME
        gains: NDArray[np.float32] = np.exp(np.interp(at, frames, level_db).astype(np.float32) * _NEPERS_PER_DB)
        if min(presence) < 1:
            gains *= np.sin(np.pi / 2 * np.interp(at, frames, presence).astype(np.float32)) ** 2
        return gains

    def _columns(self) -> tuple[list[int], list[float], list[float]]:
        return (
            [point.frame for point in self.points],
            [point.level_db for point in self.points],
            [point.presence for point in self.points],
        )


def courses(timeline: Timeline, beds: Mapping[str, Looping], *, ending: Ms, gain_db: float) -> tuple[Course, ...]:
    """Give each bed's way through the whole session, `gain_db` over its own level; the last one goes at the end."""
    ducking = _ducking(timeline)
    return tuple(
        Course(
            loop=beds[run.sound],
            phase=-frame_at(run.start) % beds[run.sound].frames,
            points=tuple(_points(run, ducking, gain_db)),
        )
        for run in _runs(timeline, ending)
    )


Curve = Sequence[tuple[float, float]]
"""Moments in ms, and a value at each; straight between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One bed from where it begins to where it is gone."""

    sound: str
    start: Ms
    fade: Ms
    levels: Curve
    leaves: Ms
    gone: Ms


def _runs(timeline: Timeline, ending: Ms) -> Iterator[_Run]:
    cues = [(event.start, event.cue) for event in timeline.events if isinstance(event.cue, Bed)]
    groups = [list(group) for _, group in groupby(cues, lambda placed: placed[1].sound)]
    for group, after in zip_longest(groups, groups[1:]):
        start, cue = group[0]
        if cue.sound is None:
            continue
        leaves, out = Ms(timeline.length - ending), ending
        if after:
            leaves, then = after[0]
            out = max(then.fade, FADE_OUT) if then.sound else then.fade
        yield _Run(
            sound=cue.sound,
            start=start,
            fade=cue.fade,
            levels=list(_glides(group)),
            leaves=leaves,
            gone=Ms(min(leaves + out, timeline.length)),
        )


def _glides(group: Sequence[tuple[Ms, Bed]]) -> Iterator[tuple[float, float]]:
    """A bed's own level: from one cue's to the next one's over its fade, or as much of that as there is time for."""
    level_db = group[0][1].level_db
    for (start, cue), after in zip_longest(group, group[1:]):
        yield start, level_db
        level_db = cue.level_db
        yield min(start + cue.fade, after[0] if after else start + cue.fade), level_db


def _ducking(timeline: Timeline) -> Curve:
    """How far beds rise over their level under words, in dB."""
    words = [(event.start, event.start + event.length) for event in timeline.events if isinstance(event.cue, Say)]
    line: list[tuple[float, float]] = []
    end = 0
    for start, stop in [*words, (timeline.length, timeline.length)]:
        rise = _RISE_DB * min(max((start - end - _HELD_MS) / (_LONG_MS - _HELD_MS), 0.0), 1.0)
        if rise > 0:
            opens, closes = end == 0, start == timeline.length
            line += [(end, rise if opens else 0.0), (end + rise * _UP_MS_PER_DB, rise)]
            line += [(start - rise * _DOWN_MS_PER_DB, rise), (start, rise if closes else 0.0)]
        end = max(end, stop)
    return line or [(0, 0.0)]


def _points(run: _Run, ducking: Curve, gain_db: float) -> Iterator[Point]:
    coming, going = ((run.start, 0.0), (run.start + run.fade, 1.0)), ((run.leaves, 1.0), (run.gone, 0.0))
    curves: tuple[Curve, ...] = (coming, going, run.levels, ducking)
    inside = sorted(ms for curve in curves for ms, _ in curve if run.start <= ms <= run.gone)
    moments = {frame_at(ms): ms for ms in inside}
    values = zip(*(_values(curve, list(moments.values())) for curve in curves), strict=True)
    for frame, (comes, goes, level_db, rise_db) in zip(moments, values, strict=True):
        presence = min(comes, goes)
        yield Point(frame=frame, level_db=round(gain_db + level_db + rise_db, 4), presence=round(presence, 6))


def _values(curve: Curve, moments: Sequence[float]) -> list[float]:
    values: list[float] = np.interp(moments, [at for at, _ in curve], [value for _, value in curve]).tolist()
    return values
