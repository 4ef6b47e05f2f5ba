import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import trying

from voiceguide import levels
from voiceguide.levels import RATE, Samples


def sine(hz: float, seconds: float, *, peak_db: float = 0, phase: float = 0, rate: int = RATE) -> Samples:
    time = np.arange(round(seconds * rate)) / rate
    return (levels.gain(peak_db) * np.sin(2 * np.pi * hz * time + phase)).astype(np.float32)


def stereo(mono: Samples) -> Samples:
    return np.stack([mono, mono], axis=1)


def below(hz: float, samples: Samples) -> Samples:
    """Leave nothing above a frequency, as no filter that rings only after its input can."""
    spectrum = np.fft.rfft(samples, axis=0)
    spectrum[np.fft.rfftfreq(len(samples), 1 / RATE) > hz] = 0
    return np.fft.irfft(spectrum, len(samples), axis=0).astype(np.float32)


def rms_db(samples: Samples) -> float:
    return levels.decibels(float(np.sqrt((samples.astype(np.float64) ** 2).mean())))


# Counting


@given(st.floats(-120, 40))
def test_decibels_undo_gain(db: float) -> None:
    assert levels.decibels(levels.gain(db)) == pytest.approx(db)


def test_silence_is_minus_infinity_everywhere() -> None:
    silence = np.zeros(RATE, np.float32)
    assert levels.decibels(0) == levels.loudness(silence) == levels.true_peak(silence) == -math.inf
    assert np.all(levels.momentary(silence) == -math.inf)


@given(st.integers(0, 10**9))
def test_whole_milliseconds_survive_frames_to_within_one(milliseconds: int) -> None:
    assert levels.milliseconds(levels.frames(milliseconds)) - milliseconds in (0, 1)


@given(st.integers(0, 10**9))
def test_milliseconds_are_enough_for_their_frames(count: int) -> None:
    assert levels.frames(levels.milliseconds(count)) >= count


# Loudness: ITU-R BS.1770-4, EBU Tech 3341


def test_a_full_scale_sine_of_997_hz_in_one_channel_is_minus_3_01_lufs() -> None:
    assert levels.loudness(sine(997, 5)) == pytest.approx(-3.01, abs=0.02)


def test_mono_counts_as_one_channel_and_two_equal_ones_are_3_lu_louder() -> None:
    mono = sine(997, 5, peak_db=-20)
    assert levels.loudness(stereo(mono)) - levels.loudness(mono) == pytest.approx(3.01, abs=0.01)
    assert levels.loudness(mono[:, None]) == pytest.approx(levels.loudness(mono), abs=1e-6)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(-23, 20)], -23),
        ([(-33, 20)], -33),
        ([(-36, 10), (-23, 60), (-36, 10)], -23),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23),
    ],
    ids=["case 1", "case 2", "case 3", "case 4", "case 5"],
)
def test_ebu_tech_3341_minimum_requirements(parts: list[tuple[float, float]], expected: float) -> None:
    signal = stereo(np.concatenate([sine(1000, seconds, peak_db=db) for db, seconds in parts]))
    assert levels.loudness(signal) == pytest.approx(expected, abs=0.1)


def test_the_momentary_reading_of_a_steady_tone_is_its_loudness() -> None:
    readings = levels.momentary(stereo(sine(1000, 20, peak_db=-23)))
    assert len(readings) == 197
    assert readings == pytest.approx(-23, abs=0.1)


def test_a_burst_of_400_ms_is_read_in_full_and_a_shorter_one_in_part() -> None:
    """EBU Tech 3341, cases 13 and 14, on the grid of our blocks."""
    for burst_ms, expected in [(400, -23.0), (200, -26.01), (100, -29.02)]:
        quiet = np.zeros(levels.frames(1000), np.float32)
        burst = np.concatenate([quiet, sine(1000, burst_ms / 1000, peak_db=-23), quiet])
        assert levels.momentary(stereo(burst)).max() == pytest.approx(expected, abs=0.1)


