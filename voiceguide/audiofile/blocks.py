"""Spans -> a recording's samples in blocks, exactly as many as it is long, and what was measured of them on the way."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from voiceguide import levels
from voiceguide.audio import Span
from voiceguide.audiofile.mp3 import Written
from voiceguide.levels import Samples


class Recording:
    """The sound of a session, to be run through once."""

    def __init__(self, spans: Sequence[Span], length: int, progress: Callable[[int, int], None]) -> None:
        self.channels = spans[0].channels
        self.length = length
        """Samples."""
        self._spans = spans
        self._progress = progress
        self._powers = [np.zeros(0, np.float32)]
        self._peak = float("-inf")
        self._sounding = 0

    def blocks(self) -> Iterator[Samples]:
        """Mix and measure: float32 (frames, channels). Nobody holds more than a block."""
        left = self.length
        for number, span in enumerate(self._spans, start=1):
            heard = False
            for block in span.blocks():
                cut = block[:left]
                heard |= self._measure(cut)
                left -= len(cut)
                yield cut
                self._progress(number - 1, len(self._spans))  # a silence may last for an hour
            self._sounding += heard
            self._progress(number, len(self._spans))

    def written(self) -> Written:
        """Tell what was measured, once all blocks have gone by: as for an MP3, but that nothing was kept."""
        powers = np.concatenate(self._powers).astype(np.float64)
        return Written(
            spans_new=self._sounding,
            spans_cached=0,
            loudness=levels.integrated(powers),
            true_peak=self._peak,
        )

    def _measure(self, block: Samples) -> bool:
        if not block.any():
            return False
        self._powers.append(levels.block_powers(block).astype(np.float32))
        self._peak = max(self._peak, levels.true_peak(block))
        return True
