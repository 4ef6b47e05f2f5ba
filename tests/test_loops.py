from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seams import seams
from strategies import trying

from voiceguide import levels, loops
from voiceguide.errors import SoundError
from voiceguide.levels import RATE, Samples

PATH = Path("mine.wav")


def pink(seconds: float, channels: int = 2, seed: int = 1, slope: float = 0.5) -> Samples:
    """Noise whose power falls by 3 dB an octave, or by `slope` times six."""
    random = np.random.default_rng(seed)
    count = round(seconds * RATE)
    curve = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 40) ** -slope
    turned = [curve * np.exp(2j * np.pi * random.random(len(curve))) for _ in range(channels)]
    noise = np.stack([np.fft.irfft(one, count) for one in turned], axis=1)
    return peaked(noise.astype(np.float32))


def tones(seconds: float, *hz: float) -> Samples:
    time = np.arange(round(seconds * RATE)) / RATE
    return peaked(np.sin(2 * np.pi * np.outer(time, hz)).sum(axis=1, keepdims=True).astype(np.float32))


def peaked(samples: Samples) -> Samples:
    result: Samples = samples / np.abs(samples).max()
    return result


def talking(seconds: float, seed: int) -> Samples:
    """Bursts as long as syllables and words, of any strength, with pauses."""
    random = np.random.default_rng(seed)
    envelope: list[float] = []
    while len(envelope) < seconds * RATE:
        envelope += [*(np.hanning(round(RATE * (0.15 + 0.4 * random.random()))) * (0.3 + 0.7 * random.random()))]
        envelope += [0.0] * round(RATE * 0.3 * random.random())
    noise = pink(len(envelope) / RATE, channels=1)[:, 0]
    return peaked((noise * np.array(envelope, np.float32)[: len(noise)])[:, None])


def waves(seconds: float, period_s: float) -> Samples:
    swell = 0.35 + 0.65 * np.sin(np.pi * np.arange(round(seconds * RATE)) / RATE / period_s) ** 2
    return peaked(pink(seconds) * swell[:, None].astype(np.float32))


def looped(samples: Samples) -> Samples:
    return loops.looped(samples, PATH)


SOUNDS: dict[str, Callable[[], Samples]] = {
    "a low tone": lambda: tones(9, 61.7),
    "a tone of no whole period": lambda: tones(7, 437.77),
    "a high tone": lambda: tones(7, 9003.7),
    "a chord": lambda: tones(12, 110.3, 165.9, 277.7),
    "noise": lambda: pink(8),
    "noise, mono": lambda: pink(5.2, channels=1),
    "deep noise": lambda: pink(12, slope=1.0),
    "sides that are opposites": lambda: pink(8, channels=1) * np.array([1, -1], np.float32),
    "talking": lambda: talking(12, seed=1),
    "fades at its ends": lambda: levels.faded(pink(14), start_ms=2000, end_ms=2000),
    "waves": lambda: waves(24, 5.3),
}
SOME = "a tone of no whole period", "noise", "talking", "fades at its ends"


@pytest.mark.parametrize(
    "sound", [pytest.param(sound, marks=() if sound in SOME else pytest.mark.long) for sound in SOUNDS]
)
def test_no_seam_can_be_told_from_the_sound_itself(sound: str) -> None:
    samples = SOUNDS[sound]()
    loop = looped(samples)
    assert seams(loop) == []
    assert len(loop) % loops.FRAME == 0
    assert len(loop) > 0.55 * len(samples)
    assert levels.loudness(loop) == pytest.approx(-19, abs=0.01)


def test_seams_that_are_there_are_told() -> None:
    """What the tests here measure by would notice the usual ways to loop."""
    cut = tones(7, 437.77)[: 250 * loops.FRAME]
    assert any("step" in found or "new sound" in found for found in seams(cut))
    faded = levels.faded(pink(8), start_ms=1000, end_ms=1000)
    assert any("loudness" in found for found in seams(faded))
    noise, ramp = pink(8), np.linspace(0, 1, RATE, dtype=np.float32)[:, None]
    straight = noise[:-RATE].copy()
    straight[:RATE] = ramp * straight[:RATE] + (1 - ramp) * noise[-RATE:]
    assert any("loudness" in found for found in seams(straight))


@given(seconds=st.floats(5.01, 8), channels=st.integers(1, 2), seed=st.integers(0, 99), slope=st.floats(0, 1))
@trying(6)
def test_any_noise_goes_round_in_whole_frames_at_one_loudness(
    seconds: float, channels: int, seed: int, slope: float
) -> None:
    samples = pink(seconds, channels, seed, slope)
    loop = looped(samples)
    assert loop.dtype == np.float32
    assert loop.shape[1] == channels
    assert loop.shape[0] % loops.FRAME == 0
    assert len(samples) / 2 < len(loop) < len(samples)
    assert levels.loudness(loop) == pytest.approx(-19, abs=0.01)


@pytest.mark.parametrize("frames", [300, 451])
def test_what_goes_round_already_is_left_as_long_as_it_is(frames: int) -> None:
    round_trip = pink(frames * loops.FRAME / RATE)
    loop = looped(peaked(np.concatenate([round_trip, round_trip[:RATE]])))
    assert len(loop) == frames * loops.FRAME
    likeness = np.fft.irfft(np.conj(np.fft.rfft(round_trip[:, 0])) * np.fft.rfft(loop[:, 0]))
    assert likeness.max() == pytest.approx(np.linalg.norm(round_trip[:, 0]) * np.linalg.norm(loop[:, 0]), rel=1e-4)


def test_silence_at_the_ends_is_no_part_of_the_loop() -> None:
    silent = np.zeros((2 * RATE, 2), np.float32)
    assert np.array_equal(looped(np.concatenate([silent, pink(5.2), silent])), looped(pink(5.2)))


def test_a_long_sound_is_measured_in_pieces_as_if_whole() -> None:
    loop = looped(pink(66, channels=1) * np.linspace(1, 0.1, 66 * RATE, dtype=np.float32)[:, None])
    assert levels.loudness(loop) == pytest.approx(-19, abs=0.01)


@pytest.mark.parametrize("seconds", [0.01, 1, 4.9])
def test_less_than_five_seconds_is_too_short(seconds: float) -> None:
    with pytest.raises(SoundError, match=r"mine\.wav sounds for .* a bed needs at least 5") as refused:
        looped(np.pad(tones(seconds, 300), ((RATE * 5, RATE), (0, 0))))
    assert "longer recording" in str(refused.value.hint)


def test_a_burst_that_would_startle_is_told_with_its_place() -> None:
    samples = pink(6) * np.float32(0.002)
    samples[4 * RATE] = 1
    with pytest.raises(SoundError, match=r"mine\.wav has a burst at 4\.0 s"):
        looped(samples)
