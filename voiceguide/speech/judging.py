"""Samples an engine gave -> nothing, or why they can't be the sentence: an exit status tells less than the sound."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from voiceguide.engines.worker import FalteredError
from voiceguide.levels import RATE, Samples, decibels, gain

if TYPE_CHECKING:
    from voiceguide.speech.calibration import Calibration

_QUIETEST_DBFS = -55.0
_RATES_HZ = (8000, 192_000)
_SHORTEST, _LONGEST = 0.7, 4.0
"""Of the time its letters take at the voice's measured pace: of 1,362 readings by hibari and eSpeak at 70 to 170 words
a minute, sentences took 0.73 and more, figures and short ones up to 4.9; of eSpeak's in 17 languages 0.82 and more."""
_SLACK_SECONDS = 0.6
_MOST_UNEVEN = 1.25
"""By how much a sentence's share of the passage's time may differ from speed to speed: six voices' did by 1.07."""
_END_SECONDS, _END_DB = 0.01, -6.0
"""So near its end a word has faded to less than this, under its own peak."""
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


def judge_likeness(samples: Samples, rate_hz: float, measured: "Calibration") -> None:
    """Raise FalteredError unless samples are such as the voice gave when it was measured."""
    if rate_hz != measured.rate_hz:
        raise FalteredError(f"it gave sound at {rate_hz} Hz, and before at {measured.rate_hz} Hz")
    if measured.fades and not fades(samples, rate_hz):
        raise FalteredError("its sound breaks off")


def judge_speech(clean: Samples, expected_seconds: tuple[float, float] | None) -> None:
    """Raise FalteredError if a clip is noise, or its length can't be that of its words, where that is known.

    They are expected to take from so long to so long.
    """
    seconds, (least, most) = len(clean) / RATE, expected_seconds or (0, np.inf)
    if not _SHORTEST * least - _SLACK_SECONDS / 3 <= seconds <= _LONGEST * most + _SLACK_SECONDS:
        raise FalteredError(f"it gave {seconds:.1f} s where about {most:.1f} s were expected")
    if _flatness(clean) > _MOST_FLATNESS:
        raise FalteredError("it gave noise")


def judge_passage(clean: Sequence[Sequence[Samples]], rates_hz: set[float]) -> None:
    """Raise FalteredError if the same sentences, read at several speeds, can't all be whole and right."""
    if len(rates_hz) > 1:
        raise FalteredError(f"it gave sound at {' and '.join(f'{rate} Hz' for rate in sorted(rates_hz))}")
    lengths = np.array([[len(clip) for clip in clips] for clips in clean], float)
    shares = lengths / lengths.sum(axis=1, keepdims=True)
    if (shares.max(axis=0) > _MOST_UNEVEN * shares.min(axis=0)).any():
        raise FalteredError("it read the same sentences at different paces")


def fades(samples: Samples, rate_hz: float) -> bool:
    """Tell whether a sound fades at its end, or breaks off."""
    last = samples[-max(1, round(_END_SECONDS * rate_hz)) :]
    return bool(np.abs(last).max() < np.abs(samples).max() * gain(_END_DB))


def letters(text: str, *, digit: int = _DIGIT_LETTERS) -> int:
    """Count what is spoken of a text, as letters; a digit is usually as many, and always one or more."""
    return sum(digit if char.isdigit() else char.isalpha() for char in text)


def _flatness(samples: Samples) -> float:
    """How even the spectrum is from 100 Hz to 8 kHz, from 0 for a tone to 1 for white noise."""
    power = np.abs(np.fft.rfft(samples[:_STRETCH], _STRETCH)) ** 2
    bands = power[_LINES : _LINES * (_BANDS + 1)].reshape(_BANDS, _LINES).mean(axis=1) + 1e-12
    return float(np.exp(np.log(bands).mean()) / bands.mean())
