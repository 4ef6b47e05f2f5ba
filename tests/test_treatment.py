import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import trying

from voiceguide import levels
from voiceguide.engines.worker import FalteredError
from voiceguide.levels import RATE, Samples
from voiceguide.speech import treatment
from voiceguide.speech.calibration import SPEEDS, calibration
from voiceguide.speech.judging import judge_sound, judge_speech, letters
from voiceguide.speech.sibilance import softening


@functools.cache
def _pulses(seconds: float, rate: int) -> Samples:
    time = np.arange(round(seconds * rate)) / rate
    pulses = sum(np.cos(2 * np.pi * 120 * n * time) / n for n in range(1, 20))
    sound = pulses * (0.55 - 0.45 * np.cos(4 * np.pi * time))
    return np.asarray(sound / np.abs(sound).max(), np.float32)


def voice(seconds: float, *, peak: float = 0.3, rate: int = RATE) -> Samples:
    """Something like a voice: a train of lopsided pulses at 120 Hz, swelling twice a second."""
    return _pulses(seconds, rate) * np.float32(peak)


@trying(25)
@given(st.sampled_from([8000, 16_000, 22_050, 24_000, 44_100, 48_000]), st.floats(0, 0.6), st.floats(0, 0.6))
def test_silence_at_the_ends_goes_whatever_there_was(rate: int, before: float, after: float) -> None:
    quiet = [np.zeros(round(seconds * rate), np.float32) for seconds in (before, after)]
    clean = treatment.cleaned(np.concatenate([quiet[0], voice(1, rate=rate), quiet[1]]), rate)
    assert len(clean) / RATE == pytest.approx(1.09, abs=0.08)


def test_a_constant_offset_and_rumble_are_removed() -> None:
    time = np.arange(2 * RATE) / RATE
    rumbling = (voice(2) + 0.05 + 0.2 * np.sin(2 * np.pi * 15 * time)).astype(np.float32)
    assert low(treatment.cleaned(rumbling, RATE)) < low(rumbling) * levels.gain(-20)


def low(samples: Samples) -> float:
    """The strongest of what lies under 25 Hz."""
    return float(np.abs(np.fft.rfft(samples))[np.fft.rfftfreq(len(samples), 1 / RATE) < 25].max())


@trying(20)
@given(st.floats(0.3, 4), st.floats(-30, 30), st.floats(0.001, 0.9))
def test_a_clip_never_exceeds_the_ceiling(seconds: float, gain_db: float, peak: float) -> None:
    clip = treatment.levelled(treatment.cleaned(voice(seconds, peak=peak), RATE), gain_db)
    assert levels.true_peak(clip) <= -1.9
    assert len(clip) == levels.frames(round(len(clip) * 1000 / RATE))


def test_a_whisper_is_not_made_as_loud_as_speech() -> None:
    speech, whisper = (treatment.cleaned(voice(2, peak=peak), RATE) for peak in (0.3, 0.03))
    gain = treatment.gain_to_target(speech)
    assert levels.loudness(treatment.levelled(speech, gain)) == pytest.approx(-19, abs=0.2)
    assert levels.loudness(treatment.levelled(whisper, gain)) == pytest.approx(-19 - 20 + 3, abs=0.3)


def test_a_word_keeps_its_own_weight() -> None:
    word, sentence = (treatment.cleaned(voice(seconds, peak=0.2), RATE) for seconds in (0.6, 3))
    gain = treatment.gain_to_target(sentence) - 2
    assert levels.loudness(treatment.levelled(sentence, gain)) == pytest.approx(-19, abs=0.2)
    assert levels.loudness(treatment.levelled(word, gain)) < levels.loudness(word) + gain + 0.1


@trying(20)
@given(st.floats(0.3, 4), st.floats(-10, 40), st.floats(0.01, 0.9))
def test_a_peak_is_never_held_down_by_more_than_3_5_db(seconds: float, gain_db: float, peak: float) -> None:
    clean = treatment.cleaned(voice(seconds, peak=peak), RATE)
    clip = treatment.levelled(clean, gain_db)[: len(clean)]
    heard = np.abs(clean) > 1e-3
    gains = np.abs(clip[heard] / clean[heard])
    assert levels.decibels(float(gains.max() / gains.min())) <= 3.5


# One third of an octave each, after Byrne et al. 1994: 250 Hz to 3.15 kHz, and 4 to 10 kHz.
BODY_DB = (60.3, 59.0, 62.1, 62.1, 60.5, 56.8, 53.7, 53.0, 52.0, 48.7, 48.1, 46.8)
SIBILANTS_DB = (45.6, 44.5, 44.3, 43.7, 43.4)


def speech(*hiss_db: float) -> Samples:
    """Noise with the spectrum of average speech, but for its bands from 4 kHz on."""
    spectrum = np.fft.rfft(np.random.default_rng(4).standard_normal(3 * RATE))
    for where, level_db in zip(bands(3 * RATE), BODY_DB + tuple(np.add(SIBILANTS_DB, hiss_db)), strict=True):
        spectrum[where] *= levels.gain(level_db - levels.decibels(float(np.linalg.norm(spectrum[where]))))
    spectrum[~np.logical_or.reduce(bands(3 * RATE))] = 0
    sound = np.fft.irfft(spectrum)
    return np.asarray(0.3 * sound / np.abs(sound).max(), np.float32)


def bands(count: int) -> list[np.ndarray]:
    hz = np.fft.rfftfreq(count, 1 / RATE)
    return [(hz >= 10 ** ((n - 0.5) / 10)) & (hz < 10 ** ((n + 0.5) / 10)) for n in range(24, 41)]


