"""Numbers -> the beds beside this file: `python sounds/make_beds.py` writes them anew, always sounding the same.

Each bed goes round without a seam because all it is made of does: noise in which every frequency has a whole number of
turns, drops and bubbles that ring on past the end into the beginning, swells that come back to where they began. A file
holds one round and the first second of the next. Nothing here is sampled from a recording.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from voiceguide import levels
from voiceguide.levels import RATE, Samples

FOLDER = Path(__file__).parent

PERIOD = 2250 * 1152
"""Samples of one round: 58.8 s, a whole number of MP3 frames, and of many small primes, which an FFT likes."""
OVERLAP = RATE
"""Samples of the next round at the end of a file: where a reader finds that it goes round."""
_LOUDNESS = -26.0
"""LUFS, of the files: no sample comes near full scale."""
_COMPRESSION = {"rain": 0.7, "ocean": 0.62, "brook": 0.62, "drone": 0.62, "brown": 0.7}
"""From 0, the most bits, to 1: so that no file is over 1 MB, and none spends bits that nobody hears."""
_WRITTEN_AT_ONCE = 65_536
"""Samples: libsndfile's Vorbis encoder takes its buffers from the stack, and a minute at once is too much for it."""

Random = np.random.Generator
Round = NDArray[np.float32]
"""One round of sound or of something that moves it: (PERIOD,), or (PERIOD, 2) for left and right."""
Spectrum = tuple[tuple[float, float], ...]
"""Hz and dB: the density of power along straight lines over the logarithm of frequency."""
Waves = tuple[tuple[float, float], ...]
"""Where each is, counted in waves, and its height to 1."""
Harmonics = tuple[tuple[int, float], ...]
"""Multiples of the lowest, and dB."""

_HZ = np.fft.rfftfreq(PERIOD, 1 / RATE)
_STEPS = 6000
"""Into which a round is divided for what moves slowly: 10 ms each."""
_LOWEST_HZ = 55.0
"""Of the drone's harmonics, an A; it is not among them."""


def rain(random: Random) -> Round:
    """Rain on leaves: a broad body, fine drops before it, now and then one into a puddle."""
    body = (
        (50, -30), (110, -8), (240, 0), (600, -2), (1500, -5), (3500, -9), (7000, -15), (11_000, -26), (17_000, -45),
    )  # fmt: skip
    drops = _scattered(random, 420, lambda: _ringing(_between(random, 1700, 5200), _between(random, 420, 1300)))
    plips = _scattered(random, 9, lambda: _ringing(_between(random, 520, 1250), _between(random, 70, 130), rises=0.6))
    gusts = 1 + 0.05 * _wandering(random, slowest=3, fastest=12)
    return _mixed((_wide(random, body, 0.8) * gusts[:, None], 0.0), (drops, -11.0), (plips, -17.0))


def ocean(random: Random) -> Round:
    """Six slow waves: the deep comes first, then the body of the wave, and foam that runs out when it is gone."""
    deep = ((30, -40), (60, -8), (110, 0), (240, -4), (500, -14), (1200, -34), (6000, -80))
    body = ((80, -34), (200, -8), (450, 0), (1000, -3), (2000, -9), (4000, -20), (9000, -46))
    foam = ((500, -40), (1300, -10), (2600, 0), (5000, -4), (8000, -13), (12_000, -30), (17_000, -50))
    waves: Waves = tuple(
        (number + 0.5 + 0.22 * (random.random() - 0.5), 0.75 + 0.25 * random.random()) for number in range(6)
    )
    return _mixed(
        (_wide(random, deep, 0.5) * (0.55 + 0.45 * _swell(waves, -1.0, 5.0, 6.0))[:, None], 0.0),
        (_wide(random, body, 0.8) * (0.33 + 0.67 * _swell(waves, 0.0, 4.2, 6.0))[:, None], 0.0),
        (_wide(random, foam, 0.9) * (0.20 + 0.80 * _swell(waves, 1.3, 3.6, 7.0))[:, None], -11.0),
    )


def brook(random: Random) -> Round:
    """Water over stones: bubbles in seven places, each with its size, its side and its own coming and going."""
    rush = ((60, -40), (180, -12), (420, 0), (900, -1), (2000, -6), (4500, -14), (9000, -28), (16_000, -50))
    places = [_gurgling(random, place / 6, _between(random, 1.8e-3, 5e-3)) for place in range(7)]
    return _mixed((_wide(random, rush, 0.8), -2.0), (np.sum(places, axis=0), 0.0))


