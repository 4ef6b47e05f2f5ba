"""Blocks of bytes -> the CRC-32 of all of them in a row; of a block that comes again and again it is reckoned once."""

import functools
import zlib

_POLYNOMIAL = 0xEDB88320
"""Of CRC-32, the lowest power in the highest bit; so is every polynomial here."""
_ONE = 1 << 31
_LONG = 16_384
"""Bytes: the sum of fewer takes no longer than to join it."""


class RunningSum:
    """The CRC-32 of all blocks so far."""

    def __init__(self) -> None:
        self.value = 0
        self._last = memoryview(b"")
        self._of_last: int | None = None

    def add(self, block: memoryview) -> None:
        """Add a block; the same long one many times, with short ones between, takes little longer than once."""
        if len(block) < _LONG:
            self.value = zlib.crc32(block, self.value)
        elif block.obj is not self._last.obj or len(block) != len(self._last):
            self.value = zlib.crc32(block, self.value)
            self._last, self._of_last = block, None
        else:
            if self._of_last is None:
                self._of_last = zlib.crc32(block)
            self.value = joined(self.value, self._of_last, len(block))


def joined(first: int, second: int, length: int) -> int:
    """Give the CRC-32 of two rows of bytes from those of each; the second is so many bytes long.

    As `crc32_combine` of zlib does: the first is multiplied by x to the bits of the second, modulo the polynomial.
    """
    return _times(_power(length), first) ^ second


@functools.lru_cache(maxsize=64)
def _power(length: int) -> int:
    """x to the power of 8 * length."""
    result, square = _ONE, _ONE >> 8
    while length:
        if length & 1:
            result = _times(result, square)
        square = _times(square, square)
        length >>= 1
    return result


def _times(one: int, other: int) -> int:
    product = 0
    for bit in range(31, -1, -1):
        if one >> bit & 1:
            product ^= other
        other = other >> 1 ^ (_POLYNOMIAL if other & 1 else 0)
    return product
