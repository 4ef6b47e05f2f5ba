"""The bytes of an MP3 -> its frames, each looked at by itself, whatever a tag says of them.

Figures are those of ISO/IEC 11172-3, layer III; the Info frame's are G. Bouvigne's, "MP3 Info Tag revision 1".
"""

import os
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

FRAME = 1152
"""Samples."""
ID3_HEAD = 10
"""Bytes, of which the last four are the size of what follows, of seven bits each."""
_DECODER_DELAY = 529
_KBIT = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_HZ = (44_100, 48_000, 32_000)
_MONO = 0b11
_READ = 1 << 20
_MOST_BIG_VALUES = 288
_RESERVOIR = 511
"""Bytes before a frame in which its data may begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """What the first frame of an MP3 says of the others."""

    frames: int
    size: int
    """Bytes, its own included."""
    delay: int
    padding: int
    """Samples that players drop from the beginning and from the end."""
    intact: bool
    """Whether its checksum fits."""

    @property
    def samples(self) -> int:
        return self.frames * FRAME - self.delay - self.padding


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """Something wrong at a frame, the first one counted as 0."""

    frame: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What was met on the way through a file."""

    info: Info | None
    frames: int
    """Those that hold sound."""
    size: int
    """Bytes from the first frame to the end."""
    flaws: tuple[Flaw, ...]
    sums: tuple[int, ...]
    """CRC-32 of each stretch of frames that was asked for, and of one more if frames follow."""


