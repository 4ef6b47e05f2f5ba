"""Spans -> strips of MP3 frames: each sound encoded by LAME once, by an encoder of its own, and kept.

An encoder is fed with what stands before and after a span too, so that it works as it would in the middle of a session;
those frames are dropped. A background that goes on is a loop of whole frames, encoded once and written again and again.
"""

import functools
import importlib.metadata
import itertools
import os
import struct
from collections import Counter, deque
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise

import lameenc
import numpy as np
from numpy.typing import NDArray

from voiceguide import levels
from voiceguide.audio import CONTEXT, FRAME, Point, Span
from voiceguide.audiofile.layer3 import Strip, cut, frame_size, frame_starts, header, repeated, silent
from voiceguide.cache import Cache, digest
from voiceguide.levels import Samples

_PADDING_CYCLE = 49
"""After so many frames at 44.1 kHz the spread of padding bytes repeats, whatever the bit rate."""

_KBIT = {1: 96, 2: 160}
_LEAST_KBIT, _MOST_KBIT = 32, 160
"""Where the bit rate varies. In the largest frame of a strip there must be room to grow."""
_QUALITY = 3
_VARYING, _VARYING_QUALITY = 4, 4
"""LAME's own numbers: the newer of its ways to vary the rate (mtrh), and how well it should sound, of 0 to 9."""
_SCALE = ((160, 0.95), (192, 0.97), (224, 0.98))
"""Up to which rate LAME multiplies every sample by what before it encodes, which lameenc can't turn off; above, and
where the rate varies, by 1 (measured on a sine)."""
_VERSION = 5
"""To be raised with any change here that changes frames: kept ones are made again."""

_HEAD = struct.Struct("<IdHHB")
"""Of kept frames: how many powers follow, the true peak, bytes to spare, bytes borrowed, and of how many the size."""
_OPENING = 2
"""Frames of silence an encoder is fed with first: they fill its reservoir, which in the middle of a session is full."""
_AIR_FRAMES = 4 * _PADDING_CYCLE
_AT_ONCE = 250_000
"""Bytes of a background that are held at a time, however long it goes on: they fit a processor's cache."""
_BLOCKS_A_SECOND = 10
"""Of which the power is measured."""


