"""Numbers -> the chimes beside this file: `python sounds/make_sounds.py` writes them anew, always the same.

Each chime is a sum of partials, as struck metal rings: two modes a little apart that beat slowly, a soft mallet's rise,
an exponential decay that is faster the higher the partial. Nothing here is sampled from a recording.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from voiceguide import levels
from voiceguide.levels import RATE, Samples

FOLDER = Path(__file__).parent

_FADED_DB = 60
_FADE_MS = 50
_SECOND_RINGS = 0.7
"""Of the first mode's time: so the beat calms as the sound goes, and ends in one pure tone."""
_BLOOM = np.pi / 3
"""How far before the top of its first beat a partial begins: the stroke opens, where at the top it would ping."""
_GOLDEN_ANGLE = np.pi * (3 - 5**0.5)
"""From partial to partial, so that no two crests fall together at the stroke."""
_STEPS = 2**15
"""Of a 16-bit sample, to full scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """One tone of a struck body."""

    hz: float
    level_db: float
    """Against the chime's strongest."""
    ring_s: float
    """Until it has faded 60 dB."""
    beat_hz: float
    """How far apart its two modes are: how often it swells in a second."""
    rise_ms: float = 45
    """From nothing to full: the mallet's softness, or a gong's slow bloom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chime:
    loudness: float
    """LUFS, momentary, at its loudest."""
    swell: float
    """Amplitude of a partial's second mode against its first: 0 rings plainly, 1 beats down to nothing."""
    partials: tuple[Partial, ...]


def _partials(first_hz: float, rows: tuple[tuple[float, float, float, float, float], ...]) -> tuple[Partial, ...]:
    """Read rows of ratio to the first, level in dB, ring in s, beat in Hz, rise in ms."""
    return tuple(
        Partial(hz=first_hz * ratio, level_db=level, ring_s=ring, beat_hz=beat, rise_ms=rise)
        for ratio, level, ring, beat, rise in rows
    )


CHIMES = {
    # Ratios near those of bending modes on real Tibetan bowls (Inácio, Henrique and Antunes 2006); the last two
    # rows are the felt on the rim, gone before it is noticed.
    "bowl": Chime(
        loudness=-22.3,
        swell=0.35,
        partials=_partials(
            196.0,  # G3
            (
                (1.00, 0.0, 25.0, 0.63, 60),
                (2.71, -1.0, 17.0, 1.07, 52),
                (5.15, -9.0, 9.5, 1.73, 46),
                (8.10, -20.0, 5.0, 2.41, 42),
                (11.6, -30.0, 2.8, 3.30, 40),
                (1.48, -15.0, 0.5, 0.00, 40),
                (3.62, -20.0, 0.4, 0.00, 36),
            ),
        ),
    ),
    # Two small cymbals on one cord: what makes them tingsha is that they are a little out of tune.
    "tingsha": Chime(
        loudness=-24.3,
        swell=0.42,
        partials=_partials(
            1568.0,  # G6
            (
                (1.00, 0.0, 11.0, 2.10, 42),
                (1.49, -17.0, 6.0, 2.70, 38),
                (2.08, -21.0, 4.5, 3.10, 36),
                (2.71, -19.0, 3.5, 3.70, 36),
                (3.44, -31.0, 2.0, 4.30, 34),
            ),
        ),
    ),
    # A low tone and its nearly harmonic family; the higher, the later it blooms and the sooner it is gone. No two
    # partials are so near that they would growl.
    "gong": Chime(
        loudness=-22.3,
        swell=0.3,
        partials=_partials(
            98.0,  # G2
            (
                (1.00, -2.0, 27.0, 0.31, 110),
                (2.00, -4.0, 23.0, 0.47, 150),
                (2.99, -6.5, 19.0, 0.68, 220),
                (4.02, -5.0, 16.0, 0.86, 300),
                (5.43, -0.5, 14.0, 1.09, 380),
                (6.79, -2.0, 12.0, 1.31, 470),
                (8.21, -4.0, 10.0, 1.57, 560),
                (9.94, -6.5, 8.0, 1.83, 660),
                (12.3, -11.0, 6.5, 2.17, 760),
                (15.1, -16.0, 5.0, 2.56, 860),
                (18.7, -23.0, 4.0, 2.93, 960),
            ),
        ),
    ),
    # A handbell, whose founder tunes the twelfth, over a soft hum an octave below; the last row is the clapper's felt.
    "bell": Chime(
        loudness=-22.3,
        swell=0.25,
        partials=_partials(
            784.0,  # G5
            (
                (0.50, -8.0, 13.0, 0.43, 52),
                (1.00, 0.0, 11.5, 0.83, 46),
                (2.00, -15.0, 7.0, 1.37, 42),
                (3.00, -12.0, 5.5, 1.93, 40),
                (4.20, -24.0, 3.2, 2.71, 38),
                (5.43, -32.0, 2.0, 3.47, 36),
                (1.62, -22.0, 0.4, 0.00, 36),
            ),
        ),
    ),
}


def make(name: str) -> NDArray[np.int16]:
    """Make a chime: mono, 44.1 kHz, 16 bit."""
    chime = CHIMES[name]
    time = np.arange(max(partial.ring_s for partial in chime.partials) * RATE) / RATE
    mono = np.zeros(len(time), np.float32)
    for number, partial in enumerate(chime.partials):
        mono += _ringing(partial, chime.swell, number * _GOLDEN_ANGLE, time)
    mono *= levels.gain(chime.loudness - float(levels.momentary(mono).max()))
    heard = levels.trimmed(_in_steps(mono), below_peak_db=_FADED_DB, keep_before_ms=10, keep_after_ms=_FADE_MS)
    return (_in_steps(levels.faded(heard, end_ms=_FADE_MS)) * _STEPS).astype(np.int16)


def _in_steps(samples: Samples) -> Samples:
    """Round to 16 bits, before the tail is measured as well: where it is cut is then where a reader would."""
    steps: Samples = np.round(samples * _STEPS) / np.float32(_STEPS)
    return steps


def _ringing(partial: Partial, swell: float, phase: float, time: NDArray[np.float64]) -> Samples:
    first = 2 * np.pi * (partial.hz - partial.beat_hz / 2) * time + phase
    second = 2 * np.pi * (partial.hz + partial.beat_hz / 2) * time + phase - _BLOOM
    decay, sooner = (10 ** (-3 * time / ring_s) for ring_s in (partial.ring_s, partial.ring_s * _SECOND_RINGS))
    tone = (decay * np.sin(first) + swell * sooner * np.sin(second)) / (1 + swell)
    rise = np.sin(np.pi / 2 * np.minimum(1, time * 1000 / partial.rise_ms)) ** 2
    ringing: Samples = (levels.gain(partial.level_db) * tone * rise).astype(np.float32)
    return ringing


def main() -> None:
    """Write every chime."""
    for name in CHIMES:
        soundfile.write(FOLDER / f"{name}.flac", make(name), RATE, subtype="PCM_16")


if __name__ == "__main__":
    main()
