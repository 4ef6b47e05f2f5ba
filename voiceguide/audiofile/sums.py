"""Blocks of bytes -> the CRC-32 of all of them in a row; of a block that comes again and again it is reckoned once."""

import functools
import zlib
from collections import deque

from voiceguide.audiofile.layer3 import Bytes

_POLYNOMIAL = 0xEDB88320
"""Of CRC-32, the lowest power in the highest bit; so is every polynomial here."""
_ONE = 1 << 31
_LONG = 16_384
"""Bytes: the sum of fewer takes no longer than to join it."""
_REMEMBERED = 8
"""Blocks: more than what a loop comes in, once and several times in a row and cut, and the sounds between."""


class RunningSum:
    """The CRC-32 of all blocks since it was last taken."""

    def __init__(self) -> None:
        self._value = 0
        self._met = deque[_Met](maxlen=_REMEMBERED)

    def add(self, block: memoryview, source: Bytes) -> None:
        """Add the first bytes of a source; those of a long one that comes again take little longer than once."""
        met = self._met_before(block, source) if len(block) >= _LONG else None
        self._value = joined(self._value, met.sum, len(block)) if met else zlib.crc32(block, self._value)

    def take(self) -> int:
        """Give the sum, and begin a new one."""
        value, self._value = self._value, 0
        return value

    def _met_before(self, block: memoryview, source: Bytes) -> "_Met | None":
        for met in self._met:
            if met.source is source and len(met.block) == len(block):
                return met
        self._met.append(_Met(block, source))
        return None


class _Met:
    """A block that may come again: its own sum is reckoned if it does."""

    def __init__(self, block: memoryview, source: Bytes) -> None:
        self.block = block
        self.source = source

    @functools.cached_property
    def sum(self) -> int:
        return zlib.crc32(self.block)


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
