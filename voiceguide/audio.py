"""Timeline -> spans of sound and silence on the grid of MP3 frames, and each span's samples, mixed.

A *span* is the unit that is encoded once and kept. It is digital silence, or one or more layers (a clip, a chime) that
sound together. Each layer starts on the grid, every start rounded by itself, so that rounding never adds up and a
clip's span is the same wherever it stands in a session.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, assert_never

import numpy as np

from voiceguide import levels
from voiceguide.cache import digest
from voiceguide.cues import Chime, Say, Silence, Utterance
from voiceguide.durations import Ms
from voiceguide.levels import Samples
from voiceguide.timeline import Placed, Timeline

FRAME = 1152
"""Samples in an MPEG-1 layer III frame."""
ENCODER_DELAY = 576
"""Samples that LAME puts before the first one; the Info tag says so and players drop them."""
DECODER_DELAY = 529
"""Samples that any decoder is late: 528 of the filter bank, and one (LAME's technical FAQ)."""
LEAD = 2
"""Frames of silence encoded before a layer: they fill the bit reservoir, as in a straight encode."""

_DELAY = ENCODER_DELAY + DECODER_DELAY
_SPILL = 1056
"""Samples after its own place into which a sample's energy is spread: a long block's window and the filter bank's."""
_CEILING_DB = -2.0
"""dBTP; half a decibel under what is asked for, because encoding at 96 kbit/s moves peaks by some tenths."""
_BLOCK = 64 * FRAME
_MARGIN = 8 * FRAME
"""Around each block, so that the limiter (60 ms to each side, twice) sees the same whatever the block."""


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
    """A stretch of the session: silence if it has no layers."""

    frames: int
    """Its length, in frames of the grid."""
    channels: int
    layers: tuple[Layer, ...]

    @property
    def key(self) -> str:
        """Name its sound: equal keys sound the same."""
        layers = [(layer.sound.key, layer.offset, layer.length, layer.gain_db) for layer in self.layers]
        return digest("span", _MIX_VERSION, self.frames, self.channels, layers)

    def blocks(self) -> Iterator[Samples]:
        """Mix the span, in blocks of float32 (frames, channels); a layer is read when its first block comes."""
        total = self.frames * FRAME
        opened: dict[int, Samples] = {}
        for start in range(0, total, _BLOCK):
            yield self._mixed(opened, start, min(start + _BLOCK, total))
            for over in [number for number in opened if self.layers[number].stop < start + _BLOCK - _MARGIN]:
                del opened[over]

    def _mixed(self, opened: dict[int, Samples], start: int, stop: int) -> Samples:
        first, last = start - _MARGIN, stop + _MARGIN
        mix = np.zeros((last - first, self.channels), np.float32)
        for number, layer in enumerate(self.layers):
            low, high = max(first, layer.start), min(last, layer.stop)
            if low < high:
                if number not in opened:
                    samples = layer.sound.samples()
                    opened[number] = samples.reshape(len(samples), -1) * np.float32(levels.gain(layer.gain_db))
                heard = opened[number][low - layer.start : high - layer.start]
                mix[low - first : low - first + len(heard)] += heard
        return levels.limited(mix, _CEILING_DB)[start - first : stop - first]


_MIX_VERSION = 1
"""To be raised with any change here that can be heard: kept frames are made again."""


def spans(timeline: Timeline, clips: Mapping[Utterance, Sounding], sounds: Mapping[str, Ringing]) -> tuple[Span, ...]:
    """Cut a session into spans, silences between them, without gap or overlap."""
    used = {event.cue.sound for event in timeline.events if isinstance(event.cue, Chime)}
    channels = max((sounds[name].channels for name in used), default=1)
    end = levels.frames(timeline.length)
    placed = sorted(_layers(timeline.events, clips, sounds), key=lambda layer: layer.offset)
    result: list[Span] = []
    position = 0
    for group in _touching(placed):
        first = max(position, group[0].offset - LEAD)
        stop = max(_stop(layer) for layer in group)
        result += [Span(frames=first - position, channels=channels, layers=())] if first > position else []
        layers = tuple(_moved(layer, -first) for layer in group)
        result.append(Span(frames=stop - first, channels=channels, layers=layers))
        position = stop
    rest = -(-(end + _DELAY) // FRAME) - position
    return (*result, Span(frames=rest, channels=channels, layers=())) if rest > 0 else tuple(result)


def _layers(
    events: Sequence[Placed], clips: Mapping[Utterance, Sounding], sounds: Mapping[str, Ringing]
) -> Iterator[Layer]:
    for event in events:
        match event.cue:
            case Say():
                yield _layer(clips[event.cue.utterance], event.start, event.length, 0.0)
            case Chime():
                sound = sounds[event.cue.sound]
                stroke = Ms(event.length - (event.cue.times - 1) * event.cue.every)
                for number in range(event.cue.times):
                    yield _layer(sound, Ms(event.start + number * event.cue.every), stroke, event.cue.gain_db)
            case Silence():
                pass
            case _:
                assert_never(event.cue)


def _layer(sound: Sounding, start: Ms, length: Ms, gain_db: float) -> Layer:
    """Start on the grid, at or just before its moment: a clip keeps 30 ms before its words, which hide up to 26 ms."""
    return Layer(sound=sound, offset=levels.frames(start) // FRAME, length=levels.frames(length), gain_db=gain_db)


def _touching(layers: Sequence[Layer]) -> Iterator[list[Layer]]:
    """Group layers that would share a frame, the silent lead of the later one included."""
    group: list[Layer] = []
    stop = 0
    for layer in layers:
        if group and layer.offset - LEAD >= stop:
            yield group
            group = []
        group.append(layer)
        stop = max(stop, _stop(layer))
    if group:
        yield group


def _stop(layer: Layer) -> int:
    """The first frame that nothing of the layer reaches."""
    return layer.offset + -(-(layer.length + _DELAY + _SPILL) // FRAME)


def _moved(layer: Layer, by: int) -> Layer:
    return replace(layer, offset=layer.offset + by)
