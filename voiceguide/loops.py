"""Samples -> a loop: whole MP3 frames of a sound that goes round without a seam, all at one loudness.

The end fades into the beginning, and where both are is chosen: of all places a whole number of frames apart, one near
each end, the two that are most alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voiceguide import levels
from voiceguide.errors import SoundError
from voiceguide.levels import RATE, Samples

FRAME = 1152
"""Samples in an MPEG-1 layer III frame: the grid on which a session is put together."""
VERSION = 1
"""To be raised with any change here that can be heard: it is part of every loop's key."""

_SHORTEST_SECONDS = 5
_SILENT_DB = 60
"""Under the peak: what is softer at the ends is no part of the sound."""
_FADE = 38 * FRAME
"""Samples in which the end gives way to the beginning: about a second."""
_REACH, _MOST_REACH = 1 / 5, 8 * RATE
"""How much may be cut off either end: a part of the sound, and samples."""
_GRAIN = 32
"""Samples, 0.7 ms: what the search goes by. A frame and the fade are whole numbers of them."""
_FINALISTS = 8
_PER_DB = 0.1
"""Of likeness, lost for each decibel that a place is louder than its partner, or softer than the sound mostly is."""
_PER_CUT = 0.25
"""Of likeness, lost for what is cut off, from 0 to all of the sound."""
_MOSTLY = 0.25
"""Of a sound is softer than it mostly is."""
_NOTHING = 1e-9
"""Energy: keeps silence from being divided by."""
_LOUDEST_PEAK = 12.0
"""dB over full scale: 22 dB under a voice, where a bed usually lies, it would still be as high as words are."""
_PIECE, _BETWEEN = 60 * RATE, round(0.3 * RATE)
"""Samples; the last block of 400 ms of a piece ends so far in the next one, where every 100 ms one begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seam:
    """Where a sound is cut into a loop, in samples."""

    start: int
    length: int
    """The fade comes after it."""
    likeness: float
    """Of what fades to what it fades into: 1 is the same, 0 nothing in common."""
    cost: float
    """What else speaks against it, in likeness."""


def looped(samples: Samples, path: Path) -> Samples:
    """Make a loop of (frames, channels) whose end goes on with its beginning.

    Raises SoundError, naming the sound's path, for one that is too short or has a burst in it.
    """
    heard = levels.trimmed(samples, below_peak_db=_SILENT_DB, keep_before_ms=0, keep_after_ms=0)
    if len(heard) < _SHORTEST_SECONDS * RATE:
        raise SoundError(
            f"{path} sounds for {len(heard) / RATE:.1f} s, and a bed needs at least {_SHORTEST_SECONDS}",
            hint="use a longer recording: what is a minute long or more is not noticed to come again",
        )
    loop = _levelled(_joined(heard, _seam(heard)))
    if levels.decibels(float(np.abs(loop).max())) > _LOUDEST_PEAK:
        at_s = int(np.abs(samples).max(axis=1).argmax()) / RATE
        raise SoundError(f"{path} has a burst at {at_s:.1f} s, far over all else in it", hint="cut that moment out")
    return loop


def _joined(samples: Samples, seam: _Seam) -> Samples:
    """Let what follows the end fade into the beginning, as loud all the way as where it comes from and goes to."""
    loop = samples[seam.start : seam.start + seam.length].copy()
    after = samples[seam.start + seam.length :][:_FADE]
    comes = np.sin(np.pi / 2 * (np.arange(_FADE, dtype=np.float32)[:, None] + 0.5) / _FADE) ** 2
    goes = 1 - comes
    even = 1 / np.sqrt(comes**2 + goes**2 + 2 * seam.likeness * comes * goes)
    loop[:_FADE] = even * (comes * loop[:_FADE] + goes * after)
    return loop


def _seam(samples: Samples) -> _Seam:
    """Find the two places that are most alike: by their samples among all, then by ear among the best."""
    best = sorted(_seams(samples), key=lambda seam: seam.likeness - seam.cost)[-_FINALISTS:]
    heard = [replace(seam, likeness=_likeness(samples, seam)) for seam in best]
    return max(heard, key=lambda seam: seam.likeness - seam.cost)


def _likeness(samples: Samples, seam: _Seam) -> float:
    """Twice what two stretches have in common over all they have, as loudness weighs it; 0 for less than nothing."""
    one, other = samples[seam.start :][:_FADE], samples[seam.start + seam.length :][:_FADE]
    in_step, against = (float(levels.block_powers(both).mean()) for both in (one + other, one - other))
    return max(0.0, (in_step - against) / (in_step + against + _NOTHING))


def _seams(samples: Samples) -> Iterator[_Seam]:
    """Give the best place for each length that a loop could have."""
    grains = samples[: len(samples) // _GRAIN * _GRAIN].reshape(-1, _GRAIN * samples.shape[1])
    fade, frame = _FADE // _GRAIN, FRAME // _GRAIN
    last, reach = len(grains) - fade, int(min(len(samples) * _REACH, _MOST_REACH)) // _GRAIN
    energies = _over(grains, grains, fade) + _NOTHING
    level_db = 10 * np.log10(energies)
    softer_db = np.maximum(0, np.quantile(level_db, _MOSTLY) - level_db)
    for length in range(-(-(last - 2 * reach) // frame) * frame, last + 1, frame):
        here = slice(max(0, last - reach - length), min(reach, last - length) + 1)
        there = slice(here.start + length, here.stop + length)
        one, other = (grains[places.start : places.stop + fade - 1] for places in (here, there))
        likeness = 2 * _over(one, other, fade) / (energies[here] + energies[there])
        unlike_db = np.abs(level_db[here] - level_db[there]) + softer_db[here] + softer_db[there]
        cost = _PER_DB * unlike_db + _PER_CUT * (1 - length / last)
        best = int(np.argmax(likeness - cost))
        yield _Seam(
            start=(here.start + best) * _GRAIN,
            length=length * _GRAIN,
            likeness=float(likeness[best]),
            cost=float(cost[best]),
        )


def _over(one: Samples, other: Samples, width: int) -> NDArray[np.float64]:
    """Sum up the products of two rows of grains, over each window of so many."""
    sums = np.cumsum(np.einsum("gs,gs->g", one, other), dtype=np.float64)
    return np.concatenate([sums[width - 1 : width], sums[width:] - sums[:-width]])


def _levelled(loop: Samples) -> Samples:
    """Bring it to one loudness, measured in pieces: ten minutes at once would take a gigabyte."""
    pieces = [loop[start : start + _PIECE + _BETWEEN] for start in range(0, len(loop), _PIECE)]
    powers = np.concatenate([levels.block_powers(piece) for piece in pieces])
    return loop * np.float32(levels.gain(levels.VOICE_LUFS - levels.integrated(powers)))
