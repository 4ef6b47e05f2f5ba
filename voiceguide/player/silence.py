"""Where no sound comes from: machines without any, and those told to play to nobody."""

import os
from pathlib import Path

from voiceguide.errors import PlayerError


def is_unheard() -> bool:
    """Tell whether `VOICEGUIDE_AUDIO=null` asks for playing to no device, in the time it takes."""
    return os.environ.get("VOICEGUIDE_AUDIO") == "null"


def no_sound(path: Path, reason: str) -> PlayerError:
    """Say that a machine has no sound."""
    hint = f"switch on or connect one, or play {path} on another machine"
    return PlayerError(f"there is no sound device here that works ({reason})", hint=hint)