# The weighting's gains as the coefficients of BS.1770-4 give them at 48 kHz.
@pytest.mark.parametrize("hz", [30, 60, 100, 500, 1000, 2000, 5000, 10_000, 15_000])
def test_k_weighting_is_the_standards(hz: float) -> None:
    z = np.exp(-2j * np.pi * hz / 48_000)
    shelf = (1.53512485958697 - 2.69169618940638 * z + 1.19839281085285 * z**2) / (
        1 - 1.69065929318241 * z + 0.73248077421585 * z**2
    )
    cut = (1 - 2 * z + z**2) / (1 - 1.99004745483398 * z + 0.99007225036621 * z**2)
    expected = levels.decibels(abs(shelf * cut)) - 3.01 - 0.691
    assert levels.loudness(sine(hz, 10)) == pytest.approx(expected, abs=0.1)


def test_a_recording_can_be_measured_in_parts() -> None:
    signal = sine(440, 8, peak_db=-12) * np.repeat([0.1, 1, 0.01, 0.5], 2 * RATE).astype(np.float32)
    assert levels.integrated(levels.block_powers(signal)) == levels.loudness(signal)


def test_less_than_a_block_is_one_reading_of_its_own_power() -> None:
    assert levels.momentary(sine(1000, 0.1, peak_db=-20)) == pytest.approx([-23.0], abs=0.3)


# True peaks


@pytest.mark.parametrize("phase", [0, math.pi / 6, math.pi / 4, math.pi / 3])
@pytest.mark.parametrize("divisor", [4, 6, 8])
def test_a_peak_between_samples_is_found(divisor: int, phase: float) -> None:
    """EBU Tech 3341, cases 15 to 18: within +0.2 and -0.4 dB."""
    tone = levels.faded(sine(RATE / divisor, 0.5, peak_db=-6, phase=phase), start_ms=50, end_ms=50)
    assert -6.4 < levels.true_peak(tone) < -5.8


def test_the_highest_channel_counts() -> None:
    tone = sine(1000, 0.2, peak_db=-6)
    assert levels.true_peak(np.stack([tone * 0, tone], axis=1)) == pytest.approx(-6, abs=0.05)


@given(st.integers(0, 9000))
@trying(20)
def test_where_a_peak_lies_makes_no_difference(lead: int) -> None:
    burst = levels.faded(sine(RATE / 4, 0.05, phase=math.pi / 4), start_ms=10, end_ms=10)
    moved = np.pad(burst, (lead, 5000))
    assert levels.true_peak(moved) == pytest.approx(levels.true_peak(np.pad(burst, (1, 1))), abs=0.01)


@given(seed=st.integers(0, 2**32 - 1), cutoff_hz=st.floats(1000, 19_000), channels=st.sampled_from([1, 2]))
@trying(20)
def test_a_peak_is_where_a_finer_look_finds_it(seed: int, cutoff_hz: float, channels: int) -> None:
    noise = np.random.default_rng(seed).normal(0, 0.1, (3000, channels)).astype(np.float32)
    check_finely(levels.faded(below(cutoff_hz, noise), start_ms=20, end_ms=20))


@given(seed=st.integers(0, 2**32 - 1), cutoff_hz=st.floats(200, 10_000), channels=st.sampled_from([1, 2]))
@trying(20)
def test_a_peak_is_found_where_nearly_all_is_loud(seed: int, cutoff_hz: float, channels: int) -> None:
    clipped = np.random.default_rng(seed).normal(0, 0.1, (3000, channels)).clip(-0.05, 0.05).astype(np.float32)
    check_finely(levels.faded(below(cutoff_hz, clipped), start_ms=20, end_ms=20))


def check_finely(sound: Samples) -> None:
    fine = np.fft.irfft(np.fft.rfft(sound, axis=0), 16 * len(sound), axis=0) * 16
    assert -0.2 < levels.true_peak(sound) - levels.decibels(float(np.abs(fine).max())) < 0.05


# The limiter


