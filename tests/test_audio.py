import numpy as np
from hypothesis import given, settings
from strategies import CLIPS, HERE, SOUNDS, say, sessions

from voiceguide import audio, levels
from voiceguide.audio import FRAME, Layer, Span, spans
from voiceguide.cues import Chime, Cue, Silence
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


NOISES = {utterance: Noise(utterance.text, clip.length) for utterance, clip in CLIPS.items()}
CHIMES = {name: Noise(name, sound.length) for name, sound in SOUNDS.items()}


def session(*cues: Cue, channels: int = 1) -> tuple[Span, ...]:
    chimes = {name: Noise(name, sound.length, channels) for name, sound in SOUNDS.items()}
    return spans(lay_out(cues, NOISES, chimes, None), NOISES, chimes)


def pause(length: int) -> Silence:
    return Silence(kind="pause", least=Ms(length), natural=Ms(length), most=Ms(length), at=HERE)


def chime(gain_db: float = 0.0) -> Chime:
    return Chime(sound="long", gain_db=gain_db, times=1, every=Ms(0), wait=None, at=HERE)


def mixed(span: Span) -> Samples:
    return np.concatenate(list(span.blocks()))


@settings(max_examples=50)
@given(sessions)
def test_spans_cover_the_session_without_gap_or_overlap(cues: list[Cue]) -> None:
    timeline = lay_out(cues, NOISES, CHIMES, None)
    made = spans(timeline, NOISES, CHIMES)
    assert all(span.frames > 0 for span in made)
    padding = sum(span.frames for span in made) * FRAME - audio.ENCODER_DELAY - levels.frames(timeline.length)
    assert audio.DECODER_DELAY <= padding <= 4095  # what the twelve bits of the LAME tag can say


@settings(max_examples=25)
@given(sessions)
def test_every_sound_is_there_at_its_moment_and_nothing_else_is(cues: list[Cue]) -> None:
    timeline = lay_out(cues, NOISES, CHIMES, None)
    made = spans(timeline, NOISES, CHIMES)
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
    late = session(pause(7654), say(3), pause(123_456), say(4))
    assert [span.key for span in early if span.layers] == [span.key for span in late if span.layers]


def test_starts_are_never_late_and_less_than_a_frame_early() -> None:
    for start in range(0, 3000, 7):
        (_, span) = session(pause(start + 100), say(0))
        begin = sum(one.frames for one in session(pause(start + 100), say(0))[:1]) + span.layers[0].offset
        early = levels.frames(start + 100) - begin * FRAME
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
