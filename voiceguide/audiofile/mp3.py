"""Spans -> the frames of an MP3. Sound is encoded by LAME once and kept; silence and the Info frame are made by hand.

What holds it together:

- An MPEG-1 frame is 1152 samples (ISO/IEC 11172-3). Part of it may lie in earlier frames (the bit reservoir), so frames
  can be cut apart only where one refers to nothing before it; the first frame of a fresh encoder is such a one.
- A frame whose side information is all zeros decodes to exact silence.
- The first frame of the file holds no sound. It says how long the recording is, where its hundredths begin, and how
  many samples of delay and padding players drop, so that the decoded length is exact (the Xing and LAME tags).
"""

import functools
import importlib.metadata
import os
import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO

import lameenc
import numpy as np
from numpy.typing import NDArray

from voiceguide import levels
from voiceguide.audio import ENCODER_DELAY, FRAME, Span
from voiceguide.cache import Cache, digest

_KBIT = {1: 96, 2: 160}
"""1000 bits a second, by channels: constant, so that players seek exactly."""
_QUALITY = 3
_LAME_SCALE = np.float32(0.95)
"""What LAME multiplies every sample by before it encodes, and lameenc can't turn off: 0.446 dB (measured on a sine)."""
_VERSION = 2
"""To be raised with any change here that changes frames: kept ones are made again."""

_HEAD = struct.Struct("<Id")
"""Of kept frames: how many powers follow, and the true peak."""
_RATE_INDEX = {96: 7, 160: 10}
"""Of the header's four bits for the bit rate (ISO/IEC 11172-3, layer III)."""
_SIDE_INFORMATION = {1: 17, 2: 32}
"""Bytes behind the header's four."""
_INFO_QUALITY = 57
"""Of 100, as LAME writes it for quality 3 at a constant bit rate; shown by some tools, used by none."""
_CYCLE = 49
"""After so many frames at 44.1 kHz the spread of padding bytes repeats, whatever the bit rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A span's frames, and what was measured of it before they were encoded."""

    frames: bytes
    powers: NDArray[np.float32]
    """Of blocks of 400 ms, K-weighted: what `levels.integrated` takes."""
    true_peak: float
    """dBTP"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What is known of an MP3 once it is written."""

    spans_new: int
    """Encoded now."""
    spans_cached: int
    """Their frames were kept from before."""
    loudness: float
    """LUFS, integrated, before encoding"""
    true_peak: float
    """dBTP, before encoding"""
    sums: bytes = b""
    """Of an MP3: for each span its number of frames and their CRC-32, as `SUM` packs them."""


SUM = struct.Struct(">II")


def write_frames(
    file: BinaryIO, spans: Sequence[Span], *, length: int, cache: Cache, progress: Callable[[int, int], None]
) -> Written:
    """Write the Info frame and the frames of every span at the file's position; the file must be seekable.

    `length` is in samples: what the last frame holds beyond it is declared as padding. `progress` is told how
    many spans are done, and of how many.
    """
    stream = _Stream(file, spans[0].channels)
    powers: list[NDArray[np.float32]] = [np.zeros(0, np.float32)]
    peaks, new, cached = [float("-inf")], 0, 0
    for number, (span, encoded, is_new) in enumerate(_encoded(spans, cache), start=1):
        if encoded is None:
            stream.write_silence(span.frames)
        else:
            stream.write_sound(encoded.frames, span.frames)
            powers.append(encoded.powers)
            peaks.append(encoded.true_peak)
            new, cached = new + is_new, cached + (not is_new)
        progress(number, len(spans))
    stream.finish(length)
    loudness = levels.integrated(np.concatenate(powers).astype(np.float64))
    return Written(
        spans_new=new, spans_cached=cached, loudness=loudness, true_peak=max(peaks), sums=b"".join(stream.sums)
    )


