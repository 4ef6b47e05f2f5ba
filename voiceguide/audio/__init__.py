"""Timeline -> spans of sound on the grid of MP3 frames, and each span's samples, mixed.

A *span* is the unit that is encoded once and kept. It is *plain* where only the background goes on as it is: digital
silence, air, or a bed at one level. Anywhere else it holds the layers (clips, chimes) that sound together, and where
a bed's level moves. Each layer starts on the grid, every start rounded by itself, so that rounding never adds up; and
air repeats with every frame, so that without a bed a clip's span is the same wherever it stands in a session.
"""

import functools
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, assert_never

import numpy as np

from voiceguide import levels
from voiceguide.audio.beds import Course, Looping, Point, courses
from voiceguide.audio.grid import DECODER_DELAY, ENCODER_DELAY, LEAD, frame_after, frame_at, frames_to_hold
from voiceguide.cache import digest
from voiceguide.cues import FADE_OUT, Bed, Chime, Say, Silence, Utterance
from voiceguide.durations import Ms
from voiceguide.levels import Samples
from voiceguide.loops import FRAME
from voiceguide.timeline import Placed, Timeline

__all__ = [
    "AIR_DBFS", "CONTEXT", "DECODER_DELAY", "ENCODER_DELAY", "FRAME", "Layer", "Looping", "Mix", "Point", "Ringing",
    "Sounding", "Span", "event_gains", "spans",
]  # fmt: skip

CONTEXT = 3
"""Frames of background around a span that its encoder is fed with too: it then works as it would in the middle."""
AIR_DBFS = -66.0
_AIR_MOST_HZ = 12_000
"""What pink noise has above lies at -81 dBFS, where nobody hears it, and took LAME a fifth of its time: an engine's
voice ends there, too."""
_BLOCK = 64 * FRAME
_MARGIN = 8 * FRAME
"""Around each block, so that the limiter (60 ms to each side, twice) sees the same whatever the block."""
_STILLNESS = Ms(45_000)
_SOFTER_DB = -3.0
"""Of the first line after so long."""


class Sounding(Protocol):
    """A clip or a chime."""

    @property
    def key(self) -> str:
        """Names the sound: equal keys sound the same."""
        ...

    def samples(self) -> Samples:
        """Read float32 samples at 44.1 kHz: (frames,) or (frames, channels)."""
        ...


