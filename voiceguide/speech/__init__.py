"""Utterances -> clips: what was said, at one level, trimmed, kept, and judged before anyone hears it."""

from voiceguide.engines.casting import Cast, Listed, Speaker, speaks
from voiceguide.speech.clips import Clip, Progress, Reckoned, Spoken, reckon_all, speak_all
from voiceguide.speech.recordings import recorded

__all__ = [
    "Cast",
    "Clip",
    "Listed",
    "Progress",
    "Reckoned",
    "Speaker",
    "Spoken",
    "reckon_all",
    "recorded",
    "speak_all",
    "speaks",
]
