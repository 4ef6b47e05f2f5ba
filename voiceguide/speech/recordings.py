"""A recording of one's own -> a clip: treated as speech is, but measured by itself, for no engine's passage tells."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from voiceguide import levels
from voiceguide.cache import Cache, digest
from voiceguide.errors import SoundError
from voiceguide.levels import RATE, VOICE_LUFS, Samples
from voiceguide.speech import treatment
from voiceguide.speech.clips import Clip, kept_clip

_VERSION = 1
"""Part of every recording's key: raise it with any change here that can be heard."""

_WINDOW = levels.frames(20)
_OVER_ROOM_DB = 8.0
"""Words stand at least so much over the room they are spoken in."""
_BELOW_PEAK_DB = (20.0, 45.0)
"""Where words begin and end, in a loud room and in a silent one."""
_QUIETEST = 0.05
"""Of the windows: the room alone, if it is heard at all."""
_CANCELLED_DB = -20.0
"""Two sides as one: what is left of the peak where they are each other's opposite."""
_MOST_SOFTER_LU = 3.0
"""Than a voice, by a peak that can't be limited any more."""


def recorded(content: str, samples: Callable[[], Samples], path: Path, cache: Cache) -> Clip:
    """Give the clip of a recording, making it if it is not kept. Raises SoundError.

    `content` stands for all that is in the file, `samples` decodes it to (frames, channels), its peak at full scale.
    """
    key = digest("recording", _VERSION, treatment.VERSION, content)
    return kept_clip(key, lambda: _as_speech(samples(), path), cache)


def _as_speech(samples: Samples, path: Path) -> Samples:
    """Bring it to the level of every voice, whatever it was recorded at: each file by itself, however short.

    Two recordings need not have been made on the same day, or by the same person, for one gain to fit both.
    """
    mono = samples.mean(axis=1)
    if levels.decibels(float(np.abs(mono).max())) < _CANCELLED_DB:
        hint = "the two sides are each other's opposite: export one of them alone, as mono"
        raise SoundError(f"{path} is silent where it is heard from one speaker", hint=hint)
    clean = treatment.cleaned(mono, RATE, below_peak_db=_below_peak_db(mono))
    level = treatment.levelled(clean, treatment.gain_to_target(clean))
    softer = VOICE_LUFS - levels.loudness(level)
    if softer > _MOST_SOFTER_LU:
        hint = "cut out the click or bump in it, or record it again further from the microphone"
        raise SoundError(f"{path} has a noise in it that is far louder than its words", hint=hint)
    return level


def _below_peak_db(mono: Samples) -> float:
    """How far under its peak the words begin: over what is heard of the room."""
    windows = np.abs(mono[: len(mono) // _WINDOW * _WINDOW]).reshape(-1, _WINDOW).max(axis=1)
    room = float(np.quantile(windows, _QUIETEST)) if len(windows) else 0.0
    least, most = _BELOW_PEAK_DB
    return min(max(levels.decibels(float(np.abs(mono).max())) - levels.decibels(room) - _OVER_ROOM_DB, least), most)
