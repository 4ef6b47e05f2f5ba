"""A voice's clean speech -> how much softer its sibilants must be to stand no higher than those of average speech."""

import functools
import math

import numpy as np
from numpy.typing import NDArray

from voiceguide.levels import RATE, Response, Samples, frames

_AVERAGE_DB = {
    250: 60.3, 315: 59.0, 400: 62.1, 500: 62.1, 630: 60.5, 800: 56.8, 1000: 53.7, 1250: 53.0, 1600: 52.0,
    2000: 48.7, 2500: 48.1, 3150: 46.8,
    4000: 45.6, 5000: 44.5, 6300: 44.3, 8000: 43.7, 10000: 43.4,
}  # fmt: skip
"""The level of speech in bands of a third of an octave, by their nominal middles in Hz: of women and men in twelve
languages (D. Byrne et al., "An international comparison of long-term average speech spectra", J. Acoust. Soc. Am. 96,
1994, table II). Only the differences matter here."""
_LOWEST_SIBILANT_HZ = 4000
_WITHIN_DB = 1.0
"""So much above the average is left as it is."""
_MOST_DB = 6.0
_HALF_BAND = 0.05
"""Of a third of an octave: a tenth of a decade (IEC 61260-1)."""
_DELAY = frames(10)
"""A filter without any turn of phase rings as long before as after: put off by this, only after."""


def softening(clean: Samples) -> tuple[float, ...]:
    """Give for each band from 4 to 10 kHz how many dB softer it must be, at most 6; nothing for a voice that is within.

    Bands are compared by what they stand above the voice's own body, 250 Hz to 4 kHz.
    """
    above = _over_body(_bands(clean)) - _over_body(10 ** (np.array(list(_AVERAGE_DB.values())) / 10))
    softer = tuple(round(min(db, _MOST_DB), 1) if db > _WITHIN_DB else 0.0 for db in above.tolist())
    return softer if any(softer) else ()


@functools.lru_cache
def softened(softer: tuple[float, ...]) -> Response:
    """Make the filter for what `softening` gave: even inside each band, in slopes between them, untouched below."""
    middles = [_middle(hz) for hz in _AVERAGE_DB if hz >= _LOWEST_SIBILANT_HZ]
    edges = [middle + side for middle in middles for side in (-_HALF_BAND / 2, _HALF_BAND / 2)]
    below = middles[0] - _HALF_BAND * 1.5

    def response(hz: NDArray[np.float64]) -> NDArray[np.complex128]:
        db = np.interp(np.log10(np.maximum(hz, 1)), [below, *edges], [0.0, *np.repeat(softer, 2)])
        result: NDArray[np.complex128] = 10 ** (-db / 20) * np.exp(-2j * np.pi * hz * _DELAY / RATE)
        return result

    return response


def _over_body(powers: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sibilant bands in dB over all the others together."""
    is_sibilant = np.array(list(_AVERAGE_DB)) >= _LOWEST_SIBILANT_HZ
    db: NDArray[np.float64] = 10 * np.log10(np.maximum(powers[is_sibilant], 1e-12) / powers[~is_sibilant].sum())
    return db


def _bands(samples: Samples) -> NDArray[np.float64]:
    """The power in each band."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    place = np.log10(np.fft.rfftfreq(len(samples), 1 / RATE)[1:])
    return np.array([power[1:][np.abs(place - _middle(hz)) < _HALF_BAND].sum() for hz in _AVERAGE_DB])


def _middle(hz: int) -> float:
    """A nominal middle's exact place, in decades: 6300 stands for 6309.57 (IEC 61260-1)."""
    return round(10 * math.log10(hz)) / 10
