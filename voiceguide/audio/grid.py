"""Moments -> places on the grid of MP3 frames, on which everything starts."""

from voiceguide import levels
from voiceguide.loops import FRAME

ENCODER_DELAY = 576
"""Samples that LAME puts before the first one; the Info tag says so and players drop them."""
DECODER_DELAY = 529
"""Samples that any decoder is late: 528 of the filter bank, and one (LAME's technical FAQ)."""
LEAD = 2
"""Frames before a sound that may hear of it already: an encoder looks ahead."""

_SPILL = 1056
"""Samples after its own place into which a sample's energy is spread: a long block's window and the filter bank's."""


def frame_at(milliseconds: float) -> int:
    """Give the frame in which a moment lies: what starts there is never late, and less than 26 ms early."""
    return levels.frames(milliseconds) // FRAME


def frame_after(samples: int) -> int:
    """Give the first frame that nothing before so many samples reaches."""
    return -(-(samples + ENCODER_DELAY + DECODER_DELAY + _SPILL) // FRAME)


def frames_to_hold(samples: int) -> int:
    """Give how many frames a decoder needs to give back so many samples."""
    return -(-(samples + ENCODER_DELAY + DECODER_DELAY) // FRAME)
