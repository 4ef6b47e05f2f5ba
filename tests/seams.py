"""What a seam in a loop would look like, and whether there is one."""

import numpy as np
from numpy.typing import NDArray

from voiceguide import levels
from voiceguide.levels import RATE, Samples

_FADE_MS = 1000
"""After the beginning, in which the end may still be heard."""
_WINDOW, _HOP = 2048, 512


def seams(loop: Samples) -> list[str]:
    """Say by what a listener could tell where a loop begins, against what its sound does elsewhere; none is right."""
    around = min(len(loop) // 2, 12 * RATE)
    turned = np.concatenate([loop[-around:], loop[:around]])  # the seam lies in the middle
    loudness = np.maximum(levels.momentary(turned), -70)
    change = np.abs(loudness[4:] - loudness[:-4])
    step = np.abs(np.diff(turned, axis=0)).max(axis=1)
    found = [
        _odd("its loudness in LUFS", *_parted(loudness, len(turned), RATE // 10, before_ms=400), slack=0.5),
        _odd("a change of loudness in LU", *_parted(change, len(turned), RATE // 10, before_ms=800), slack=0.5),
        _odd("a new sound", *_parted(_flux(turned), len(turned), _HOP, before_ms=60), slack=0.005),
        _odd("a step", *_parted(step, len(turned), 1, before_ms=1, after_ms=1), slack=0.001),
    ]
    return [one for one in found if one]


Measured = NDArray[np.floating]


def _odd(what: str, near: Measured, far: Measured, slack: float) -> str:
    """Say what is measured at the seam and nowhere else: it, and a tenth more than the sound varies, is no wonder."""
    slack += 0.1 * float(far.max() - far.min())
    odd = near.min() < far.min() - slack or near.max() > far.max() + slack
    return f"{what}: {near.min():.3f} to {near.max():.3f}, elsewhere {far.min():.3f} to {far.max():.3f}" if odd else ""


def _parted(
    values: Measured, length: int, every: int, *, before_ms: float, after_ms: float = _FADE_MS
) -> tuple[Measured, Measured]:
    """Part what was measured every so many samples into what has to do with the seam and what has not."""
    after = np.arange(len(values)) * every - length // 2 - 1
    near = (after > -levels.frames(before_ms)) & (after < levels.frames(after_ms))
    return values[near], values[~near]


def _flux(samples: Samples) -> Measured:
    """How much of each spectrum was not in the one before, from 0 to 1, of the louder channel."""
    louder = samples[:, int(np.argmax((samples**2).sum(axis=0)))]
    windows = np.lib.stride_tricks.sliding_window_view(louder, _WINDOW)[::_HOP] * np.hanning(_WINDOW).astype(np.float32)
    spectra = np.sqrt(np.abs(np.fft.rfft(windows)))
    came = np.maximum(0, spectra[1:] - spectra[:-1]).sum(axis=1)
    new: Measured = came / (spectra[1:].sum(axis=1) + spectra.sum(axis=1).mean())  # little after nothing counts little
    return new