def drone(random: Random) -> Round:
    """A low A with its fifths and octaves, all of one harmonic row so that nothing beats, each swelling in its time."""
    row: Harmonics = (
        (2, -2.5), (3, -4.0), (4, -1.5), (6, -3.0), (8, -2.5), (10, -10.0), (12, -5.0), (16, -8.0), (18, -16.0),
        (20, -18.0), (24, -17.0), (32, -24.0),
    )  # fmt: skip
    air = ((100, -30), (300, -6), (700, 0), (1500, -8), (4000, -24), (9000, -50))
    return _mixed((_breathing(random, row), 0.0), (_blurred(random, row), -12.0), (_wide(random, air, 0.8), -26.0))


def brown(random: Random) -> Round:
    """Brown noise, rounded off below and with a gentle shelf above, so that a phone's speaker has something to play."""
    falling = (
        (25, -40), (50, -6), (80, 0), (160, -4), (320, -9), (640, -13.5), (1280, -18.5), (2560, -25), (5120, -33),
        (10_240, -45), (18_000, -65),
    )  # fmt: skip
    return _wide(random, falling, 0.85)


BEDS: dict[str, tuple[Callable[[Random], Round], int]] = {
    "rain": (rain, 11),
    "ocean": (ocean, 12),
    "brook": (brook, 13),
    "drone": (drone, 14),
    "brown": (brown, 15),
}
"""How each is made, and the seed of its chances."""


def make(name: str) -> Samples:
    """Make one round of a bed: (PERIOD, 2) samples at 44.1 kHz."""
    bed, seed = BEDS[name]
    made = bed(np.random.default_rng(seed))
    return made * np.float32(levels.gain(_LOUDNESS - levels.loudness(made)))


def _mixed(*layers: tuple[Round, float]) -> Round:
    """Add layers up, each at its power in dB relative to the others."""
    mix = np.zeros((PERIOD, 2), np.float32)
    for layer, db in layers:
        mix += layer * np.float32(levels.gain(db) / layer.std())
    return mix


def _between(random: Random, low: float, high: float) -> float:
    """Choose a number, every ratio equally likely."""
    return float(low * (high / low) ** random.random())


def _noise(random: Random, curve: NDArray[np.float64]) -> Round:
    """Noise with an amplitude for every frequency, of power 1: every one goes round a whole number of times."""
    phases = random.random(len(_HZ), dtype=np.float32)
    turned = curve.astype(np.float32) * np.exp(np.complex64(2j * np.pi) * phases)
    noise = np.fft.irfft(turned, PERIOD).astype(np.float32, copy=False)
    noise /= noise.std()
    return noise


def _sided(random: Random, curve: NDArray[np.float64], width: float) -> Round:
    """Noise from everywhere between left and right: 0 is all in the middle, 1 two sides that have nothing in common."""
    middle, side = _noise(random, curve), width * _noise(random, curve)
    return np.stack([middle + side, middle - side], axis=1)


def _wide(random: Random, spectrum: Spectrum, width: float) -> Round:
    hz, db = np.array(spectrum).T
    return _sided(random, 10 ** (np.interp(np.log(np.maximum(_HZ, 1)), np.log(hz), db, left=-120) / 20), width)


def _slowly(values: NDArray[np.float64]) -> Round:
    """Draw straight lines between values that divide a round evenly."""
    drawn = np.interp(np.arange(PERIOD), np.linspace(0, PERIOD, len(values) + 1), [*values, values[0]])
    return np.asarray(drawn, np.float32)