@given(
    seed=st.integers(0, 2**32 - 1),
    loud_db=st.floats(-10, 20),
    ceiling_db=st.floats(-12, 0),
    channels=st.sampled_from([1, 2]),
    cutoff_hz=st.floats(200, 20_000),
)
@trying(40)
def test_the_limiter_holds_its_ceiling(
    seed: int, loud_db: float, ceiling_db: float, channels: int, cutoff_hz: float
) -> None:
    random = np.random.default_rng(seed)
    spiky = (random.normal(0, 0.2, (9000, channels)) ** 3 * 8).astype(np.float32)
    soft = below(cutoff_hz, spiky)
    loud = soft * np.float32(levels.gain(loud_db) / np.abs(soft).max())
    assert levels.true_peak(levels.limited(loud, ceiling_db)) < ceiling_db + 0.1


@given(st.floats(-60, -1.6))
@trying(20)
def test_the_limiter_leaves_what_is_under_its_ceiling_untouched(peak_db: float) -> None:
    tone = levels.faded(sine(440, 0.3, peak_db=peak_db), start_ms=10, end_ms=10)
    assert np.array_equal(levels.limited(tone, -1.5), tone)


def test_the_limiter_touches_only_what_is_near_a_peak() -> None:
    tone = sine(440, 2, peak_db=-20)
    tone[RATE : RATE + 100] += 1
    held = levels.limited(tone, -3)
    changed = np.flatnonzero(held != tone)
    assert changed[0] > RATE - levels.frames(80)
    assert changed[-1] < RATE + levels.frames(130)
    assert np.abs(held).max() <= levels.gain(-3)


@given(where=st.integers(0, 4000), length=st.integers(1, 4001))
@trying(30)
def test_a_click_is_held_wherever_it_falls(where: int, length: int) -> None:
    click = np.zeros(length, np.float32)
    click[where % length] = 1
    assert np.abs(levels.limited(click, -6)).max() == pytest.approx(levels.gain(-6), rel=1e-3)


