"""Samples an engine gave -> nothing, or why they can't be the sentence: an exit status tells less than the sound."""

import numpy as np

from voiceguide.levels import RATE, Samples, decibels
from voiceguide.speech.worker import FalteredError

_QUIETEST_DBFS = -55.0
_RATES_HZ = (8000, 192_000)
_SHORTEST, _LONGEST = 0.5, 4.0
"""Of the time its letters take at the voice's measured pace; 100 sentences took 0.9 and more, figures up to 4.8."""
_SLACK_SECONDS = 0.6
_DIGIT_LETTERS = 5
"""About as long as the words for it."""
_MOST_FLATNESS = 0.5
"""The flattest of 100 sentences, `Ssh.`, came to 0.29; white noise to 1, pink to 0.6."""
_STRETCH = 1 << 15
"""Frames that tell noise from speech."""
_BANDS, _LINES = 79, 74
"""Bands of 100 Hz from 100 Hz to 8 kHz, and lines of the spectrum in each."""


def judge_sound(samples: Samples, rate_hz: float) -> None:
    """Raise FalteredError unless these are samples with something in them."""
    if not _RATES_HZ[0] <= rate_hz <= _RATES_HZ[1]:
        raise FalteredError(f"it gave sound at {rate_hz} Hz")
    if samples.ndim != 1:
        raise FalteredError(f"it gave samples in {samples.ndim} dimensions instead of one")
    if not samples.size:
        raise FalteredError("it gave no sound")
    if not np.isfinite(samples).all():
        raise FalteredError("it gave numbers that are no sound")
    if decibels(float(np.abs(samples - samples.mean()).max())) < _QUIETEST_DBFS:
        raise FalteredError("it gave silence")


def judge_speech(clean: Samples, expected_seconds: float | None) -> None:
    """Raise FalteredError if a clip is noise, or its length can't be that of its words, where that is known."""
    seconds, expected = len(clean) / RATE, expected_seconds
    if expected and not _SHORTEST * expected - _SLACK_SECONDS / 4 <= seconds <= _LONGEST * expected + _SLACK_SECONDS:
        raise FalteredError(f"it gave {seconds:.1f} s where about {expected:.1f} s were expected")
    if _flatness(clean) > _MOST_FLATNESS:
        raise FalteredError("it gave noise")


def letters(text: str) -> int:
    """Count what is spoken of a text, as letters."""
    return sum(_DIGIT_LETTERS if char.isdigit() else char.isalpha() for char in text)


def _flatness(samples: Samples) -> float:
    """How even the spectrum is from 100 Hz to 8 kHz, from 0 for a tone to 1 for white noise."""
    power = np.abs(np.fft.rfft(samples[:_STRETCH], _STRETCH)) ** 2
    bands = power[_LINES : _LINES * (_BANDS + 1)].reshape(_BANDS, _LINES).mean(axis=1) + 1e-12
    return float(np.exp(np.log(bands).mean()) / bands.mean())
