"""What an engine gave -> what is kept: 44.1 kHz, trimmed, at one level, its peaks and sibilants held."""

import functools
import math

import numpy as np
from numpy.typing import NDArray

from voiceguide.levels import (
    RATE,
    VOICE_LUFS,
    Response,
    Samples,
    faded,
    filtered,
    frames,
    gain,
    high_pass,
    limited,
    loudness,
    milliseconds,
    resampled,
    trimmed,
    true_peak,
)
from voiceguide.speech.sibilance import softened

VERSION = 2
"""Part of every clip's key: raise it with any change that can be heard."""

LEAD_MS = 30
"""Before a clip's first audible sample."""

_TAIL_MS = 60
_BELOW_PEAK_DB = 45.0
_CEILING_DBTP = -2.1
"""A tenth under a session's, so that a clip alone passes there untouched."""
_MOST_LIMITING_DB = 3.4
"""A tenth under what is allowed at work, for whoever measures it otherwise."""
_MOST_CORRECTION_DB = 3.0
_LONG_MS = 1000
_COARSE = 3
"""Every how many frames windows are compared: a pitch has no detail beyond 7 kHz."""
_ROTATION_HZ = (150.0, 300.0, 600.0, 1200.0)


def cleaned(
    samples: Samples, rate_hz: float, softer_db: tuple[float, ...] = (), *, below_peak_db: float = _BELOW_PEAK_DB
) -> Samples:
    """Bring speech to 44.1 kHz without rumble or silence at its ends; a silent one becomes empty.

    `softer_db` is what `sibilance.softening` gave for the voice. What is more than `below_peak_db` under the peak is
    silence: an engine's is digital, a room's is not.
    """
    room = np.pad(resampled(samples, rate_hz), (frames(LEAD_MS), frames(_TAIL_MS)))
    even = filtered(room, _filter(softer_db))
    audible = trimmed(even, below_peak_db=below_peak_db, keep_before_ms=LEAD_MS, keep_after_ms=_TAIL_MS)
    return faded(audible, start_ms=8, end_ms=20)


def stretched(clean: Samples, factor: float) -> Samples:
    """Make speech slower than its engine can, at its own pitch.

    By WSOLA: windows of 40 ms are laid out further apart, each taken from where it best continues the one before.
    """
    if factor <= 1:
        return clean
    step, reach = frames(20), frames(10)
    source = np.pad(clean, (reach, 4 * step + reach))
    window = np.hanning(2 * step + 1)[:-1].astype(np.float32)
    count = max(1, round(len(clean) * factor / step))
    result, taken = np.zeros((count + 1) * step, np.float32), reach
    for index in range(count):
        ideal = reach + round(index * step / factor)
        follows = source[taken + step : taken + 3 * step]
        around = source[ideal - reach : ideal + reach + 2 * step]
        if index:
            taken = ideal - reach + _COARSE * int(np.correlate(around[::_COARSE], follows[::_COARSE], "valid").argmax())
        result[index * step :][: 2 * step] += window * source[taken : taken + 2 * step]
    return result


def levelled(clean: Samples, voice_gain_db: float) -> Samples:
    """Bring a clip to its level: the voice's own gain, and for a sentence over a second at most 3 dB more or less."""
    wanted = voice_gain_db
    if len(clean) > frames(_LONG_MS):
        off = VOICE_LUFS - loudness(clean) - voice_gain_db
        wanted += min(max(off, -_MOST_CORRECTION_DB), _MOST_CORRECTION_DB)
    most = _CEILING_DBTP + _MOST_LIMITING_DB - true_peak(clean)
    held = limited(clean * np.float32(gain(min(wanted, most))), _CEILING_DBTP)
    return np.pad(held, (0, frames(milliseconds(len(held))) - len(held)))


def gain_to_target(clean: Samples) -> float:
    """The gain in dB that brings speech to the target; rounded, since no ear needs more and keys hang on it."""
    return round(VOICE_LUFS - loudness(clean), 1)


def packed(samples: Samples) -> bytes:
    """Write samples as 16-bit PCM."""
    return (samples * 32767).round().astype("<i2").tobytes()


def unpacked(body: bytes) -> Samples:
    """Read what `packed` wrote."""
    return np.frombuffer(body, "<i2").astype(np.float32) / np.float32(32767)


_WITHOUT_RUMBLE = high_pass(70.0)


@functools.lru_cache
def _filter(softer_db: tuple[float, ...]) -> Response:
    """All that is filtered of a voice, at once."""
    if not softer_db:
        return _evened
    softer = softened(softer_db)
    return lambda hz: _evened(hz) * softer(hz)


def _evened(hz: NDArray[np.float64]) -> NDArray[np.complex128]:
    """A high-pass, and first-order all-pass sections that turn the phase.

    A synthetic voice's peaks lean to one side; turned, they stand lower and need less limiting.
    """
    turned = _WITHOUT_RUMBLE(hz)
    for corner in _ROTATION_HZ:
        w, c = np.tan(np.pi * np.minimum(hz, RATE / 2 - 1) / RATE), math.tan(math.pi * corner / RATE)
        turned = turned * (c - 1j * w) / (c + 1j * w)
    return turned
