"""Samples -> how loud they are, and samples brought to a level: the measures and tools of sound, without any files.

Samples are float32, full scale at 1.0, shaped (frames,) or (frames, channels), at `RATE` unless said otherwise. Clips
and chimes are seconds long, so filters work on the whole at once, by FFT: exact, and free of loops over samples.
"""

import cmath
import functools
import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import soxr
from numpy.typing import NDArray

RATE = 44_100
"""Hz: of everything after an engine or a sound file was read."""

VOICE_LUFS = -19.0
"""What speech is at, and what all else is held against."""

Samples = NDArray[np.float32]
Response = Callable[[NDArray[np.float64]], NDArray[np.complex128]]
"""A filter: its complex gain at each frequency in Hz."""

_HOP = RATE // 10
"""Frames from one measured block to the next."""
_HOPS = 4
"""In a block."""
_FILTER_BLOCK = 16_384
_FILTER_RING = 4096
_BETWEEN = (-0.75, -0.5, -0.25, 0.25, 0.5, 0.75)
"""Where peaks between the samples are looked for: BS.1770-4 annex 2 asks for quarters at least."""
_PEAK_REACH = 16
"""Frames to each side that a value between samples is made of: true to 19 kHz."""
_PEAK_MARGIN = 0.6
"""A peak between samples stands less than 4 dB over them, but for signals made to break meters."""
_MUCH = 0.1
"""Of a sound: of speech less than a hundredth is as loud as its peak but for that margin."""
_PEAKS_AT_ONCE = 8192
_LIMITER_STEP = 16
"""Frames from one point of the limiter's gain to the next; a divisor of an MP3 frame's."""


def gain(db: float) -> float:
    """Turn decibels into a factor for amplitudes."""
    return float(10 ** (db / 20))


def decibels(amplitude: float) -> float:
    """Turn an amplitude into dB relative to 1.0; silence is -inf."""
    return 20 * math.log10(amplitude) if amplitude > 0 else -math.inf


def frames(milliseconds: float) -> int:
    """Turn milliseconds into a number of sample frames at `RATE`."""
    return round(milliseconds * RATE / 1000)


def milliseconds(count: int) -> int:
    """Turn sample frames at `RATE` into whole milliseconds, rounded up."""
    return -(-count * 1000 // RATE)


def pcm16(samples: Samples) -> bytes:
    """Round to 16-bit little-endian integers, channels interleaved."""
    pcm: bytes = np.clip(np.rint(samples * 32768), -32768, 32767).astype("<i2").tobytes()
    return pcm


def resampled(samples: Samples, rate: float) -> Samples:
    """Bring samples from `rate` Hz to `RATE` (soxr HQ: 137 dB SINAD at 5 kHz)."""
    return samples if rate == RATE else soxr.resample(samples, rate, RATE, quality="HQ").astype(np.float32)


def resampled_blocks(blocks: Iterable[Samples], rate: float, channels: int) -> Iterator[Samples]:
    """Bring blocks of (frames, channels) from `RATE` to `rate` Hz, as if there were no blocks."""
    stream = soxr.ResampleStream(RATE, rate, channels, dtype="float32", quality="HQ")
    for block in blocks:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.zeros((0, channels), np.float32), last=True)


def loudness(samples: Samples) -> float:
    """Integrated loudness in LUFS (ITU-R BS.1770-4); silence is -inf."""
    return integrated(block_powers(samples))


def integrated(powers: NDArray[np.float64]) -> float:
    """Turn the powers of blocks into LUFS, gated at -70 LUFS and 10 LU under the mean (ITU-R BS.1770-4)."""
    powers = powers[powers > _power(-70.0)]
    if powers.size:
        powers = powers[powers > powers.mean() / 10]
    return _lufs(float(powers.mean())) if powers.size else -math.inf


def momentary(samples: Samples) -> NDArray[np.float64]:
    """Momentary loudness in LUFS, over 400 ms every 100 ms (EBU Tech 3341); one block at least."""
    powers = block_powers(samples)
    with np.errstate(divide="ignore"):
        return -0.691 + 10 * np.log10(powers)