def _encoded(spans: Iterable[Span], cache: Cache) -> Iterator[tuple[Span, Encoded | None, bool]]:
    """Give each span with its frames, in order; threads work ahead (lameenc and hashing release the GIL), but not far.

    What waits to be written stays small, however long the session.
    """
    workers = os.cpu_count() or 1
    waiting: deque[tuple[Span, Future[tuple[Encoded, bool]] | None]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for span in spans:
                waiting.append((span, pool.submit(_kept_or_encoded, span, cache) if span.layers else None))
                if len(waiting) > 4 * workers:
                    yield _taken(*waiting.popleft())
            while waiting:
                yield _taken(*waiting.popleft())
        finally:
            pool.shutdown(cancel_futures=True)


def _taken(span: Span, future: "Future[tuple[Encoded, bool]] | None") -> tuple[Span, Encoded | None, bool]:
    return (span, None, False) if future is None else (span, *future.result())


def _kept_or_encoded(span: Span, cache: Cache) -> tuple[Encoded, bool]:
    key = digest("frames", _VERSION, _encoder_version(), _KBIT[span.channels], _QUALITY, span.key)
    body = cache.get("frames", key)
    if body is not None:
        return _unpacked(body), False
    encoded = _encode(span)
    cache.put("frames", key, _packed(encoded))
    return encoded, True


def _packed(encoded: Encoded) -> bytes:
    head = _HEAD.pack(len(encoded.powers), encoded.true_peak)
    return head + encoded.powers.astype("<f4").tobytes() + encoded.frames


def _unpacked(body: bytes) -> Encoded:
    count, true_peak = _HEAD.unpack_from(body)
    powers = np.frombuffer(body, "<f4", count, offset=_HEAD.size)
    return Encoded(frames=body[_HEAD.size + powers.nbytes :], powers=powers, true_peak=true_peak)


def _encode(span: Span) -> Encoded:
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(_KBIT[span.channels])
    encoder.set_in_sample_rate(levels.RATE)
    encoder.set_channels(span.channels)
    encoder.set_quality(_QUALITY)
    encoder.silence()
    data, powers, peaks = bytearray(), [], []
    for block in span.blocks():
        powers.append(levels.block_powers(block).astype(np.float32))
        peaks.append(levels.true_peak(block))
        data += encoder.encode(levels.pcm16(block / _LAME_SCALE))
    data += encoder.flush()
    frames = b"".join(_first_frames(bytes(data), span.frames))
    return Encoded(frames=frames, powers=np.concatenate(powers), true_peak=max(peaks))


def _first_frames(data: bytes, count: int) -> Iterator[bytes]:
    """Cut the encoder's output into frames; what it flushes beyond the span is silence, and dropped."""
    position = 0
    for _ in range(count):
        size = _size_from_header(data, position)
        yield data[position : position + size]
        position += size


def _size_from_header(data: bytes, position: int) -> int:
    header = data[position : position + 4]
    if len(header) < 4 or header[:2] != b"\xff\xfb" or header[2] & 0b1100 != 0:
        raise ValueError(f"no frame of MPEG-1 layer III at 44.1 kHz at byte {position}: {header.hex()}")
    kbit = next(kbit for kbit, index in _RATE_INDEX.items() if index == header[2] >> 4)
    return _frame_size(kbit, padded=bool(header[2] & 0b10))


def _frame_size(kbit: int, *, padded: bool) -> int:
    return 144_000 * kbit // levels.RATE + padded


class _Stream:
    """The frames of one recording on their way into a file."""

    def __init__(self, file: BinaryIO, channels: int) -> None:
        self._file = file
        self._channels = channels
        self._beginning = file.tell()
        self._frames = 0
        self._size = 0
        self._starts: list[tuple[int, int]] = [(0, 0)]
        """Frames and bytes at the border of spans: between them the bytes grow evenly."""
        self._sum = 0
        self.sums: list[bytes] = []
        """Of each span: see `Written`."""
        file.write(bytes(len(_silent_frame(channels, padded=False))))  # the Info frame is known last

    def write_sound(self, frames: bytes, count: int) -> None:
        self._write(frames, count)
        self._end_span()

    def write_silence(self, count: int) -> None:
        """Write silent frames, padded so that the bytes of all frames so far come back to the bit rate."""
        while count and not 0 <= self._behind() < _CYCLE:
            self._write(_silent_frame(self._channels, padded=self._behind() > 0), 1)
            count -= 1
        cycle = _silent_cycle(self._channels, self._behind())
        for _ in range(count // _CYCLE):
            self._write(b"".join(cycle), _CYCLE)
        self._write(b"".join(cycle[: count % _CYCLE]), count % _CYCLE)
        self._end_span()

    def finish(self, length: int) -> None:
        """Write the Info frame into its place."""
        end = self._file.tell()
        self._file.seek(self._beginning)
        padding = self._frames * FRAME - ENCODER_DELAY - length
        self._file.write(_info_frame(self._channels, self._frames, end - self._beginning, self._toc(), padding))
        self._file.seek(end)

    def _end_span(self) -> None:
        self.sums.append(SUM.pack(self._frames - self._starts[-1][0], self._sum))
        self._starts.append((self._frames, self._size))
        self._sum = 0

    def _behind(self) -> int:
        """How far the bytes are behind the bit rate, in 49ths of a byte."""
        return self._frames * _cycle_size(self._channels) - self._size * _CYCLE

    def _toc(self) -> bytes:
        """Where each hundredth of the recording begins, in 256ths of the bytes from the Info frame on."""
        head = len(_silent_frame(self._channels, padded=False))
        frames, sizes = zip(*self._starts, strict=True)
        offsets = head + np.interp(np.arange(100) * self._frames / 100, frames, sizes)
        return bytes(min(255, int(offset * 256 / (head + self._size))) for offset in offsets)

    def _write(self, data: bytes, count: int) -> None:
        self._file.write(data)
        self._sum = zlib.crc32(data, self._sum)
        self._frames += count
        self._size += len(data)


def _cycle_size(channels: int) -> int:
    """Bytes of 49 frames: a whole number."""
    return 144_000 * _KBIT[channels] * _CYCLE // levels.RATE


@functools.cache
def _silent_cycle(channels: int, behind: int) -> tuple[bytes, ...]:
    """49 silent frames that keep to the bit rate from a start that is some 49ths of a byte behind."""
    frames = []
    for _ in range(_CYCLE):
        behind += _cycle_size(channels) - _CYCLE * len(_silent_frame(channels, padded=False))
        frames.append(_silent_frame(channels, padded=behind >= _CYCLE))
        behind -= _CYCLE * (behind >= _CYCLE)
    return tuple(frames)


@functools.cache
def _silent_frame(channels: int, *, padded: bool) -> bytes:
    """A header, and zeros: side information without any data is silence."""
    mode = 0b11 if channels == 1 else 0b00
    rate = _RATE_INDEX[_KBIT[channels]]
    header = bytes((0xFF, 0xFB, rate << 4 | padded << 1, mode << 6 | 0b100))  # the last bits: an original, no emphasis
    return header.ljust(_frame_size(_KBIT[channels], padded=padded), b"\0")


def _info_frame(channels: int, frames: int, size: int, toc: bytes, padding: int) -> bytes:
    """The Xing tag under its name for constant bit rates, and behind it the LAME tag.

    Layout: G. Bouvigne, "MP3 Info Tag revision 1 specification". The checksum of the sound stays 0: no player reads it.
    """
    silence = _silent_frame(channels, padded=False)
    xing = struct.pack(">4sIII100sI", b"Info", 0b1111, frames, size, toc, _INFO_QUALITY)
    lame = struct.pack(
        ">9sBBIHHBB3sBBHIH",
        b"LAME3.100",  # players read delay and padding only behind a name they know
        0x01,  # tag revision 0, constant bit rate
        0,  # low-pass: unknown
        0, 0, 0,  # peak and replay gains: not measured
        0,  # encoding flags
        _KBIT[channels],
        (ENCODER_DELAY << 12 | padding).to_bytes(3, "big"),
        0, 0, 0,  # misc, gain, preset
        size,
        0,
    )  # fmt: skip
    tagged = silence[: 4 + _SIDE_INFORMATION[channels]] + xing + lame
    tagged += _crc16(tagged).to_bytes(2, "big")
    return tagged + silence[len(tagged) :]


def _crc16(data: bytes) -> int:
    """CRC-16/ARC, which the LAME tag ends with."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


@functools.cache
def _encoder_version() -> str:
    return importlib.metadata.version("lameenc")
