"""Samples -> a chime fit for closed eyes: from its stroke on, softly struck, rung out, at one loudness."""

import numpy as np

from voiceguide import levels
from voiceguide.durations import Ms
from voiceguide.levels import Samples

LOUDEST = -22.0
"""LUFS, momentary: no chime rings louder, unless its script says so."""
VERSION = 1
"""To be raised with any change here that can be heard: it is part of every chime's key."""

_MARGIN = 0.3
"""LU under what is asked for: an MP3 comes out a little louder than what went in, and blocks may fall otherwise."""
_PEAK = -3.0
"""dBTP."""
_ONSET_DB, _ONSET_KEPT_MS = 40, 30
_FADED_DB, _END_FADE_MS = 60, 50
_ATTACK_MS, _SOFT_ATTACK_MS, _OPENING_MS = 15, 40, 50
"""Of 40 ms along a raised cosine, 24 lie between 10 and 90 %; what falls off meanwhile makes them fewer."""
_PIECE_SECONDS = 60


def struck(samples: Samples, loudness: float) -> Samples:
    """Make a chime of whole milliseconds from a sound of (frames, channels), its loudest 400 ms at so many LUFS."""
    return _levelled(_rung_out(_softened(_from_stroke(samples))), loudness)


def fade(samples: Samples) -> Ms:
    """Find when a chime's power over 50 ms is 20 dB under its highest for good."""
    window, hop = levels.frames(50), levels.frames(10)
    energy = np.concatenate([[0.0], np.cumsum((samples.astype(np.float64) ** 2).sum(axis=1))])
    starts = np.arange(0, max(1, len(samples) - window), hop)
    powers = energy[np.minimum(starts + window, len(samples))] - energy[starts]
    last = starts[np.flatnonzero(powers > powers.max() / 100)[-1]]
    return Ms(min(levels.milliseconds(int(last) + window), levels.milliseconds(len(samples))))


def _from_stroke(samples: Samples) -> Samples:
    """Cut what comes before the sound: it rings when its cue says, not after a recording's room has been heard."""
    return samples[max(0, _first_above(_rising(samples), -_ONSET_DB) - levels.frames(_ONSET_KEPT_MS)) :]


def _softened(samples: Samples) -> Samples:
    """Give a hard stroke a felt mallet: fade it in, if it rises from 10 to 90 % in less than 15 ms."""
    rising = _rising(samples)
    stroke = _first_above(rising, -20)
    opening = rising[stroke : stroke + levels.frames(_OPENING_MS)]
    attack = _first_above(opening, levels.decibels(0.9)) - _first_above(opening, -20)
    if attack >= levels.frames(_ATTACK_MS):
        return samples
    return levels.faded(samples[stroke:], start_ms=_SOFT_ATTACK_MS)


def _rung_out(samples: Samples) -> Samples:
    """Cut the tail where it stays 60 dB under the peak, fade it, and fill the last millisecond."""
    whole_ms = levels.milliseconds(len(samples))
    heard = levels.trimmed(samples, below_peak_db=_FADED_DB, keep_before_ms=whole_ms, keep_after_ms=_END_FADE_MS)
    missing = levels.frames(levels.milliseconds(len(heard))) - len(heard)
    return np.pad(levels.faded(heard, end_ms=_END_FADE_MS), ((0, missing), (0, 0)))


def _levelled(samples: Samples, loudness: float) -> Samples:
    pieces = [samples[start:] for start in range(0, len(samples), _PIECE_SECONDS * levels.RATE)]
    pieces = [piece[: (_PIECE_SECONDS + 1) * levels.RATE] for piece in pieces]
    loudest = max(float(levels.momentary(piece).max()) for piece in pieces)
    peak = max(levels.true_peak(piece) for piece in pieces)
    return samples * np.float32(levels.gain(min(loudness - _MARGIN - loudest, _PEAK - peak)))


def _rising(samples: Samples) -> Samples:
    """The highest amplitude so far, over all channels."""
    return np.maximum.accumulate(np.abs(samples).max(axis=1))


def _first_above(rising: Samples, db: float) -> int:
    """Find the first frame where a rising amplitude is above `db` relative to its last."""
    return int(np.searchsorted(rising, rising[-1] * levels.gain(db), side="right"))
