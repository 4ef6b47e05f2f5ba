"""Voice-guided sessions: a templated script becomes an exactly timed MP3.

    from pathlib import Path
    from voiceguide import Job, render

    made = render(Job(script=Path("scripts/back-on-mat.md"), values={"name": "Ana"}))
    print(made.path, made.length)

Names are loaded when they are first used: `import voiceguide` is quick.
"""

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voiceguide.cache import Cache as Cache
    from voiceguide.check import Checked as Checked
    from voiceguide.check import Finding as Finding
    from voiceguide.check import check as check
    from voiceguide.cues import Bed as Bed
    from voiceguide.cues import Chime as Chime
    from voiceguide.cues import Say as Say
    from voiceguide.cues import Silence as Silence
    from voiceguide.cues import Utterance as Utterance
    from voiceguide.durations import Ms as Ms
    from voiceguide.durations import parse_duration as parse_duration
    from voiceguide.engines import Engine as Engine
    from voiceguide.engines import Reading as Reading
    from voiceguide.engines import Voice as Voice
    from voiceguide.engines import Word as Word
    from voiceguide.errors import CueError as CueError
    from voiceguide.errors import OutputError as OutputError
    from voiceguide.errors import Place as Place
    from voiceguide.errors import PlayerError as PlayerError
    from voiceguide.errors import Refusal as Refusal
    from voiceguide.errors import ScriptError as ScriptError
    from voiceguide.errors import SettingsError as SettingsError
    from voiceguide.errors import SeveralErrors as SeveralErrors
    from voiceguide.errors import SoundError as SoundError
    from voiceguide.errors import SpeechError as SpeechError
    from voiceguide.errors import TimelineError as TimelineError
    from voiceguide.errors import VoiceguideError as VoiceguideError
    from voiceguide.job import Job as Job
    from voiceguide.page import write_page as write_page
    from voiceguide.render import Plan as Plan
    from voiceguide.render import Rendered as Rendered
    from voiceguide.render import plan as plan
    from voiceguide.render import render as render
    from voiceguide.settings import read_settings as read_settings
    from voiceguide.shipped import find_script as find_script
    from voiceguide.speech import Cast as Cast
    from voiceguide.speech import Listed as Listed
    from voiceguide.timeline import Chapter as Chapter
    from voiceguide.timeline import Placed as Placed
    from voiceguide.timeline import Timeline as Timeline
    from voiceguide.verify import Fault as Fault
    from voiceguide.verify import Verified as Verified
    from voiceguide.verify import verify as verify

_HOMES = {
    "cache": ("Cache",),
    "check": ("Checked", "Finding", "check"),
    "cues": ("Bed", "Chime", "Say", "Silence", "Utterance"),
    "durations": ("Ms", "parse_duration"),
    "engines": ("Engine", "Reading", "Voice", "Word"),
    "errors": (
        "CueError", "OutputError", "Place", "PlayerError", "Refusal", "ScriptError", "SettingsError", "SeveralErrors",
        "SoundError", "SpeechError", "TimelineError", "VoiceguideError",
    ),
    "job": ("Job",),
    "page": ("write_page",),
    "render": ("Plan", "Rendered", "plan", "render"),
    "settings": ("read_settings",),
    "shipped": ("find_script",),
    "speech": ("Cast", "Listed"),
    "timeline": ("Chapter", "Placed", "Timeline"),
    "verify": ("Fault", "Verified", "verify"),
}  # fmt: skip

__all__ = [name for names in _HOMES.values() for name in names]


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            found: object = getattr(importlib.import_module(f"voiceguide.{home}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module 'voiceguide' has no attribute '{name}'")


class _Face(ModuleType):
    def __setattr__(self, name: str, value: object) -> None:
        """Keep `voiceguide.render` the function: Python would put the module of that name over it once it is loaded."""
        if name not in __all__ or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face