def test_the_limiters_gain_moves_smoothly() -> None:
    tone = np.ones(RATE, np.float32) * np.float32(0.1)
    tone[RATE // 2] = 1
    gains = levels.limited(tone, -6) / tone
    assert np.abs(np.diff(gains)).max() < 0.02
    assert gains.max() <= 1


def test_both_channels_are_held_together() -> None:
    tone = sine(440, 0.5)
    held = levels.limited(np.stack([tone, tone * np.float32(0.1)], axis=1), -6)
    assert held[:, 1] == pytest.approx(held[:, 0] * 0.1, abs=1e-6)


# Filters


@pytest.mark.parametrize(("hz", "expected_db"), [(250, -12.3), (500, -3.01), (1000, -0.26), (8000, 0)])
def test_the_high_pass_has_its_corner_where_it_says(hz: float, expected_db: float) -> None:
    tone = sine(hz, 1)
    passed = levels.filtered(tone, levels.high_pass(500))
    assert rms_db(passed[RATE // 4 :]) - rms_db(tone) == pytest.approx(expected_db, abs=0.1)


def test_the_high_pass_removes_an_offset() -> None:
    passed = levels.filtered(np.full((RATE, 2), 0.5, np.float32), levels.high_pass(70))
    assert passed.shape == (RATE, 2)
    assert np.abs(passed[RATE // 4 :]).max() < 1e-4


def test_a_filter_does_not_know_what_comes_later() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, RATE).astype(np.float32)
    first = levels.filtered(noise[: RATE // 2], levels.high_pass(70))
    assert levels.filtered(noise, levels.high_pass(70))[: RATE // 2] == pytest.approx(first, abs=1e-5)


# Resampling


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000, 48_000, 96_000])
def test_resampling_keeps_a_tone_clean(rate: int) -> None:
    tone = levels.resampled(sine(5000, 2, peak_db=-1, rate=rate), rate)[RATE // 2 : RATE * 3 // 2].astype(np.float64)
    time = np.arange(len(tone)) / RATE
    basis = np.stack([np.sin(2 * np.pi * 5000 * time), np.cos(2 * np.pi * 5000 * time)], axis=1)
    fit = basis @ np.linalg.lstsq(basis, tone, rcond=None)[0]
    sinad = 10 * math.log10((fit**2).sum() / ((tone - fit) ** 2).sum())
    assert sinad > 110


def test_resampling_keeps_length_and_channels() -> None:
    assert levels.resampled(np.zeros((24_000, 2), np.float32), 24_000).shape == (RATE, 2)


def test_what_has_our_rate_already_is_left_alone() -> None:
    tone = sine(440, 0.1)
    assert levels.resampled(tone, RATE) is tone


# Edges


@pytest.mark.parametrize("shape", [(RATE,), (RATE, 1), (RATE, 2)])
def test_a_fade_begins_and_ends_at_nothing_and_leaves_the_middle(shape: tuple[int, ...]) -> None:
    flat = np.ones(shape, np.float32)
    faded = levels.faded(flat, start_ms=10, end_ms=50)
    assert faded.shape == shape
    assert np.abs(faded[[0, -1]]).max() < 1e-4
    assert np.all(faded[levels.frames(10) : -levels.frames(50)] == 1)
    assert np.all(flat == 1)


def test_a_fade_is_even_about_its_middle() -> None:
    faded = levels.faded(np.ones(RATE, np.float32), start_ms=100)
    assert faded[levels.frames(50)] == pytest.approx(0.5, abs=0.001)
    assert np.all(np.diff(faded[: levels.frames(100)]) > 0)


@given(st.integers(0, 3000), st.floats(0, 100), st.floats(0, 100))
@trying(30)
def test_any_length_can_be_faded(count: int, start_ms: float, end_ms: float) -> None:
    faded = levels.faded(np.ones(count, np.float32), start_ms=start_ms, end_ms=end_ms)
    assert len(faded) == count
    assert np.all((faded >= 0) & (faded <= 1))


@given(
    lead=st.integers(0, 20_000),
    tail=st.integers(0, 20_000),
    before_ms=st.integers(0, 100),
    after_ms=st.integers(0, 100),
)
@trying(50)
def test_trimming_keeps_the_sound_and_a_little_around_it(lead: int, tail: int, before_ms: int, after_ms: int) -> None:
    padded = np.pad(np.ones(1000, np.float32), (lead, tail))
    cut = levels.trimmed(padded, below_peak_db=45, keep_before_ms=before_ms, keep_after_ms=after_ms)
    before, after = min(lead, levels.frames(before_ms)), min(tail, levels.frames(after_ms))
    assert len(cut) == before + 1000 + after
    assert np.all(cut[before : before + 1000] == 1)


def test_trimming_is_relative_to_the_peak() -> None:
    steps = np.repeat([0.001, 0.1, 0.001], 1000).astype(np.float32)
    assert len(levels.trimmed(steps, below_peak_db=39, keep_before_ms=0, keep_after_ms=0)) == 1000
    assert len(levels.trimmed(steps, below_peak_db=41, keep_before_ms=0, keep_after_ms=0)) == 3000


@pytest.mark.parametrize("count", [0, 1, 5000])
def test_trimming_silence_leaves_nothing(count: int) -> None:
    silence = np.zeros((count, 2), np.float32)
    assert levels.trimmed(silence, below_peak_db=45, keep_before_ms=30, keep_after_ms=30).shape == (0, 2)


@pytest.mark.parametrize("count", [0, 1, 63, 4095, 4096, 4097])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_tool_takes_any_length(count: int, channels: int) -> None:
    samples = np.full((count, channels), 0.9, np.float32)
    for result in (
        levels.limited(samples, -6),
        levels.faded(samples, start_ms=10, end_ms=10),
        levels.filtered(samples, levels.high_pass(70)),
    ):
        assert result.shape == samples.shape
        assert result.dtype == np.float32
    assert len(levels.momentary(samples)) == 1
    assert levels.true_peak(samples) < 1