def levels_db(samples: Samples) -> np.ndarray:
    """Of the bands, in dB over the average speech of the same body."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    found = np.array([power[where].sum() for where in bands(len(samples))])
    average = 10 ** (np.array(BODY_DB + SIBILANTS_DB) / 10)
    return np.asarray(10 * np.log10(found / found[:12].sum() / (average / average[:12].sum())))


@trying(15)
@given(st.tuples(*[st.floats(-10, 6)] * 5))
def test_a_voice_with_too_much_hiss_is_brought_to_the_average(hiss_db: tuple[float, ...]) -> None:
    hissing = speech(*hiss_db)
    after = levels_db(treatment.cleaned(hissing, RATE, softening(hissing)))
    assert np.all(after[12:] < 1.05)
    assert np.all(after[12:] > np.minimum(hiss_db, 0) - 1.05)
    assert np.all(np.abs(after[:12]) < 1)


def test_no_more_than_6_db_are_taken() -> None:
    hissing = speech(3, 5, 9, 12, 15)
    assert softening(hissing) == pytest.approx((3, 5, 6, 6, 6), abs=0.1)
    assert levels_db(treatment.cleaned(hissing, RATE, softening(hissing)))[12:] == pytest.approx((0, 0, 3, 6, 9), abs=1)


@pytest.mark.parametrize("hiss_db", [(0, 0, 0, 0, 0), (0.8, 0.8, 0.8, 0.8, 0.8), (-20, -3, 0.9, -40, -60)])
def test_a_voice_within_the_average_is_left_as_it_is(hiss_db: tuple[float, ...]) -> None:
    clean = treatment.cleaned(speech(*hiss_db), RATE)
    measured = calibration([[clean]] * len(SPEEDS), "en", RATE, fades=True)
    assert measured.softer_db == ()
    assert measured.gain_db == treatment.gain_to_target(clean)


def test_a_voice_made_softer_is_still_at_its_level() -> None:
    hissing = speech(6, 6, 6, 6, 6)
    measured = calibration([[treatment.cleaned(hissing, RATE)]] * len(SPEEDS), "en", RATE, fades=True)
    clip = treatment.levelled(treatment.cleaned(hissing, RATE, measured.softer_db), measured.gain_db)
    assert levels.loudness(clip) == pytest.approx(-19, abs=0.2)


def test_turning_the_phase_lowers_lopsided_peaks_and_nothing_else() -> None:
    lopsided = voice(3)
    turned = treatment.cleaned(lopsided, RATE)
    assert levels.loudness(turned) == pytest.approx(levels.loudness(lopsided), abs=0.5)
    assert levels.true_peak(turned) < levels.true_peak(lopsided) - 2


@trying(15)
@given(st.floats(1.05, 2))
def test_stretched_speech_is_longer_and_at_its_pitch(factor: float) -> None:
    slow = treatment.stretched(voice(2), factor)
    assert len(slow) / RATE == pytest.approx(2 * factor, abs=0.05)
    hz = np.fft.rfftfreq(len(slow), 1 / RATE)
    assert hz[np.abs(np.fft.rfft(slow)).argmax()] == pytest.approx(120, abs=5)
    assert np.abs(slow).max() <= np.abs(voice(2)).max() * 1.05


def test_sixteen_bits_come_back_as_they_went() -> None:
    sound = voice(0.5)
    again = treatment.unpacked(treatment.packed(sound))
    assert np.abs(again - sound).max() <= 0.6 / 32767
    assert treatment.packed(again) == treatment.packed(sound)


@pytest.mark.parametrize(
    ("samples", "rate", "told"),
    [
        (np.zeros(0, np.float32), 22_050, "no sound"),
        (np.full(1000, 0.3, np.float32), 22_050, "silence"),
        (np.zeros((100, 2), np.float32), 22_050, "2 dimensions"),
        (np.array([0.1, np.inf], np.float32), 22_050, "numbers that are no sound"),
        (voice(1), 0, "at 0 Hz"),
        (voice(1), 1_000_000, "at 1000000 Hz"),
    ],
)
def test_what_is_no_sound_is_refused_by_name(samples: Samples, rate: int, told: str) -> None:
    with pytest.raises(FalteredError, match=told):
        judge_sound(samples, rate)


@pytest.mark.parametrize(("seconds", "right"), [(0.3, False), (2, True), (3, True), (5, True), (20, False)])
def test_a_length_that_cannot_be_the_words_is_refused(seconds: float, right: bool) -> None:  # noqa: FBT001
    if right:
        judge_speech(voice(seconds), expected_seconds=(3, 3))
    else:
        with pytest.raises(FalteredError, match="s were expected"):
            judge_speech(voice(seconds), expected_seconds=(3, 3))


@pytest.mark.parametrize("colour", [0, 1])
def test_noise_is_refused_and_a_voice_is_not(colour: int) -> None:
    spectrum = np.fft.rfft(np.random.default_rng(3).standard_normal(2 * RATE))
    spectrum /= np.maximum(1, np.arange(len(spectrum))) ** (colour / 2)
    noise = np.fft.irfft(spectrum).astype(np.float32)
    with pytest.raises(FalteredError, match="noise"):
        judge_speech(noise / np.abs(noise).max(), None)
    judge_speech(voice(2), None)


def test_figures_count_as_the_words_they_are_read_as() -> None:
    assert letters("20, and…") == 13
    assert letters("— …") == 0