Background = tuple[tuple[str, tuple[Point, ...]], ...]
"""What goes on in a plain span: each bed and its level; none where it is air alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """How an MP3 is encoded."""

    kbit: int | None = None
    """1000 bits a second; None for 96 in mono and 160 in stereo."""
    varying: bool = False
    """Whether the rate follows the sound: silence takes the least of MPEG-1, a third; players seek less exactly."""

    def rate(self, channels: int) -> int:
        return self.kbit or _KBIT[channels]

    def scale(self, channels: int) -> np.float32:
        """What LAME multiplies samples by, to be made up for."""
        factors = (factor for kbit, factor in _SCALE if self.rate(channels) <= kbit and not self.varying)
        return np.float32(next(factors, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # one is itself: to compare bytes takes too long
class Encoded:
    """A span's frames, and what was measured of it before they were encoded."""

    strip: Strip
    powers: NDArray[np.float32]
    """Of blocks of 400 ms, K-weighted: what `levels.integrated` takes."""
    true_peak: float
    """dBTP"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounded:
    """A span as it is to be written."""

    span: Span
    encoded: Encoded | None
    """Of a plain span: its loop's; None for digital silence."""
    new: bool | None
    """Encoded now, or kept from before; None of silence, and of a loop that was there already in this session."""
    coding: Coding
    looped: bool = False
    """Whether its frames are those of a loop."""

    def strips(self) -> Iterator[Strip]:
        """Give its frames, never more than a few MB of them at a time."""
        if self.encoded is None:
            yield from _silence(self.span, self.coding)
        elif self.looped:
            yield from _going_on(self.encoded, _phase(self.span), self.span.frames)
        else:
            yield self.encoded.strip

    @property
    def powers(self) -> NDArray[np.float32]:
        """Of all its blocks that could be loud enough to count: air never is."""
        if self.encoded is None or (self.span.plain and not self.span.beds):
            return np.zeros(0, np.float32)
        if self.looped:
            return np.resize(self.encoded.powers, self.span.frames * FRAME * _BLOCKS_A_SECOND // levels.RATE)
        return self.encoded.powers


def sounded(spans: Sequence[Span], cache: Cache, coding: Coding) -> Iterator[Sounded]:
    """Give each span with its frames, in order; threads encode ahead (lameenc releases the GIL), but not far.

    What waits to be written stays small, however long the session.
    """
    workers = os.cpu_count() or 1
    waiting: deque[tuple[Span, _Frames | None, bool]] = deque()
    backgrounds = [_background(span) for span in spans]
    looped = _worth_a_loop(spans, backgrounds)
    loops: dict[Background, _Frames] = {}
    with ThreadPoolExecutor(workers) as pool:

        def begun(span: Span, name: Background | None) -> _Frames | None:
            if span.silent:
                return None
            if name is None or name not in looped:
                return _Frames(span, cache, coding, pool)
            if name not in loops:
                loops[name] = _Frames(_loop(span), cache, coding, pool)
            return loops[name]

        def taken() -> Sounded:
            span, frames, is_looped = waiting.popleft()
            if frames is None:
                return Sounded(span=span, encoded=None, new=None, coding=coding)
            new, frames.new = frames.new, None
            return Sounded(span=span, encoded=frames.get(), new=new, coding=coding, looped=is_looped)

        try:
            for span, name in zip(spans, backgrounds, strict=True):
                waiting.append((span, begun(span, name), name in looped))
                if len(waiting) > 4 * workers:
                    yield taken()
            while waiting:
                yield taken()
        finally:
            pool.shutdown(cancel_futures=True)


class _Frames:
    """A span's frames: kept from before, or on their way."""

    def __init__(self, span: Span, cache: Cache, coding: Coding, pool: ThreadPoolExecutor) -> None:
        rate = coding.rate(span.channels)
        self._key = digest("frames", _VERSION, _encoder_version(), rate, coding.varying, _QUALITY, span.key)
        body = cache.get("frames", self._key)
        self._kept = _unpacked(body) if body is not None else None
        self._future = pool.submit(self._made, span, cache, coding) if body is None else None
        self.new: bool | None = body is None

    def get(self) -> Encoded:
        if self._future:
            self._kept, self._future = self._future.result(), None
        if self._kept is None:
            raise AssertionError("frames are kept or made")
        return self._kept

    def _made(self, span: Span, cache: Cache, coding: Coding) -> Encoded:
        encoded = _encode(span, coding)
        cache.put("frames", self._key, _packed(encoded))
        return encoded


def _background(span: Span) -> Background | None:
    """Name what could loop; None where more goes on, and at the start: a loop would have nothing to lean on."""
    if not span.plain or span.silent or span.context != CONTEXT:
        return None
    return tuple((bed.loop.key, bed.points) for bed in span.beds)


def _worth_a_loop(spans: Sequence[Span], backgrounds: Sequence[Background | None]) -> Collection[Background]:
    """Find the backgrounds that go on for longer than a loop of them: others take less as they come."""
    lasting: Counter[Background] = Counter()
    loops: dict[Background, int] = {}
    for span, name in zip(spans, backgrounds, strict=True):
        if name is not None:
            lasting[name] += span.frames
            loops[name] = _loop_frames(span)
    return {name for name, frames in lasting.items() if frames >= loops[name]}


def _loop(span: Span) -> Span:
    return replace(span, frames=_loop_frames(span), beds=tuple(replace(bed, phase=0) for bed in span.beds))


def _loop_frames(span: Span) -> int:
    return span.beds[0].loop.frames if span.beds else _AIR_FRAMES


def _phase(span: Span) -> int:
    return span.beds[0].phase if span.beds else 0


def _going_on(loop: Encoded, phase: int, count: int) -> Iterator[Strip]:
    """Give `count` frames of a loop, from one of them on."""
    starts = _starts(loop)
    whole = len(starts) - 1
    if phase:
        taken = min(count, whole - phase)
        yield cut(loop.strip, starts, phase, phase + taken)
        count -= taken
    for times in (max(1, _AT_ONCE // starts[-1]), 1):
        rows, count = divmod(count, times * whole)
        yield from itertools.repeat(_repeated(loop, times), rows)
    if count:
        yield cut(loop.strip, starts, 0, count)


@functools.lru_cache(maxsize=4)
def _repeated(loop: Encoded, times: int) -> Strip:
    return repeated(loop.strip, times)


@functools.lru_cache(maxsize=4)
def _starts(loop: Encoded) -> list[int]:
    """Walk through a loop once, however often it is cut."""
    return frame_starts(loop.strip.frames)


def _silence(span: Span, coding: Coding) -> Iterator[Strip]:
    """Give silent frames, padded as a straight encode would."""
    if coding.varying:
        cycle = [_silent_frame(_LEAST_KBIT, span.channels, padded=False)]
    else:
        kbit = coding.rate(span.channels)
        excess = 144_000 * kbit * _PADDING_CYCLE // levels.RATE - _PADDING_CYCLE * frame_size(kbit, padded=False)
        due = [number * excess // _PADDING_CYCLE for number in range(_PADDING_CYCLE + 1)]
        cycle = [_silent_frame(kbit, span.channels, padded=one < other) for one, other in pairwise(due)]
    at_once = _AT_ONCE // sum(map(len, cycle)) * len(cycle)
    for start in range(0, span.frames, at_once):
        yield silent(cycle, min(at_once, span.frames - start))


def _silent_frame(kbit: int, channels: int, *, padded: bool) -> bytes:
    """A header, and zeros: side information without any data is silence."""
    return header(kbit, channels, padded=padded).ljust(frame_size(kbit, padded=padded), b"\0")


def _packed(encoded: Encoded) -> bytes:
    strip, powers = encoded.strip, encoded.powers.astype("<f4").tobytes()
    head = _HEAD.pack(len(encoded.powers), encoded.true_peak, strip.spare, len(strip.borrowed), len(strip.tail))
    sizes = struct.pack(f"<{len(strip.tail)}H", *strip.tail)
    return b"".join((head, sizes, powers, strip.borrowed, strip.frames))


def _unpacked(body: bytes) -> Encoded:
    count, true_peak, spare, borrowed, sizes = _HEAD.unpack_from(body)
    tail = struct.unpack_from(f"<{sizes}H", body, _HEAD.size)
    at = _HEAD.size + 2 * sizes
    powers = np.frombuffer(body, "<f4", count, offset=at)
    at += powers.nbytes
    rest = memoryview(body)[at:]
    strip = Strip(frames=rest[borrowed:], tail=tail, borrowed=rest[:borrowed], spare=spare)
    return Encoded(strip=strip, powers=powers, true_peak=true_peak)


def _encode(span: Span, coding: Coding) -> Encoded:
    is_air = span.plain and not span.beds
    encoder, scale = encoder_for(span.channels, coding, is_air=is_air), coding.scale(span.channels)
    opening = _OPENING if span.context else 0
    frames, powers, peaks = bytearray(), list[NDArray[np.float32]](), list[float]()

    def encode(block: Samples) -> None:
        frames.extend(encoder.encode(levels.pcm16(block / scale)))

    encode(np.zeros((opening * FRAME, span.channels), np.float32))
    encode(span.background(-span.context, 0))
    for block in span.blocks():
        powers.append(levels.block_powers(block).astype(np.float32))
        peaks.append(levels.true_peak(block))
        encode(block)
    encode(span.background(span.frames, span.frames + CONTEXT))
    frames.extend(encoder.flush())
    whole, first = Strip(frames=bytes(frames), tail=()), opening + span.context
    strip = cut(whole, frame_starts(whole.frames), first, first + span.frames)
    return Encoded(strip=strip, powers=np.concatenate(powers), true_peak=max(peaks))


def encoder_for(channels: int, coding: Coding, *, is_air: bool = False) -> lameenc.Encoder:
    """Make a fresh encoder; one for air alone takes the least where the rate varies: LAME would take twice that."""
    encoder = lameenc.Encoder()
    encoder.set_in_sample_rate(levels.RATE)
    encoder.set_out_sample_rate(levels.RATE)
    encoder.set_channels(channels)
    encoder.set_quality(_QUALITY)
    if coding.varying:
        encoder.set_vbr(_VARYING)
        encoder.set_vbr_quality(_VARYING_QUALITY)
        encoder.set_vbr_min_bitrate_kbps(_LEAST_KBIT)
        encoder.set_vbr_max_bitrate_kbps(_LEAST_KBIT if is_air else _MOST_KBIT)
    else:
        encoder.set_bit_rate(coding.rate(channels))
    encoder.silence()
    return encoder


@functools.cache
def _encoder_version() -> str:
    return importlib.metadata.version("lameenc")