def _wandering(random: Random, slowest: int, fastest: int) -> Round:
    """Something that wanders about 0, rarely beyond ±2: between so and so many turns in one round."""
    turns = np.zeros(_STEPS // 2 + 1, np.complex128)
    turns[slowest : fastest + 1] = np.exp(2j * np.pi * random.random(fastest + 1 - slowest))
    wandering = np.fft.irfft(turns, _STEPS)
    return _slowly(wandering / wandering.std())


def _swell(waves: Waves, later_s: float, rise_s: float, fall_s: float) -> Round:
    """Waves that rise and fall between 0 and their height, each at its place among so many in one round."""
    period_s = PERIOD / RATE
    seconds = np.arange(_STEPS) * period_s / _STEPS
    swell = np.zeros(_STEPS)
    for place, height in waves:
        since = seconds - place * period_s / len(waves) - later_s
        since = (since + period_s / 2) % period_s - period_s / 2  # forwards or back, whichever is nearer
        shape = np.cos(np.pi / 2 * np.clip(since / np.where(since < 0, rise_s, fall_s), -1, 1)) ** 2
        swell = np.maximum(swell, height * shape)
    return _slowly(swell)


def _ringing(hz: float, damping: float, rises: float = 0.0) -> Round:
    """A small thing struck once: it fades by e `damping` times a second, and its pitch may rise while it does."""
    time = np.arange(round(6 * RATE / damping)) / RATE
    struck = np.minimum(1, time / 0.0015)
    tone = np.sin(2 * np.pi * hz * time * (1 + rises * damping * time / 10)) * np.exp(-damping * time)
    ringing: Round = (struck**2 * (3 - 2 * struck) * tone).astype(np.float32)
    return ringing


def _scattered(
    random: Random, a_second: float | Round, thing: Callable[[], Round], spread: float = 0.8, side: float = 0.5
) -> Round:
    """Things at chance moments, of a hundred kinds and any strength, within `spread` around a side from 0 to 1."""
    kinds = [thing() for _ in range(100)]
    moments = np.flatnonzero(random.random(PERIOD) * RATE < a_second)
    chances = random.random((len(moments), 3))
    angles = np.pi / 2 * np.clip(side + spread * (chances[:, 0] - 0.5), 0, 1)
    gains = (np.stack([np.cos(angles), np.sin(angles)], axis=1) * 4 ** -chances[:, 1:2]).astype(np.float32)
    longest = max(map(len, kinds))
    sides: Round = np.zeros((PERIOD + longest, 2), np.float32)
    for moment, gain, chance in zip(moments, gains, chances[:, 2], strict=True):
        kind = kinds[int(chance * len(kinds))]
        sides[moment : moment + len(kind)] += kind[:, None] * gain
    sides[:longest] += sides[PERIOD:]
    return sides[:PERIOD]


def _gurgling(random: Random, side: float, radius_m: float) -> Round:
    """Bubbles of about one size, in swarms.

    Pitch and damping by radius as in van den Doel, Physically Based Models for Liquid Sounds (2005).
    """

    def bubble() -> Round:
        radius = _between(random, radius_m / 1.7, radius_m * 1.7)
        rises = 0.7 if random.random() < 0.35 else 0.1
        return np.float32(1000 * radius) * _ringing(3 / radius, 0.13 / radius + 0.0072 * radius**-1.5, rises)

    swarms = 30 * np.exp(0.7 * _wandering(random, slowest=20, fastest=110))
    return _scattered(random, swarms, bubble, spread=0.3, side=0.15 + 0.7 * side)


def _breathing(random: Random, row: Harmonics) -> Round:
    """Tones of one harmonic row that swell and sink slowly, each on the left at other times than on the right."""
    lines = np.zeros((len(_HZ), 2), np.complex64)
    for harmonic, db in row:
        turns, breaths = round(harmonic * _LOWEST_HZ * PERIOD / RATE), 3 + int(6 * random.random())
        phase, moment = random.random(2)
        tone, moments = np.exp(2j * np.pi * phase), np.exp(2j * np.pi * (moment + np.array([0, 0.17])))
        lines[turns] = levels.gain(db) * tone
        lines[turns + breaths] = levels.gain(db) * tone * 0.12 * moments
        lines[turns - breaths] = levels.gain(db) * tone * 0.12 / moments
    return np.fft.irfft(lines, PERIOD, axis=0).astype(np.float32, copy=False)


def _blurred(random: Random, row: Harmonics) -> Round:
    """The same tones as many voices sing them: noise ten cents to either side (Paul Nasca's PADsynth)."""
    curve = np.zeros(len(_HZ))
    for harmonic, db in row:
        hz = harmonic * _LOWEST_HZ
        curve += levels.gain(db) * np.exp(-(((_HZ - hz) / (hz * 0.006)) ** 2)) / np.sqrt(hz)
    return _sided(random, curve, 0.8)


def write(name: str, path: Path) -> None:
    """Write a bed as Ogg Vorbis: one round, and the beginning of the next."""
    made = make(name)
    samples = np.concatenate([made, made[:OVERLAP]])
    with soundfile.SoundFile(
        path, "w", RATE, 2, format="OGG", subtype="VORBIS", compression_level=_COMPRESSION[name]
    ) as file:
        for start in range(0, len(samples), _WRITTEN_AT_ONCE):
            file.write(samples[start : start + _WRITTEN_AT_ONCE])


def main() -> None:
    """Write every bed."""
    for name in BEDS:
        write(name, FOLDER / f"{name}.ogg")


if __name__ == "__main__":
    main()
