"""What an engine gave -> what is kept: 44.1 kHz, trimmed, at one level, its peaks held."""

import math

import numpy as np
from numpy.typing import NDArray

from voiceguide.levels import (
    RATE,
    Samples,
    decibels,
    faded,
    filtered_causally,
    frames,
    gain,
    high_pass,
    limited,
    loudness,
    milliseconds,
    resampled,
    trimmed,
)

VERSION = 1
"""Part of every clip's key: raise it with any change that can be heard."""

TARGET_LUFS = -19.0
LEAD_MS = 30
"""Before a clip's first audible sample."""

_TAIL_MS = 60
_BELOW_PEAK_DB = 45.0
_CEILING_DBTP = -2.0
_MOST_LIMITING_DB = 3.0
"""By the samples; peaks between them, which are what is limited, stand up to half a dB higher."""
_MOST_CORRECTION_DB = 3.0
_LONG_MS = 1000
_COARSE = 3
"""Every how many frames windows are compared: a pitch has no detail beyond 7 kHz."""
_ROTATION_HZ = (150.0, 300.0, 600.0, 1200.0)


def cleaned(samples: Samples, rate_hz: float) -> Samples:
    """Bring an engine's sound to 44.1 kHz without rumble or silence at its ends; a silent one becomes empty."""
    room = np.pad(resampled(samples, rate_hz), (frames(LEAD_MS), frames(_TAIL_MS)))
    audible = trimmed(
        filtered_causally(room, _evened), below_peak_db=_BELOW_PEAK_DB, keep_before_ms=LEAD_MS, keep_after_ms=_TAIL_MS
    )
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
        off = TARGET_LUFS - loudness(clean) - voice_gain_db
        wanted += min(max(off, -_MOST_CORRECTION_DB), _MOST_CORRECTION_DB)
    most = _CEILING_DBTP + _MOST_LIMITING_DB - decibels(float(np.abs(clean).max()))
    held = limited(clean * np.float32(gain(min(wanted, most))), _CEILING_DBTP)
    return np.pad(held, (0, frames(milliseconds(len(held))) - len(held)))


def gain_to_target(clean: Samples) -> float:
    """The gain in dB that brings speech to the target; rounded, since no ear needs more and keys hang on it."""
    return round(TARGET_LUFS - loudness(clean), 1)


def packed(samples: Samples) -> bytes:
    """Write samples as 16-bit PCM."""
    return (samples * 32767).round().astype("<i2").tobytes()


def unpacked(body: bytes) -> Samples:
    """Read what `packed` wrote."""
    return np.frombuffer(body, "<i2").astype(np.float32) / np.float32(32767)


_WITHOUT_RUMBLE = high_pass(70.0)


def _evened(hz: NDArray[np.float64]) -> NDArray[np.complex128]:
    """A high-pass, and first-order all-pass sections that turn the phase.

    A synthetic voice's peaks lean to one side; turned, they stand lower and need less limiting.
    """
    turned = _WITHOUT_RUMBLE(hz)
    for corner in _ROTATION_HZ:
        w, c = np.tan(np.pi * np.minimum(hz, RATE / 2 - 1) / RATE), math.tan(math.pi * corner / RATE)
        turned = turned * (c - 1j * w) / (c + 1j * w)
    return turned
