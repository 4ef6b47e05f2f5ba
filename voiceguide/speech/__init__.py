"""Utterances -> clips: what was said, at one level, trimmed, kept, and judged before anyone hears it."""

from voiceguide.speech.casting import Cast, Listed, Speaker, speaks
from voiceguide.speech.clips import Clip, Progress, Spoken, speak_all
from voiceguide.speech.engine import Engine, Reading, Voice, Word

__all__ = [
    "Cast",
    "Clip",
    "Engine",
    "Listed",
    "Progress",
    "Reading",
    "Speaker",
    "Spoken",
    "Voice",
    "Word",
    "speak_all",
    "speaks",
]