class Ringing(Sounding, Protocol):
    """A chime: it may have two channels."""

    @property
    def channels(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """What is asked of the sound of a whole session."""

    air: bool = True
    """Whether there is a breath of air under everything, or digital silence."""
    chimes_db: float = 0.0
    """Of all chimes."""
    calm_db: float = 0.0
    """Of everything but the lines marked as safety."""
    gain_db: float = 0.0
    """Of everything, at last."""
    ceiling_db: float = -2.0
    """dBTP; half a decibel under what is asked for, because encoding at 96 kbit/s moves peaks by some tenths."""
    ending: Ms = FADE_OUT
    """How long a bed takes to go at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One sound in a span."""

    sound: Sounding
    offset: int
    """Frames of the grid from the span's first."""
    length: int
    """Samples."""
    gain_db: float

    @property
    def start(self) -> int:
        """Its first sample, from the span's first."""
        return self.offset * FRAME

    @property
    def stop(self) -> int:
        return self.start + self.length


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of the session."""

    frames: int
    """Its length, in frames of the grid."""
    channels: int
    layers: tuple[Layer, ...] = ()
    beds: tuple[Course, ...] = ()
    air: bool = False
    gain_db: float = 0.0
    ceiling_db: float = -2.0
    context: int = 0
    """How many frames there are before it for its encoder to begin with: `CONTEXT`, but at the session's start."""

    @property
    def plain(self) -> bool:
        return not self.layers and all(bed.even for bed in self.beds)

    @property
    def silent(self) -> bool:
        return not (self.layers or self.beds or self.air)

    @property
    def key(self) -> str:
        """Name its sound: equal keys sound the same."""
        layers = [(layer.sound.key, layer.offset, layer.length, layer.gain_db) for layer in self.layers]
        beds = [(bed.loop.key, bed.phase, bed.points) for bed in self.beds]
        whole = (self.frames, self.channels, self.air, self.gain_db, self.ceiling_db, self.context)
        return digest("span", _MIX_VERSION, whole, layers, beds)

    def blocks(self) -> Iterator[Samples]:
        """Mix the span, in blocks of float32 (frames, channels); a layer is read when its first block comes."""
        total = self.frames * FRAME
        opened: dict[int, Samples] = {}
        for start in range(0, total, _BLOCK):
            yield self._mixed(opened, start, min(start + _BLOCK, total))
            for over in [number for number in opened if self.layers[number].stop < start + _BLOCK - _MARGIN]:
                del opened[over]

    def background(self, first: int, stop: int) -> Samples:
        """Mix what goes on in some frames beside the layers; also in those before the span and after it."""
        return self._background(first, stop) * np.float32(levels.gain(self.gain_db))

    def _mixed(self, opened: dict[int, Samples], start: int, stop: int) -> Samples:
        if self.silent:
            return np.zeros((stop - start, self.channels), np.float32)
        first, last = start - _MARGIN, stop + _MARGIN
        mix = self._background(first // FRAME, last // FRAME)
        for number, layer in enumerate(self.layers):
            low, high = max(first, layer.start), min(last, layer.stop)
            if low < high:
                if number not in opened:
                    samples = layer.sound.samples()
                    gain = np.float32(levels.gain(layer.gain_db))
                    opened[number] = self._in_the_middle(samples.reshape(len(samples), -1) * gain)
                heard = opened[number][low - layer.start : high - layer.start]
                mix[low - first : low - first + len(heard)] += heard
        mix *= np.float32(levels.gain(self.gain_db))
        return levels.limited(mix, self.ceiling_db)[start - first : stop - first]

    def _in_the_middle(self, samples: Samples) -> Samples:
        """Make a mono sound 3 dB softer where there are two channels: coming from both, it is as loud as from one."""
        if samples.shape[1] == self.channels:
            return samples
        return samples * np.float32(np.sqrt(samples.shape[1] / self.channels))

    def _background(self, first: int, stop: int) -> Samples:
        mix = np.zeros(((stop - first) * FRAME, self.channels), np.float32)
        if self.air:
            mix += np.tile(_air(), stop - first)[:, None]
        for bed in self.beds:
            mix += self._in_the_middle(bed.samples(first, stop))
        return mix


_MIX_VERSION = 6
"""To be raised with any change here that can be heard: kept frames are made again."""


def spans(
    timeline: Timeline,
    clips: Mapping[Utterance, Sounding],
    chimes: Mapping[str, Ringing],
    beds: Mapping[str, Looping],
    mix: Mix,
) -> tuple[Span, ...]:
    """Cut a session into spans, plain ones between those where something happens, without gap or overlap."""
    under = courses(timeline, beds, ending=mix.ending, gain_db=mix.calm_db)
    rung = {event.cue.sound for event in timeline.events if isinstance(event.cue, Chime)}
    whole = Span(
        frames=frames_to_hold(levels.frames(timeline.length)),
        channels=max([1, *(chimes[name].channels for name in rung), *(bed.loop.channels for bed in under)]),
        layers=tuple(sorted(_layers(timeline, clips, chimes, mix), key=lambda layer: layer.offset)),
        beds=under,
        air=mix.air,
        gain_db=mix.gain_db,
        ceiling_db=mix.ceiling_db,
    )
    return tuple(_parts(whole))


def event_gains(timeline: Timeline, mix: Mix) -> tuple[float, ...]:
    """Give how much louder each event is made than its cue says, in dB; the first line after a stillness is softer."""
    gains, heard = list[float](), Ms(0)
    for event in timeline.events:
        match event.cue:
            case Say():
                softer = _SOFTER_DB if event.start - heard >= _STILLNESS else 0.0
                gains.append(0.0 if event.cue.safety else mix.calm_db + softer)
                heard = max(heard, Ms(event.start + event.length))
            case Chime():
                gains.append(mix.calm_db + mix.chimes_db)
                heard = max(heard, Ms(event.start + (event.cue.times - 1) * event.cue.every))
            case Bed():
                gains.append(mix.calm_db)
            case Silence():
                gains.append(0.0)
            case _:
                assert_never(event.cue)
    return tuple(gains)


def _layers(
    timeline: Timeline, clips: Mapping[Utterance, Sounding], chimes: Mapping[str, Ringing], mix: Mix
) -> Iterator[Layer]:
    for event, gain_db in zip(timeline.events, event_gains(timeline, mix), strict=True):
        match event.cue:
            case Say():
                yield _layer(clips[event.cue.utterance], event.start, event.length, gain_db)
            case Chime():
                yield from _strokes(event, event.cue, chimes[event.cue.sound], gain_db)
            case Silence() | Bed():
                pass
            case _:
                assert_never(event.cue)


def _strokes(event: Placed, chime: Chime, sound: Sounding, gain_db: float) -> Iterator[Layer]:
    rings = Ms(event.length - (chime.times - 1) * chime.every)
    for number in range(chime.times):
        yield _layer(sound, Ms(event.start + number * chime.every), rings, chime.gain_db + gain_db)


def _layer(sound: Sounding, start: Ms, length: Ms, gain_db: float) -> Layer:
    """Start on the grid, at or just before its moment: a clip keeps 30 ms before its words, which hide up to 26 ms."""
    return Layer(sound=sound, offset=frame_at(start), length=levels.frames(length), gain_db=gain_db)


def _parts(whole: Span) -> Iterator[Span]:
    borders = sorted({0, *(border for frames in _eventful(whole) for border in frames)})
    if borders[-1] < whole.frames:
        borders.append(whole.frames)
    layers, beds = deque(whole.layers), [bed.parts(borders) for bed in whole.beds]
    for (first, stop), *under in zip(pairwise(borders), *beds, strict=True):
        inside = list[Layer]()
        while layers and layers[0].offset < stop:
            one = layers.popleft()
            inside.append(Layer(sound=one.sound, offset=one.offset - first, length=one.length, gain_db=one.gain_db))
        yield Span(  # not by `replace`: it takes as long again
            frames=stop - first,
            channels=whole.channels,
            layers=tuple(inside),
            beds=tuple(bed for bed in under if bed),
            air=whole.air,
            gain_db=whole.gain_db,
            ceiling_db=whole.ceiling_db,
            context=min(CONTEXT, first),
        )


def _eventful(whole: Span) -> Iterator[tuple[int, int]]:
    """Give the frames in which something happens, those as one that have no more than a context's room between them."""
    sounding = [(layer.offset - LEAD, layer.offset + frame_after(layer.length)) for layer in whole.layers]
    first, stop = 0, 0
    for start, end in sorted([*sounding, *(frames for bed in whole.beds for frames in bed.moving())]):
        if start - CONTEXT >= stop:
            if stop:
                yield first, stop
            first = max(start, stop)
        stop = max(stop, end)
    if stop:
        yield max(0, first), stop


@functools.cache
def _air() -> Samples:
    """Make pink noise that repeats with every frame: so it is the same at any place on the grid."""
    bins = np.arange(FRAME // 2 + 1)
    phases = np.random.default_rng(0).uniform(0, 2 * np.pi, len(bins))
    heard = (bins > 0) & (bins * levels.RATE / FRAME < _AIR_MOST_HZ)
    noise = np.fft.irfft(np.where(heard, np.exp(1j * phases) / np.sqrt(np.maximum(bins, 1)), 0), FRAME)
    air: Samples = (noise * levels.gain(AIR_DBFS) / np.sqrt(np.mean(noise**2))).astype(np.float32)
    return air
