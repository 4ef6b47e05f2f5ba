import random
import zlib

from hypothesis import given
from hypothesis import strategies as st

from voiceguide.audiofile.sums import RunningSum, joined

LOOPS = [random.Random(number).randbytes(30_000) for number in range(4)]


@given(st.binary(), st.binary())
def test_the_sum_of_two_rows_is_that_of_the_whole(first: bytes, second: bytes) -> None:
    assert joined(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0, 1, 99, 20_000, 20_001]), st.integers(1, 4)), max_size=9)
)
def test_blocks_may_come_again_and_again_also_in_sums_of_their_own(blocks: list[tuple[int, int, int]]) -> None:
    running = RunningSum()
    for _ in range(2):
        whole = b""
        for number, stop, times in blocks:
            for _ in range(times):
                running.add(memoryview(LOOPS[number])[:stop], LOOPS[number])
                running.add(memoryview(b"short"), b"short")
                whole += LOOPS[number][:stop] + b"short"
        assert running.take() == zlib.crc32(whole)
