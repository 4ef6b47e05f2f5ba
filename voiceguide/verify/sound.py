"""A recording -> what can be heard in it, decoded by libsndfile and measured in blocks: memory stays flat.

libsndfile (1.1 and later) reads MP3 with mpg123 and drops what the Info tag declares as delay and padding. mpg123 goes
on behind a damaged frame and says so on the process's stderr alone; and not of every one: data that can still be
decoded, if to something else, are damage that only the sums in the plan show.
"""

import functools
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from voiceguide import levels
from voiceguide.durations import Ms
from voiceguide.levels import RATE, Samples

SLOT_MS = 10
"""How finely peaks are told."""
HOP_MS, WINDOW_MS = 100, 400
"""Momentary loudness: every so often, over so much (EBU Tech 3341)."""

_SLOT, _HOP, _WINDOW = (RATE * ms // 1000 for ms in (SLOT_MS, HOP_MS, WINDOW_MS))
_BLOCK = 100 * _HOP
"""Measured together; read by the hop, so that the place is known where the decoder stumbles."""
_CONTEXT = 5 * _HOP + _WINDOW
"""Samples kept from before each block: a window, and what rings into it from before (0.18 s)."""
_FINE_ABOVE_DB = -4.0
"""Only where samples are over it can a peak between them reach -1 dBTP."""


_NOTHING = 1e-20
"""A power far under all that can be heard, in the place of 0."""

Windows = NDArray[np.float64]
"""Something about each window of `WINDOW_MS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A recording, as far as it could be decoded."""

    samples: int
    powers: Windows
    """K-weighted power over `WINDOW_MS`, every `HOP_MS`: one window at least."""
    peaks: NDArray[np.float32]
    """The highest amplitude in each `SLOT_MS`, full scale at 1."""
    true_peaks: tuple[tuple[Ms, float], ...]
    """When the highest of some seconds comes, and its dBTP; only where it could matter."""
    complaints: tuple[tuple[Ms, str], ...]
    """What the decoder said, and from when on it may have meant."""

    def windows(self, start: int, end: int) -> Windows:
        """Give the powers of the windows that lie within two moments."""
        return self.powers[max(0, -(-start // HOP_MS)) : max(0, (end - WINDOW_MS) // HOP_MS + 1)]

    def peak(self, start: int, end: int) -> float:
        """Give the highest amplitude between two moments."""
        return float(self.peaks[max(0, start // SLOT_MS) : max(0, -(-end // SLOT_MS))].max(initial=0.0))


def lufs(powers: Windows) -> Windows:
    """Turn K-weighted powers into LUFS; silence is far under all that can be heard."""
    return -0.691 + 10 * np.log10(np.maximum(powers, _NOTHING))


def power(loudness: Windows | float) -> Windows:
    """Turn LUFS into K-weighted power."""
    return np.asarray(10 ** ((loudness + 0.691) / 10))


def listen(path: Path) -> Heard:
    """Decode a recording and measure it. Raises UndecodableError for one that can't be decoded to its end."""
    ear = _Ear()
    complaints: list[tuple[Ms, str]] = []
    position, hops = 0, list[Samples]()
    with _overheard() as said:
        for hop in _hops(path):
            complaints += [(_moment(position), line) for line in said()]
            position += len(hop)
            hops.append(hop)
            if len(hops) == _BLOCK // _HOP:
                ear.hear(np.concatenate(hops))
                hops.clear()
    if hops:
        ear.hear(np.concatenate(hops))
    ear.end()
    return Heard(
        samples=ear.samples,
        powers=np.concatenate(ear.powers),
        peaks=np.concatenate(ear.peaks),
        true_peaks=tuple(ear.true_peaks),
        complaints=tuple(complaints),
    )


class UndecodableError(ValueError):
    """A recording can't be decoded, or not all of it."""

    def __init__(self, message: str, at: Ms | None = None) -> None:
        super().__init__(message)
        self.at = at
        """From when on, if it could be before."""


def _hops(path: Path) -> Iterator[Samples]:
    import soundfile  # noqa: PLC0415  -- render asks for the checks that need no decoder

    position = 0
    try:
        with soundfile.SoundFile(path) as file:
            if file.samplerate != RATE:
                raise UndecodableError(f"it has {file.samplerate} samples a second; only {RATE} are measured")
            while len(hop := file.read(_HOP, dtype="float32", always_2d=True)):
                yield hop
                position += len(hop)
    except soundfile.LibsndfileError as error:
        if position:
            raise UndecodableError("from here on it can't be decoded", _moment(position)) from error
        reason = "no sound is found in it" if error.code == _NO_SOUND else error.error_string.rstrip(".")
        raise UndecodableError(f"it can't be decoded: {reason}") from error


_NO_SOUND = 7
"""What libsndfile calls a file that does not exist, as it does one in which mpg123 finds no frame."""


def _moment(samples: int) -> Ms:
    return Ms(samples * 1000 // RATE)


class _Ear:
    """What was heard so far."""

    def __init__(self) -> None:
        self.samples = 0
        self.powers: list[NDArray[np.float64]] = [np.zeros(0)]
        self.peaks: list[NDArray[np.float32]] = [np.zeros(0, np.float32)]
        self.true_peaks: list[tuple[Ms, float]] = []
        self._kept: Samples | None = None
        self._windows = 0

    def hear(self, block: Samples) -> None:
        window = block if self._kept is None else np.concatenate([self._kept, block])
        first = self.samples + len(block) - len(window)
        self._measure_loudness(window, first // _HOP)
        self._measure_peaks(window[-(len(block) + _SLOT) :], block)
        self.samples += len(block)
        self._kept = window[-_CONTEXT:]

    def end(self) -> None:
        """Let all there was count as a window, if it is shorter."""
        if not self._windows:
            self.powers.append(levels.block_powers(np.zeros((0, 1), np.float32) if self._kept is None else self._kept))

    def _measure_loudness(self, window: Samples, first_hop: int) -> None:
        if len(window) >= _WINDOW:
            count = (len(window) - _WINDOW) // _HOP + 1
            powers = levels.block_powers(window) if window.any() else np.zeros(count)  # most of a session is silent
            powers = powers[self._windows - first_hop :]
            self.powers.append(powers)
            self._windows += len(powers)

    def _measure_peaks(self, around: Samples, block: Samples) -> None:
        """Look between samples of a block and the 10 ms before it: faded, so that its edges are no peaks."""
        highest = functools.reduce(np.maximum, np.abs(block).T)  # a tenth of the time of a maximum along the axis
        padded = np.pad(highest, (0, -len(highest) % _SLOT))
        self.peaks.append(padded.reshape(-1, _SLOT).max(axis=1))
        if np.abs(around).max() > levels.gain(_FINE_ABOVE_DB):
            at = Ms((self.samples + int(highest.argmax())) * 1000 // RATE)
            self.true_peaks.append((at, levels.true_peak(levels.faded(around, start_ms=2, end_ms=2))))


@contextmanager
def _overheard() -> "Iterator[_Said]":
    """Catch what the decoder writes to the process's stderr, past Python: it has no other way to tell."""
    sys.stderr.flush()
    own = os.dup(2)
    with tempfile.TemporaryFile(buffering=0) as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield _Said(caught)
        finally:
            os.dup2(own, 2)
            os.close(own)


class _Said:
    """Gives the errors that were written since it was last asked; warnings are about what `frames` looks at."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._read = 0

    def __call__(self) -> list[str]:
        self._file.seek(self._read)
        written = self._file.read()  # which leaves the position, shared with the decoder's stderr, at the end
        self._read += len(written)
        lines = written.decode(errors="replace").splitlines()
        return [line.partition("error:")[2].strip(" !") for line in lines if "error:" in line]
