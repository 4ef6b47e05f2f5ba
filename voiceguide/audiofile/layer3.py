"""Frames of MPEG-1 layer III, cut out of where they stood and joined elsewhere: the bit reservoir is here.

Part of a frame's data may lie in the slots of frames before it (ISO/IEC 11172-3, `main_data_begin`). So a row of frames
can be cut anywhere if the bytes that its first frames keep before the cut are taken along, and written into the slots
of what comes to stand there: as many are free in it as the frame that used to follow left between its data and its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

RATES_KBIT = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
"""1000 bits a second, by the header's four bits for them."""
SIDE_INFORMATION = {1: 17, 2: 32}
"""Bytes behind the header's four, by channels: where the others in a frame, its slot, hold data."""

_RESERVOIR = 511
"""Bytes of slots before a frame in which its data may begin."""
_REACH = 7
"""Slots of the smallest frames, which hold as many."""
_HEADER = 4
_MONO = 0b11
_PADDED = 0b10
"""In the header's third byte: the frame has one byte more."""


Bytes = bytes | memoryview
"""A view where they are part of more: to copy them takes longer than all else that is done with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Frames in a row, and how they lean on their neighbours."""

    frames: Bytes
    tail: tuple[int, ...]
    """The sizes of its last frames, as many as the reservoir reaches back."""
    borrowed: Bytes = b""
    """What the first frames keep before them: it must come to stand at the end of the slots there."""
    spare: int = 0
    """Bytes at the end of the last slots that hold nothing: room for what the next strip borrows."""


def header(kbit: int, channels: int, *, padded: bool) -> bytes:
    """Make a frame's first four bytes: 44.1 kHz, no checksum, an original without emphasis."""
    mode = _MONO if channels == 1 else 0
    return bytes((0xFF, 0xFB, RATES_KBIT.index(kbit) << 4 | padded * _PADDED, mode << 6 | 0b100))


def frame_size(kbit: int, *, padded: bool) -> int:
    """Give the bytes of a frame at 44.1 kHz."""
    return 144_000 * kbit // 44_100 + padded


def frame_starts(frames: Bytes) -> list[int]:
    """Find where each frame begins, and as one more where the last one ends. Raises ValueError for what is none."""
    starts = [0]
    while starts[-1] < len(frames):
        starts.append(starts[-1] + _size(frames, starts[-1]))
    return starts


def cut(strip: Strip, starts: Sequence[int], first: int, stop: int) -> Strip:
    """Take the frames from `first` up to `stop` out of a strip, of which `starts` are the `frame_starts`."""
    near = pairwise(starts[max(0, first - _REACH) : first + 1])
    before = b"".join([strip.borrowed, *(_slot(strip.frames, *frame) for frame in near)])
    lean = _main_data_begin(strip.frames, starts[first])
    tail = tuple(end - start for start, end in pairwise(starts[max(first, stop - _REACH) : stop + 1]))
    room = sum(tail) - len(tail) * _overhead(strip.frames)
    spare = _main_data_begin(strip.frames, starts[stop]) if starts[stop] < len(strip.frames) else strip.spare
    return Strip(
        frames=strip.frames[starts[first] : starts[stop]],
        tail=tail,
        borrowed=before[len(before) - lean :],
        spare=min(spare, room),
    )


def silent(cycle: Sequence[bytes], count: int) -> Strip:
    """Make a strip of `count` frames without data, over and over those of the cycle.

    Each says that its data begin as far back as the reservoir reaches: a decoder forgets what lies before that.
    """
    room, opening = 0, list[bytes]()
    while room < _RESERVOIR and len(opening) < count:
        frame = cycle[len(opening) % len(cycle)]
        opening.append(_beginning(frame, room))
        room = min(_RESERVOIR, room + len(frame) - _overhead(frame))
    lasting = [_beginning(frame, _RESERVOIR) for frame in _rotated(cycle, len(opening))]
    whole, rest = divmod(count - len(opening), len(cycle))
    frames = b"".join([*opening, b"".join(lasting) * whole, *lasting[:rest]])
    tail = tuple(len(cycle[number % len(cycle)]) for number in range(max(0, count - _REACH), count))
    return Strip(frames=frames, tail=tail, spare=room)


