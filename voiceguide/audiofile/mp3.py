"""Spans -> the frames of an MP3, joined: kept ones, loops and silence, and the Info frame before them.

The first frame of the file holds no sound. It says how long the recording is, where its hundredths begin, and how many
samples of delay and padding players drop, so that the decoded length is exact (the Xing and LAME tags).
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from voiceguide import levels
from voiceguide.audio import ENCODER_DELAY, FRAME, Span
from voiceguide.audiofile.lame import Coding, sounded
from voiceguide.audiofile.layer3 import SIDE_INFORMATION, Bytes, Strip, frame_size, grown, header, holding
from voiceguide.audiofile.sums import RunningSum
from voiceguide.cache import Cache

_INFO_QUALITY = 57
"""Of 100, as LAME writes it for quality 3 at a constant bit rate; shown by some tools, used by none."""
_CONSTANT, _VARYING = 1, 4
"""What the LAME tag calls the ways of its bit rate."""


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
    file: BinaryIO,
    spans: Sequence[Span],
    *,
    length: int,
    cache: Cache,
    coding: Coding,
    progress: Callable[[int, int], None],
) -> Written:
    """Write the Info frame and the frames of every span at the file's position; the file must be seekable.

    `length` is in samples: what the last frame holds beyond it is declared as padding. `progress` is told how
    many spans are done, and of how many.
    """
    stream = _Stream(file, spans[0].channels, coding)
    powers, peaks, new, cached = [np.zeros(0, np.float32)], [float("-inf")], 0, 0
    for number, one in enumerate(sounded(spans, cache, coding), start=1):
        for strip in one.strips():
            stream.write(strip)
        stream.end_span(one.span.frames)
        powers.append(one.powers)
        if one.encoded:
            peaks.append(one.encoded.true_peak)
        new, cached = new + (one.new is True), cached + (one.new is False)
        progress(number, len(spans))
    stream.finish(length)
    loudness = levels.integrated(np.concatenate(powers).astype(np.float64))
    return Written(
        spans_new=new, spans_cached=cached, loudness=loudness, true_peak=max(peaks), sums=b"".join(stream.sums)
    )


class _Stream:
    """The frames of one recording on their way into a file; the last strip waits, for the next one may lean on it."""

    def __init__(self, file: BinaryIO, channels: int, coding: Coding) -> None:
        self._file = file
        self._channels = channels
        self._coding = coding
        self._beginning = file.tell()
        self._held: Strip | None = None
        self._grown: tuple[Strip | None, int, Strip] = (None, 0, Strip(frames=b"", tail=()))
        """The last strip that had too little room, how much was needed, and what it became."""
        self._ends = 0
        """Frames of the span that ends with it; 0 if none does."""
        self._frames = 0
        self._size = 0
        self._starts: list[tuple[int, int]] = [(0, 0)]
        """Frames and bytes at the border of spans: between them the bytes grow evenly."""
        self._sum = RunningSum()
        self.sums: list[bytes] = []
        """Of each span: see `Written`."""
        file.write(bytes(self._info_size))  # the Info frame is known last

    def write(self, strip: Strip) -> None:
        self._let_go(strip.borrowed)
        self._held = strip

    def end_span(self, frames: int) -> None:
        self._ends = frames

    def finish(self, length: int) -> None:
        """Write the Info frame into its place."""
        self._let_go(b"")
        end = self._file.tell()
        self._file.seek(self._beginning)
        self._file.write(self._info_frame(end - self._beginning, self._frames * FRAME - ENCODER_DELAY - length))
        self._file.seek(end)

    def _let_go(self, borrowed: Bytes) -> None:
        """Write the strip that was held back, with what the next one borrows of its room."""
        if self._held is None:
            if borrowed:
                raise ValueError("the first frame leans on frames before it")
            return
        strip = self._roomy(self._held, len(borrowed))
        for frames in holding(strip, borrowed):
            self._file.write(frames)
            self._sum.add(frames, strip.frames)
            self._size += len(frames)
        if self._ends:
            self.sums.append(SUM.pack(self._ends, self._sum.take()))
            self._frames += self._ends
            self._starts.append((self._frames, self._size))
            self._ends = 0

    def _roomy(self, strip: Strip, room: int) -> Strip:
        """Let a strip have so many bytes to spare, and at a span's end catch up with the bit rate by a padding byte."""
        if strip.spare < room:
            one, had, result = self._grown  # a loop comes a thousand times in a row
            if one is not strip or had != room:
                result = grown(strip, room - strip.spare)
                self._grown = strip, room, result
            return result
        kbit = self._coding.rate(self._channels)
        ideal = 144_000 * kbit * (self._frames + self._ends) / levels.RATE
        is_behind = self._ends and not self._coding.varying and ideal - self._size - len(strip.frames) >= 1
        return grown(strip, 1) if is_behind and strip.tail[-1] == frame_size(kbit, padded=False) else strip

    def _toc(self) -> bytes:
        """Where each hundredth of the recording begins, in 256ths of the bytes from the Info frame on."""
        frames, sizes = zip(*self._starts, strict=True)
        offsets = self._info_size + np.interp(np.arange(100) * self._frames / 100, frames, sizes)
        return bytes(min(255, int(offset * 256 / (self._info_size + self._size))) for offset in offsets)

    @property
    def _info_size(self) -> int:
        return frame_size(self._coding.rate(self._channels), padded=False)

    def _info_frame(self, size: int, padding: int) -> bytes:
        """Make the Xing tag, under its other name for constant bit rates, and behind it the LAME tag.

        Layout: G. Bouvigne, "MP3 Info Tag revision 1 specification". The checksum of the sound stays 0: no player
        reads it.
        """
        kbit, varying = self._coding.rate(self._channels), self._coding.varying
        name = b"Xing" if varying else b"Info"
        xing = struct.pack(">4sIII100sI", name, 0b1111, self._frames, size, self._toc(), _INFO_QUALITY)
        lame = struct.pack(
            ">9sBBIHHBB3sBBHIH",
            b"LAME3.100",  # players read delay and padding only behind a name they know
            _VARYING if varying else _CONSTANT,  # and tag revision 0
            0,  # low-pass: unknown
            0, 0, 0,  # peak and replay gains: not measured
            0,  # encoding flags
            min(kbit, 255),
            (ENCODER_DELAY << 12 | padding).to_bytes(3, "big"),
            0, 0, 0,  # misc, gain, preset
            size,
            0,
        )  # fmt: skip
        tagged = header(kbit, self._channels, padded=False).ljust(4 + SIDE_INFORMATION[self._channels], b"\0")
        tagged += xing + lame
        tagged += _crc16(tagged).to_bytes(2, "big")
        return tagged.ljust(self._info_size, b"\0")


def _crc16(data: bytes) -> int:
    """CRC-16/ARC, which the LAME tag ends with."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