def moment(frame: int) -> int:
    """When a frame is heard, in ms."""
    return max(0, frame * FRAME - FRAME // 2 - _DECODER_DELAY) * 1000 // _HZ[0]


def read_info(file: BinaryIO, start: int) -> tuple[Info | None, int]:
    """Read the Info frame at a byte, and say where the next frame begins."""
    file.seek(start)
    head = file.read(4)
    size = _size(head)
    if size is None:
        return None, start
    frame = head + file.read(size - 4)
    tag = 4 + _side_size(head)
    if len(frame) < tag + 156 or frame[tag : tag + 4] not in {b"Info", b"Xing"} or frame[tag + 7] & 0b11 != 0b11:
        return None, start
    trimmed = int.from_bytes(frame[tag + 141 : tag + 144], "big")
    return Info(
        frames=int.from_bytes(frame[tag + 8 : tag + 12], "big"),
        size=int.from_bytes(frame[tag + 12 : tag + 16], "big"),
        delay=trimmed >> 12,
        padding=trimmed & 0xFFF,
        intact=_crc16(frame[: tag + 154]) == int.from_bytes(frame[tag + 154 : tag + 156], "big"),
    ), start + size


def id3_size(head: bytes) -> int:
    """Tell by its first ten bytes how long the ID3 tag of a file is; 0 where there is none."""
    if head[:3] != b"ID3":
        return 0
    size = 0
    for byte in head[6:]:
        size = size << 7 | byte & 0x7F
    return ID3_HEAD + size


def walk(file: BinaryIO, start: int, stretches: Sequence[int] = ()) -> Walk:
    """Go through all frames from a byte on, and add up those of each stretch, whose lengths are given in frames."""
    info, first = read_info(file, start)
    end = _end(file)
    head, begin = _first_header(file, first if info is None else start, end)
    flaws: list[Flaw] = []
    if info is not None:
        head = head or _header(file, start)
    elif begin > first or not head:
        flaws += [Flaw(frame=0, message=_beginning(begin - first, head, tagged=start > 0))]
        first = begin
    file.seek(first)
    sums, main = _Sums(stretches), _MainData(head)
    gaps: list[_Gap] = []
    count = 0
    for data, positions, met in _chunks(file, max(0, end - first), head):  # a torn Info frame ends behind the file
        gaps += [replace(gap, frame=count + gap.frame) for gap in met]
        flaws += [Flaw(frame=count + frame, message=_IMPOSSIBLE) for frame in main.faulty(data, positions)]
        sums.add(data, positions)
        count += len(positions) - 1
    flaws += _told(gaps)
    return Walk(info=info, frames=count, size=end - start, flaws=tuple(flaws), sums=sums.finished())


_IMPOSSIBLE = "the frame's data can't be where it says they are"
AGAIN = "copy the file again, or render it anew"
"""What to do where a part of a file is gone."""


def _beginning(size: int, head: bytes, *, tagged: bool) -> str:
    """Say what stands where the first frame should."""
    if not head:
        return f"there is not one frame of an MP3 in it: {AGAIN}"
    if tagged:
        return f"the first {size} bytes behind the tags are no frame"
    return f"its beginning is cut off, tags and plan with it: the first whole frame comes after {size} bytes; {AGAIN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gap:
    """Bytes before a frame that are none, or not a whole one; or a frame whose header is damaged."""

    frame: int
    size: int
    message: str
    """Its `{}` is the size."""


_HEADER, _GARBAGE, _TAIL = (
    "the frame's header is damaged",
    "{} bytes are no frame",
    "the last {} bytes are no whole frame",
)


def _told(gaps: Iterable[_Gap]) -> Iterator[Flaw]:
    """Give those of one frame as one: a long one was met piece by piece."""
    for (frame, message), row in groupby(gaps, lambda gap: (gap.frame, gap.message)):
        yield Flaw(frame=frame, message=message.format(sum(gap.size for gap in row)))


def _header(file: BinaryIO, start: int) -> bytes:
    file.seek(start)
    return file.read(4)


def _first_header(file: BinaryIO, start: int, end: int) -> tuple[bytes, int]:
    """Find the first frame from a byte on that others like it follow: its header, and where; none is at the end."""
    position = start
    while position < end:
        file.seek(position)
        data = file.read(min(_READ, end - position))
        last = position + len(data) == end
        for match in _SYNC.finditer(data):
            if _begins_a_row(data, match.start(), ends=last):
                return match[1], position + match.start()
        position += len(data) if last else len(data) - _ROW * _LARGEST
    return b"", end


_SYNC = re.compile(rb"(?=(\xff[\xfa\xfb]..))", re.DOTALL)
_ROW = 3
"""Frames like each other behind each other: not by chance."""
_LARGEST = 144_000 * _KBIT[-1] // min(_HZ) + 1
"""Bytes of a frame."""


def _begins_a_row(data: bytes, position: int, *, ends: bool) -> bool:
    """Whether frames stand behind each other from here on: three, or up to the end of the file."""
    first = data[position : position + 4]
    for number in range(_ROW):
        header = data[position : position + 4]
        if ends and number and len(header) < 4:
            return True
        size = _size(header)
        if size is None or not _alike(header, first):
            return False
        position += size
    return True


def _end(file: BinaryIO) -> int:
    """Where the frames end: at an ID3v1 tag, which other programs may have put there, or with the file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 128))
    return size - 128 if file.read(3) == b"TAG" else size


def _chunks(file: BinaryIO, left: int, head: bytes) -> Iterator[tuple[bytes, NDArray[np.int64], list[_Gap]]]:
    """Give the file in pieces: bytes, where frames begin in them and the last one ends, and what is no frame."""
    kept = b""
    while left:
        data = file.read(min(_READ, left))
        left -= len(data)
        kept += data
        positions, gaps, end = _scan(kept, head, last=not left)
        yield kept, np.array(positions, np.int64), gaps
        kept = kept[end:]


def _scan(data: bytes, head: bytes, *, last: bool) -> tuple[list[int], list[_Gap], int]:
    """Step from frame to frame. Between two of them lies nothing, or garbage: the bytes up to the next sound header."""
    starts: list[int] = []
    gaps: list[_Gap] = []
    sizes = {head: _size(head)}
    position, end = 0, 0
    while position + 4 <= len(data):
        header = data[position : position + 4]
        if header not in sizes:
            sizes[header] = _size(header) if _alike(header, head) else None
        size = sizes[header]
        if size is None:
            found = _next_header(data, position + 1, head)
            damaged = _may_be_frame(found - position, sizes.values())
            gaps.append(_Gap(frame=len(starts), size=found - position, message=_HEADER if damaged else _GARBAGE))
            starts += [position] if damaged else []
            position = end = found
        elif position + size <= len(data):
            starts.append(position)
            position = end = position + size
        else:
            break
    if last and end < len(data):
        gaps.append(_Gap(frame=len(starts), size=len(data) - end, message=_TAIL))
    return [*starts, end], gaps, end


def _may_be_frame(size: int, others: Iterable[int | None]) -> bool:
    return any(other is not None and abs(size - other) <= 1 for other in others)


def _next_header(data: bytes, position: int, head: bytes) -> int:
    """Find where frames go on: a header like the first one, behind whose frame another one stands."""
    while (position := data.find(head[:2], position)) >= 0:
        size = _size(data[position : position + 4])
        if size and _alike(data[position : position + 4], head):
            after = data[position + size : position + size + 4]
            if len(after) < 4 or _alike(after, head):
                return position
        position += 1
    return len(data)


def _size(header: bytes) -> int | None:
    """Bytes of the MPEG-1 layer III frame that a header opens; None if it opens none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xFE != 0xFA:
        return None
    rate, hz = header[2] >> 4, header[2] >> 2 & 0b11
    if not 0 < rate < len(_KBIT) or hz >= len(_HZ):
        return None
    return 144_000 * _KBIT[rate] // _HZ[hz] + (header[2] >> 1 & 1)


def _alike(header: bytes, first: bytes) -> bool:
    """Whether two headers may stand in one file: all but bit rate, padding and how stereo is joined is the same."""
    return (
        header[:2] == first[:2]
        and header[2] & 0b1100 == first[2] & 0b1100
        and (header[3] >> 6 == _MONO) == (first[3] >> 6 == _MONO)
    )


def _side_size(header: bytes) -> int:
    return 17 if header[3] >> 6 == _MONO else 32


class _Sums:
    """Adds up the frames of each stretch."""

    def __init__(self, stretches: Sequence[int]) -> None:
        self._left = list(reversed(stretches))
        self._sum = 0
        self._sums: list[int] = []
        self._open = False

    def add(self, data: bytes, positions: NDArray[np.int64]) -> None:
        done, count = 0, len(positions) - 1
        while done < count:
            step = min(count - done, self._left[-1]) if self._left else count - done
            self._sum = zlib.crc32(data[positions[done] : positions[done + step]], self._sum)
            self._open = True
            done += step
            if self._left:
                self._left[-1] -= step
                if not self._left[-1]:
                    self._left.pop()
                    self._end()

    def finished(self) -> tuple[int, ...]:
        if self._open:
            self._end()
        return tuple(self._sums)

    def _end(self) -> None:
        self._sums.append(self._sum)
        self._sum, self._open = 0, False


class _MainData:
    """Follows where frames say that their data lie: behind those of the frames before, and not behind their own end.

    A frame without data has no place for them: it may say what it likes.
    """

    def __init__(self, head: bytes) -> None:
        self._side = _side_size(head) if len(head) == 4 else 0
        self._at = 4 + 2 * (not head[1] & 1) if self._side else 0  # a checksum stands before it where the bit is 0
        self._granules = 2 * (1 if self._side == 17 else 2)
        self._begun = 0
        """Bytes for data in all frames so far."""
        self._used = -_RESERVOIR
        """Up to where, counted likewise, they hold data."""

    def faulty(self, data: bytes, positions: NDArray[np.int64]) -> list[int]:
        """Give the numbers of the frames whose side information can't be."""
        if len(positions) < 2:
            return []
        starts, sizes = positions[:-1], np.diff(positions)
        bytes_ = np.frombuffer(data, np.uint8)[starts[:, None] + self._at + np.arange(self._side)]
        bits = np.unpackbits(bytes_, axis=1).astype(np.int64)
        room = sizes - self._at - self._side
        own = self._begun + np.concatenate([[0], np.cumsum(room)])
        size = -(-self._bits_of_data(bits) // 8)
        begin = own[:-1] - _number(bits, 0, 9)
        end = begin + size
        used = np.maximum.accumulate([self._used, *np.where(size, np.minimum(end, own[1:]), self._used)])
        wrong = (size > 0) & ((end > own[1:]) | (begin < used[:-1])) | self._impossible(bits)
        self._begun, self._used = int(own[-1]), int(used[-1])
        return [int(frame) for frame in np.flatnonzero(wrong)]

    def _fields(self) -> list[int]:
        """The bit at which each granule's side information begins, channel by channel."""
        first = 18 if self._granules == 2 else 20
        return [first + 59 * number for number in range(self._granules)]

    def _bits_of_data(self, bits: NDArray[np.int64]) -> NDArray[np.int64]:
        count = np.zeros(len(bits), np.int64)
        for field in self._fields():
            count += _number(bits, field, 12)
        return count

    def _impossible(self, bits: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Where more values are announced than there are, or a switched window is no other than the usual one."""
        wrong = np.zeros(len(bits), np.bool_)
        for field in self._fields():
            wrong |= _number(bits, field + 12, 9) > _MOST_BIG_VALUES
            wrong |= (bits[:, field + 33] == 1) & (_number(bits, field + 34, 2) == 0)
        return wrong


def _number(bits: NDArray[np.int64], first: int, count: int) -> NDArray[np.int64]:
    weights = 1 << np.arange(count - 1, -1, -1)
    number: NDArray[np.int64] = bits[:, first : first + count] @ weights
    return number


def _crc16(data: bytes) -> int:
    """CRC-16/ARC."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
