import functools
from itertools import pairwise

import lameenc
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import trying

from voiceguide import levels
from voiceguide.audiofile.layer3 import (
    SIDE_INFORMATION,
    Bytes,
    Strip,
    cut,
    frame_size,
    frame_starts,
    grown,
    header,
    holding,
    silent,
)

FRAMES = 60


@functools.cache
def noise(channels: int) -> bytes:
    """Frames that lean on each other as far as they may: noise, then hardly anything, then noise."""
    sound = np.random.default_rng(channels).normal(0, 0.1, (FRAMES * 1152, channels))
    sound[20 * 1152 : 30 * 1152] *= 0.001
    encoder = lameenc.Encoder()
    encoder.set_bit_rate({1: 96, 2: 160}[channels])
    encoder.set_in_sample_rate(levels.RATE)
    encoder.set_channels(channels)
    encoder.silence()
    return bytes(encoder.encode(levels.pcm16(sound.astype(np.float32)))) + bytes(encoder.flush())


def whole(channels: int) -> tuple[Strip, list[int]]:
    frames = noise(channels)
    return Strip(frames=frames, tail=()), frame_starts(frames)


def begin(frames: Bytes) -> int:
    return frames[4] << 1 | frames[5] >> 7


def joined(*strips: Strip) -> bytes:
    pairs = pairwise([*strips, Strip(frames=b"", tail=())])
    return b"".join(piece for strip, after in pairs for piece in holding(strip, after.borrowed))


@trying(30)
@given(st.sampled_from([1, 2]), st.lists(st.integers(1, FRAMES // 2 - 1), min_size=1, max_size=12, unique=True))
def test_frames_cut_apart_anywhere_and_joined_again_are_the_same_bytes(channels: int, places: list[int]) -> None:
    """Two frames hold the whole reservoir; a shorter strip may not have the room that the next one needs."""
    strip, starts = whole(channels)
    ends = [0, *sorted(2 * place for place in places), len(starts) - 1]
    cuts = [cut(strip, starts, first, stop) for first, stop in pairwise(ends)]
    assert all(after.borrowed == b"" or len(after.borrowed) <= before.spare for before, after in pairwise(cuts))
    assert joined(*cuts) == strip.frames


@pytest.mark.parametrize("channels", [1, 2])
def test_a_cut_takes_along_what_its_first_frames_keep_before_it(channels: int) -> None:
    strip, starts = whole(channels)
    leaning = [cut(strip, starts, first, FRAMES) for first in range(1, FRAMES)]
    assert max(len(one.borrowed) for one in leaning) > 300
    assert all(len(one.borrowed) == begin(one.frames) for one in leaning)


def test_a_cut_of_a_cut_is_the_same_as_one() -> None:
    strip, starts = whole(1)
    once = cut(strip, starts, 8, 40)
    assert cut(once, frame_starts(once.frames), 0, 20) == cut(strip, starts, 8, 28)
    assert cut(once, frame_starts(once.frames), 3, 32) == cut(strip, starts, 11, 40)


@trying(30)
@given(st.integers(1, 500), st.integers(1, FRAMES))
def test_a_strip_that_has_grown_has_room_and_is_the_same_but_for_its_last_frame(least: int, stop: int) -> None:
    strip, starts = whole(2)
    one = cut(strip, starts, 0, stop)
    more = grown(one, least)
    added = len(more.frames) - len(one.frames)
    assert added >= least
    assert more.spare == min(511, one.spare + added)
    assert frame_starts(more.frames)[:-1] == frame_starts(one.frames)[:-1]
    assert more.frames[-added:] == bytes(added)
    assert more.tail == (*one.tail[:-1], one.tail[-1] + added)


def test_a_byte_more_is_a_padding_byte() -> None:
    frame = header(96, 1, padded=False).ljust(313, b"\0")
    strip = grown(silent([frame], 3), 1)
    assert strip.tail == (313, 313, 314)
    assert grown(strip, 1).tail == (313, 313, frame_size(112, padded=True))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_each_silent_frame_leaves_the_room_of_those_before_it_to_what_follows(channels: int, count: int) -> None:
    size = frame_size(32, padded=False)
    frame = header(32, channels, padded=False).ljust(size, b"\0")
    strip = silent([frame], count)
    slot = size - 4 - SIDE_INFORMATION[channels]
    begins = [begin(strip.frames[start:]) for start in frame_starts(strip.frames)[:-1]]
    assert begins == [min(511, number * slot) for number in range(count)]
    assert strip.spare == min(511, count * slot)


def test_what_is_no_frame_is_told() -> None:
    with pytest.raises(ValueError, match=r"no frame of MPEG-1 layer III at 44.1 kHz at byte 313"):
        frame_starts(header(96, 1, padded=False).ljust(313, b"\0") + b"ID3 is no frame")
