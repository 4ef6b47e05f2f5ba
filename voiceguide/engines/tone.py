"""Words -> a soft tone as long as they would take: needs nothing, always the same, for drafts and tests."""

import zlib

import numpy as np

from voiceguide.engines import ANY_LANGUAGE, Reading, Voice
from voiceguide.levels import RATE, Samples, faded, frames

_LETTER_MS = 80
"""A letter's share of calm speech at speed 1: some 150 words a minute in English."""
_LOWEST_HZ = 180.0
_SEMITONES = 7
"""From the lowest note to the highest: enough to tell sentences apart."""


def open_engine() -> "Tone":
    return Tone()


class Tone:
    """Hums one note a sentence, a swell for each word."""

    def voices(self) -> tuple[Voice, ...]:
        return (Voice(name="tone", language=ANY_LANGUAGE, title="A soft tone as long as the words would take"),)

    def speak(self, reading: Reading) -> tuple[Samples, int]:
        words = reading.text.split()
        note = _LOWEST_HZ * 2 ** (zlib.crc32(reading.text.encode()) % (_SEMITONES + 1) / 12)
        return np.concatenate([_hum(word, note, reading.speed) for word in words] or [np.zeros(0, np.float32)]), RATE

    def fingerprint(self) -> str:
        return "tone 2"

    def close(self) -> None:
        pass


def _hum(word: str, note_hz: float, speed: float) -> Samples:
    time = np.arange(frames((len(word) + 1) * _LETTER_MS / speed)) / RATE
    sound = np.sin(2 * np.pi * note_hz * time) + 0.2 * np.sin(4 * np.pi * note_hz * time)
    return faded((0.2 * sound).astype(np.float32), start_ms=15, end_ms=25)