def block_powers(samples: Samples) -> NDArray[np.float64]:
    """K-weighted power of each 400 ms block, channels added up (all weigh 1 in mono and stereo); one block at least."""
    squares = np.square(_columns(filtered(samples, _k_weighting)), dtype=np.float64)
    if len(squares) < _HOPS * _HOP:
        return np.array([squares.sum() / max(1, len(squares))])
    hops = squares[: len(squares) // _HOP * _HOP].reshape(-1, _HOP * squares.shape[1]).sum(axis=1)
    return np.convolve(hops, np.ones(_HOPS), "valid") / (_HOPS * _HOP)


def true_peak(samples: Samples) -> float:
    """The highest peak in dBTP, those between the samples included."""
    columns = _columns(samples)
    highest = float(np.abs(columns).max(initial=0.0))
    return decibels(float(_peaks(columns, over=highest).max(initial=0.0)))


def filtered(samples: Samples, response: Response) -> Samples:
    """Apply a filter that rings only after its input, and for under 0.09 s; what rings past the end falls off.

    Blocks small enough for a processor's cache, each after the stretch that rings into it (overlap-save). The norm has
    no say in the result: with its default, numpy computes forward in double precision and takes four times as long.
    """
    columns = _columns(samples)
    step = _FILTER_BLOCK - _FILTER_RING
    count = max(1, -(-len(columns) // step))
    padded = np.pad(columns, ((_FILTER_RING, count * step - len(columns)), (0, 0)))
    blocks = np.lib.stride_tricks.sliding_window_view(padded, _FILTER_BLOCK, axis=0)[::step]
    spectra = np.fft.rfft(blocks, norm="ortho") * _curve(response, _FILTER_BLOCK)
    rows = np.fft.irfft(spectra, _FILTER_BLOCK, norm="ortho")[:, :, _FILTER_RING:]
    result = np.moveaxis(rows, 1, 2).reshape(count * step, columns.shape[1])[: len(columns)]
    return result.reshape(samples.shape).astype(np.float32, copy=False)


@functools.lru_cache
def high_pass(cutoff_hz: float) -> Response:
    """Second-order Butterworth high-pass: removes rumble and any constant offset."""
    b, a = _second_order(cutoff_hz, math.sqrt(0.5), highpass=True)
    return lambda hz: _response(b, a, hz)


def limited(samples: Samples, ceiling_db: float) -> Samples:
    """Hold true peaks at or under a ceiling in dBTP: gain falls over 5 ms before a peak and recovers over 60 ms.

    Untouched where the peak is under the ceiling. Works on the oversampled envelope, so peaks between samples count.
    """
    columns, ceiling = _columns(samples), gain(ceiling_db)
    peaks = _peaks(columns, over=ceiling)
    if peaks.max(initial=0.0) <= ceiling:
        return samples
    return (columns * _limiting(peaks, ceiling)[:, None]).reshape(samples.shape)


def faded(samples: Samples, *, start_ms: float = 0, end_ms: float = 0) -> Samples:
    """Fade in and out along a raised cosine, so that an edge never clicks."""
    result = _columns(samples).copy()
    opening, closing = (min(len(result), frames(ms)) for ms in (start_ms, end_ms))
    result[:opening] *= _ramp(opening)[:, None]
    result[len(result) - closing :] *= _ramp(closing)[::-1, None]
    return result.reshape(samples.shape)


def trimmed(samples: Samples, *, below_peak_db: float, keep_before_ms: float, keep_after_ms: float) -> Samples:
    """Cut what is more than `below_peak_db` under the peak from both ends, but for a little; silence gives nothing."""
    envelope = _loudest_channel(_columns(samples))
    audible = np.flatnonzero(envelope > envelope.max(initial=0.0) * gain(-below_peak_db))
    if not audible.size:
        return samples[:0]
    start = max(0, int(audible[0]) - frames(keep_before_ms))
    return samples[start : int(audible[-1]) + 1 + frames(keep_after_ms)]


@functools.lru_cache(maxsize=32)
def _curve(response: Response, size: int) -> NDArray[np.complex64]:
    return response(np.fft.rfftfreq(size, 1 / RATE).astype(np.float64)).astype(np.complex64)


def _columns(samples: Samples) -> Samples:
    return samples if samples.ndim == 2 else samples[:, None]


def _ramp(count: int) -> Samples:
    return (0.5 - 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / max(1, count))).astype(np.float32)


def _power(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def _lufs(power: float) -> float:
    return -0.691 + 10 * math.log10(power)


def _k_weighting(hz: NDArray[np.float64]) -> NDArray[np.complex128]:
    """The head shelf and the low cut of BS.1770-4, from their analogue prototypes so that any rate fits.

    Prototype figures as in libebur128 and pyloudnorm: they give the standard's coefficients at 48 kHz.
    """
    shelf_b, shelf_a = _high_shelf(1681.974450955533, 0.7071752369554196, 3.999843853973347)
    _, cut_a = _second_order(38.13547087602444, 0.5003270373238773, highpass=True)
    # The standard's low cut has the numerator 1, -2, 1: unity at high frequencies only nearly.
    return _response(shelf_b, shelf_a, hz) * _response((1.0, -2.0, 1.0), cut_a, hz)


Coefficients = tuple[float, float, float]


def _second_order(cutoff_hz: float, q: float, *, highpass: bool) -> tuple[Coefficients, Coefficients]:
    k = math.tan(math.pi * cutoff_hz / RATE)
    scale = 1 + k / q + k * k
    b = (1 / scale, -2 / scale, 1 / scale) if highpass else (k * k / scale, 2 * k * k / scale, k * k / scale)
    return b, (1.0, 2 * (k * k - 1) / scale, (1 - k / q + k * k) / scale)


def _high_shelf(corner_hz: float, q: float, gain_db: float) -> tuple[Coefficients, Coefficients]:
    k = math.tan(math.pi * corner_hz / RATE)
    high = 10 ** (gain_db / 20)
    middle = high**0.4996667741545416
    scale = 1 + k / q + k * k
    b = (
        (high + middle * k / q + k * k) / scale,
        2 * (k * k - high) / scale,
        (high - middle * k / q + k * k) / scale,
    )
    return b, (1.0, 2 * (k * k - 1) / scale, (1 - k / q + k * k) / scale)


def _response(b: Coefficients, a: Coefficients, hz: NDArray[np.float64]) -> NDArray[np.complex128]:
    z: NDArray[np.complex128] = np.exp(-2j * cmath.pi * hz / RATE)
    result: NDArray[np.complex128] = (b[0] + b[1] * z + b[2] * z * z) / (a[0] + a[1] * z + a[2] * z * z)
    return result


def _peaks(columns: Samples, *, over: float) -> Samples:
    """The highest amplitude around each frame, over all channels; between the samples too where it could be `over`.

    Where much is loud, as in a hum, most of it is left out all the same: between samples a sound goes no further beyond
    those beside it than it bends there, by their second difference (so it was for thousands of random sounds).
    """
    peaks = _loudest_channel(columns)
    loud = np.flatnonzero(peaks > over * _PEAK_MARGIN)
    if not loud.size:
        return peaks
    around = np.pad(columns, ((_PEAK_REACH, _PEAK_REACH), (0, 0)))
    if len(loud) > len(peaks) * _MUCH:
        bends = _loudest_channel(np.diff(around, 2, axis=0))
        most = _loudest_beside(_loudest_channel(around), 1, len(peaks)) + _loudest_beside(bends, 2, len(peaks))
        loud = loud[most[loud] >= over]
    windows = np.lib.stride_tricks.sliding_window_view(around, 2 * _PEAK_REACH + 1, axis=0)
    for some in np.split(loud, range(_PEAKS_AT_ONCE, len(loud), _PEAKS_AT_ONCE)):
        # Not by `@`: the threads of numpy's matrix library wait for more by spinning, and took 3 s of a render's 11.
        between = np.einsum("fcs,ps->pcf", windows[some], _interpolation())
        peaks[some] = np.maximum(peaks[some], np.abs(between).max(axis=(0, 1)))
    return peaks


def _loudest_beside(amplitudes: Samples, reach: int, count: int) -> Samples:
    """The highest of each of the `count` amplitudes in the middle and of as many as `reach` on both its sides."""
    first = (len(amplitudes) - count) // 2
    return functools.reduce(
        np.maximum, (amplitudes[first + away : first + away + count] for away in range(-reach, reach + 1))
    )


@functools.cache
def _interpolation() -> Samples:
    """What each sample around a frame adds to the value at each place `_BETWEEN`: a sinc under a raised cosine."""
    away = np.arange(-_PEAK_REACH, _PEAK_REACH + 1) - np.array(_BETWEEN)[:, None]
    shares: Samples = (np.sinc(away) * (0.5 + 0.5 * np.cos(np.pi * away / (_PEAK_REACH + 1)))).astype(np.float32)
    return shares


def _limiting(peaks: Samples, ceiling: float) -> Samples:
    """The limiter's gain at each frame: reckoned at every 16th, each point good for the frames on both its sides."""
    padded = np.pad(peaks, (0, 2 * _LIMITER_STEP - len(peaks) % _LIMITER_STEP))
    highest = functools.reduce(np.maximum, (padded[phase::_LIMITER_STEP] for phase in range(_LIMITER_STEP)))
    wanted = np.minimum(1.0, ceiling / np.maximum(highest.astype(np.float64), 1e-9))
    ahead, behind = frames(5) // _LIMITER_STEP, frames(60) // _LIMITER_STEP
    at_peaks = _smoothed(_sliding_minimum(wanted, ahead + 1, ahead), ahead)
    around = _smoothed(_sliding_minimum(wanted, behind + 1, ahead), behind)
    points = np.minimum(at_peaks, around).astype(np.float32)
    between = np.arange(_LIMITER_STEP, dtype=np.float32) / np.float32(_LIMITER_STEP)
    return (points[:-1, None] + np.diff(points)[:, None] * between).reshape(-1)[: len(peaks)]


def _loudest_channel(columns: Samples) -> Samples:
    """The highest amplitude of all channels; numpy's maximum along so short an axis takes twenty times as long."""
    return functools.reduce(np.maximum, np.abs(columns).T)


def _sliding_minimum(values: NDArray[np.float64], before: int, after: int) -> NDArray[np.float64]:
    """The least of each value and its neighbours, by doubling windows: log2 passes instead of one a neighbour."""
    width = before + after + 1
    result = np.pad(values, (before, after), mode="edge")
    covered = 1
    while covered < width:
        step = min(covered, width - covered)
        result = np.minimum(result[: len(result) - step], result[step:])
        covered += step
    return result


def _smoothed(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Average over a triangle `reach` to each side: two running means, so that its cost does not grow with `reach`."""
    for before in (reach // 2, reach - reach // 2):
        total = np.cumsum(np.pad(values, (before + 1, reach - before), mode="edge"))
        values = (total[reach + 1 :] - total[: -reach - 1]) / (reach + 1)
    return values