def grown(strip: Strip, least: int) -> Strip:
    """Make room for so many bytes more at a strip's end: its last frame is padded, or gets a higher bit rate."""
    *others, size = strip.tail
    frames = memoryview(strip.frames)
    at = len(frames) - size
    old = bytes(frames[at : at + _HEADER])
    new, more = next((new, more) for new in _larger(old) if (more := _size(new, 0) - size) >= least)
    return replace(
        strip,
        frames=b"".join((frames[:at], new, frames[at + _HEADER :], bytes(more))),
        tail=(*others, size + more),
        spare=min(_RESERVOIR, strip.spare + more),
    )


def holding(strip: Strip, borrowed: Bytes) -> tuple[memoryview, memoryview]:
    """Give a strip's frames with what the next one borrows written where it has room to spare: the last of them apart.

    A strip may be megabytes long, and only its end differs.
    """
    end, pieces = len(strip.frames), list[Bytes]()
    for size in reversed(strip.tail):
        if not borrowed:
            break
        put = borrowed[-(size - _overhead(strip.frames)) :]
        pieces += [put, strip.frames[end - size : end - len(put)]]
        borrowed, end = borrowed[: len(borrowed) - len(put)], end - size
    return memoryview(strip.frames)[:end], memoryview(b"".join(reversed(pieces)))


def repeated(strip: Strip, times: int) -> Strip:
    """Join a strip to itself."""
    if times == 1:
        return strip
    roomy = grown(strip, len(strip.borrowed) - strip.spare) if strip.spare < len(strip.borrowed) else strip
    return replace(strip, frames=b"".join([*holding(roomy, strip.borrowed) * (times - 1), strip.frames]))


def _size(data: Bytes, position: int) -> int:
    """Bytes of the frame whose header stands at a position."""
    found = bytes(data[position : position + _HEADER])
    if len(found) < _HEADER or found[:2] != b"\xff\xfb" or found[2] & 0b1100 or not 0 < found[2] >> 4 < 15:
        raise ValueError(f"no frame of MPEG-1 layer III at 44.1 kHz at byte {position}: {found.hex()}")
    return frame_size(RATES_KBIT[found[2] >> 4], padded=bool(found[2] & _PADDED))


def _larger(old: bytes) -> list[bytes]:
    """Headers like this one whose frames are larger, the next larger one first."""
    rate, padded = old[2] >> 4, old[2] & _PADDED
    rates = range(rate + bool(padded), len(RATES_KBIT))
    return [old[:2] + bytes((index << 4 | (_PADDED if index == rate else padded), old[3])) for index in rates]


def _overhead(frames: Bytes) -> int:
    """Bytes of each frame that are no slot."""
    return _HEADER + SIDE_INFORMATION[1 if frames[3] >> 6 == _MONO else 2]


def _slot(frames: Bytes, start: int, end: int) -> Bytes:
    return frames[start + _overhead(frames) : end]


def _rotated(cycle: Sequence[bytes], by: int) -> Sequence[bytes]:
    return [*cycle[by % len(cycle) :], *cycle[: by % len(cycle)]]


def _beginning(frame: bytes, begin: int) -> bytes:
    """Have an empty frame say where its data begin."""
    return frame[:_HEADER] + (begin << 7).to_bytes(2, "big") + frame[_HEADER + 2 :]


def _main_data_begin(frames: Bytes, start: int) -> int:
    """The first nine bits behind a header: how many bytes before its slot a frame's data begin."""
    return frames[start + _HEADER] << 1 | frames[start + _HEADER + 1] >> 7
