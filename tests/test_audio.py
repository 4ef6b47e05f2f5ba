from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray
from strategies import BEDS, CLIPS, HERE, SOUNDS, say, sessions, sessions_with_beds, trying

from voiceguide import audio, levels
from voiceguide.audio import FRAME, Layer, Mix, Span, event_gains, spans
from voiceguide.cues import Bed, Chime, Cue, Say, Silence
from voiceguide.durations import Ms
from voiceguide.levels import Samples
from voiceguide.timeline import lay_out


class Noise:
    """A sound that is as loud as it may be all along, so that nothing of it can go missing unnoticed."""

    def __init__(self, key: str, length: int, channels: int = 1) -> None:
        self.key = key
        self.channels = channels
        self.length = Ms(length)
        self.fade = Ms(length // 3)

    def samples(self) -> Samples:
        noise = np.random.default_rng(len(self.key)).uniform(-0.2, 0.2, (levels.frames(self.length), self.channels))
        return noise.astype(np.float32)


class Tone:
    """A bed at -19 LUFS."""

    channels = 2

    def __init__(self, key: str, frames: int = 100) -> None:
        self.key = key
        self.frames = frames

    def samples(self) -> Samples:
        return tone(self.frames)


@cache
def tone(frames: int) -> Samples:
    """Of waves that are whole in a loop."""
    wave = np.sin(2 * np.pi * np.arange(frames * FRAME) * 9 / FRAME)
    wave *= levels.gain(-19 - levels.loudness(np.stack([wave, wave], axis=1).astype(np.float32)))
    return np.stack([wave, wave], axis=1).astype(np.float32)


class Mute:
    key = "mute"

    def samples(self) -> Samples:
        return np.zeros((1, 1), np.float32)


SILENT = Mix(air=False)
LOOPS = {name: Tone(name, 100 + 7 * number) for number, name in enumerate(BEDS)}
NOISES = {utterance: Noise(utterance.text, clip.length) for utterance, clip in CLIPS.items()}
CHIMES = {name: Noise(name, sound.length) for name, sound in SOUNDS.items()}


def session(*cues: Cue, channels: int = 1) -> tuple[Span, ...]:
    chimes = {name: Noise(name, sound.length, channels) for name, sound in SOUNDS.items()}
    return spans(lay_out(cues, NOISES, chimes, None), NOISES, chimes, {}, SILENT)


def pause(length: int) -> Silence:
    return Silence(kind="pause", least=Ms(length), natural=Ms(length), most=Ms(length), at=HERE)


def chime(gain_db: float = 0.0) -> Chime:
    return Chime(sound="long", gain_db=gain_db, times=1, every=Ms(0), wait=None, at=HERE)


def mixed(span: Span) -> Samples:
    return np.concatenate(list(span.blocks()))


@trying(50)
@given(sessions)
def test_spans_cover_the_session_without_gap_or_overlap(cues: list[Cue]) -> None:
    timeline = lay_out(cues, NOISES, CHIMES, None)
    made = spans(timeline, NOISES, CHIMES, {}, SILENT)
    assert all(span.frames > 0 for span in made)
    padding = sum(span.frames for span in made) * FRAME - audio.ENCODER_DELAY - levels.frames(timeline.length)
    assert audio.DECODER_DELAY <= padding <= 4095  # what the twelve bits of the LAME tag can say


@trying(25)
@given(sessions)
def test_every_sound_is_there_at_its_moment_and_nothing_else_is(cues: list[Cue]) -> None:
    timeline = lay_out(cues, NOISES, CHIMES, None)
    made = spans(timeline, NOISES, CHIMES, {}, SILENT)
    whole = np.concatenate([mixed(span) if span.layers else np.zeros((span.frames * FRAME, 1)) for span in made])
    heard = np.abs(whole[:, 0]) > 0
    expected = np.zeros(len(heard), bool)
    for event in timeline.events:
        if not isinstance(event.cue, Silence):
            start = levels.frames(event.start) // FRAME * FRAME
            several = isinstance(event.cue, Chime) and event.cue.times > 1  # each is rounded by itself
            expected[start : start + levels.frames(event.length) + several * FRAME] = True
    assert not (heard & ~expected).any()
    if not any(isinstance(event.cue, Chime) and event.cue.times > 1 for event in timeline.events):
        assert (heard == expected).mean() > 0.999  # noise crosses nought now and then


def test_a_clip_is_the_same_span_wherever_it_stands() -> None:
    early = session(pause(1000), say(3), pause(5000), say(4))
    late = session(pause(7654), say(3), pause(32_109), say(4))
    assert [span.key for span in early if span.layers] == [span.key for span in late if span.layers]


def test_starts_are_never_late_and_less_than_a_frame_early() -> None:
    for start in range(200, 3000, 7):
        silence, span = session(pause(start), say(0))
        early = levels.frames(start) - (silence.frames + span.layers[0].offset) * FRAME
        assert 0 <= early < FRAME


def test_a_tail_under_words_is_one_span_with_them() -> None:
    (span, *rest) = session(chime(), say(0), pause(20_000), say(1))
    assert len(span.layers) == 2
    assert [len(one.layers) for one in rest] == [0, 1]


def test_a_key_tells_what_can_be_heard() -> None:
    keys = {session(chime(gain))[0].key for gain in (0.0, -6.0)}
    keys |= {session(chime(), channels=2)[0].key, session(say(0))[0].key}
    assert len(keys) == 4


def test_a_session_has_two_channels_if_one_of_its_sounds_has() -> None:
    assert {span.channels for span in session(say(0), pause(3000), chime(), channels=2)} == {2}
    assert mixed(session(say(0), chime(), channels=2)[0]).shape[1] == 2


def test_sounds_that_add_up_stay_under_the_ceiling() -> None:
    loud = [Noise(key, 3000) for key in ("a", "bc", "def", "ghij", "klmno", "pqrstu")]
    layers = tuple(Layer(sound=one, offset=2, length=levels.frames(3000), gain_db=6.0) for one in loud)
    span = Span(frames=130, channels=1, layers=layers)
    assert levels.true_peak(mixed(span)) <= -1.9


def test_blocks_join_as_if_there_were_none() -> None:
    loud = [Noise(key, 8000) for key in ("a", "bc", "def")]
    layers = tuple(Layer(sound=one, offset=2, length=levels.frames(8000), gain_db=12.0) for one in loud)
    span = Span(frames=340, channels=1, layers=layers)
    whole = np.sum([layer.sound.samples() for layer in layers], axis=0) * np.float32(levels.gain(12.0))
    one_block = levels.limited(np.pad(whole, ((2 * FRAME, 340 * FRAME - 2 * FRAME - len(whole)), (0, 0))), -2.0)
    assert np.abs(mixed(span) - one_block).max() < 1e-4


def test_gain_is_in_decibels() -> None:
    quiet, loud = (np.abs(mixed(session(chime(gain))[0])).max() for gain in (-6.0, 0.0))
    assert np.isclose(levels.decibels(loud / quiet), 6.0, atol=0.01)


def bed(sound: str | None = "rain", level_db: float = -22.0, fade: int = 5000) -> Bed:
    return Bed(sound=sound, level_db=level_db, fade=Ms(fade), at=HERE)


def under(*cues: Cue, mix: Mix = SILENT) -> NDArray[np.float64]:
    """How far the bed alone is under the voice in dB, every 100 ms; its words are not mixed in."""
    timeline = lay_out(cues, NOISES, CHIMES, None)
    made = spans(timeline, dict.fromkeys(NOISES, Mute()), CHIMES, LOOPS, mix)
    whole = np.concatenate([mixed(span) for span in made])[: levels.frames(timeline.length)]
    return levels.momentary(whole) + 19.0


SESSION = (bed(), say(1), pause(700), say(2), pause(30_000), say(3), pause(7_900), say(4), pause(14_000), say(5))


def test_a_bed_is_22_db_under_words_and_16_in_a_long_silence() -> None:
    level = under(*SESSION)
    timeline = lay_out(SESSION, NOISES, CHIMES, None)
    words = next(event for event in timeline.events if event.cue == say(3))
    assert np.allclose(level[60 : 100 + CLIPS[say(2).utterance].length // 100 - 60], -22, atol=0.05)
    assert np.allclose(level[words.start // 100 + 2 : (words.start + words.length) // 100 - 6], -22, atol=0.05)
    assert np.allclose(level[words.start // 100 - 200 : words.start // 100 - 20], -16, atol=0.05)


def test_it_stays_down_in_short_silences_and_rises_in_part_in_middling_ones() -> None:
    level = under(*SESSION)
    starts = [event for event in lay_out(SESSION, NOISES, CHIMES, None).events if event.cue in (say(4), say(5))]
    four, five = (event.start // 100 for event in starts)
    assert np.allclose(level[four - 75 : four - 5], -22, atol=0.05)
    assert np.isclose(level[five - 40 : five - 12].max(), -19, atol=0.1)


def test_it_never_moves_faster_than_its_ramps() -> None:
    level = under(*SESSION)[60:-90]
    steps = np.diff(level)
    assert steps.max() <= 0.1 * 1.1  # 1 dB a second
    assert steps.min() >= -0.4 * 1.1  # 6 dB in 1.5 s


def test_it_comes_and_goes_softly_and_is_gone_at_the_end() -> None:
    level = under(*SESSION)
    assert level[0] < -50
    assert (np.diff(level[:46]) > 0).all()
    assert (np.diff(level[-70:]) < 0).all()
    assert level[-1] < -50


def test_one_bed_gives_way_to_another_and_off_ends_it() -> None:
    long = pause(15_000)
    cues = (bed(), say(0), long, bed("ocean", -28.0), say(0), long, bed(None, fade=3000), say(0), long, say(0))
    level = under(*cues)
    off = next(event.start for event in lay_out(cues, NOISES, CHIMES, None).events if event.cue == bed(None, fade=3000))
    assert np.isclose(level[60:130].max(), -22 + 3.5, atol=0.2)
    assert level[off // 100 - 4] < -24
    assert (level[off // 100 + 32 :] < -100).all()


def test_a_bed_of_another_level_glides_there() -> None:
    level = under(bed(), say(7), bed(level_db=-30.0, fade=2000), say(6), say(7), say(6))
    start = CLIPS[say(7).utterance].length // 100
    assert np.allclose(level[start + 22 : start + 40], -30, atol=0.05)
    assert np.diff(level[start - 5 : start + 25]).min() > -0.5


@trying(8)
@given(sessions_with_beds)
def test_spans_with_beds_join_as_if_there_were_none(cues: list[Cue]) -> None:
    timeline = lay_out(cues, NOISES, CHIMES, None)
    made = spans(timeline, NOISES, CHIMES, LOOPS, Mix())
    for before, after in pairwise(made):
        seam = np.concatenate([mixed(before)[-50:], mixed(after)[:50]])
        assert np.allclose(after.background(-1, 0)[-50:], mixed(before)[-50:], atol=2e-4)
        assert np.allclose(before.background(before.frames, before.frames + 1)[:50], seam[50:], atol=2e-4)


def test_air_is_there_at_its_level_and_makes_no_span_depend_on_its_place() -> None:
    early, late = (
        spans(lay_out(cues, NOISES, CHIMES, None), NOISES, CHIMES, {}, Mix())
        for cues in ((pause(1000), say(3), pause(5000)), (pause(7654), say(3), pause(5000)))
    )
    assert early[1].key == late[1].key
    air = mixed(early[0])
    assert np.isclose(levels.decibels(float(np.sqrt(np.mean(air**2)))), audio.AIR_DBFS, atol=0.01)


@pytest.mark.parametrize(("silence", "softer_db"), [(44_000, 0.0), (46_000, -3.0)])
def test_the_first_line_after_a_long_stillness_comes_softer(silence: int, softer_db: float) -> None:
    timeline = lay_out([say(0), pause(silence), say(1), pause(3000), say(2)], NOISES, CHIMES, None)
    gains = zip(timeline.events, event_gains(timeline, SILENT), strict=True)
    assert [gain for event, gain in gains if isinstance(event.cue, Say)] == [0.0, softer_db, 0.0]


def test_a_session_for_sleep_is_softer_but_for_what_is_marked_as_safety() -> None:
    calm = replace(SILENT, calm_db=-4.0, chimes_db=-1.0)
    timeline = lay_out([bed(), replace(say(0), safety=True), chime(), say(1)], NOISES, CHIMES, None)
    assert event_gains(timeline, calm) == (-4.0, 0.0, -5.0, -4.0)
