"""A script that has changed since its lines were last spoken -> its voice's engine, loading while all else does.

Where something is new an engine is needed, and takes a second to load; where nothing is, a core would be kept busy for
nothing. Nothing large is imported here: a command can do this first.
"""

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from voiceguide.cache import Cache, digest
from voiceguide.engines.casting import Cast

_SHELF = "readers"


def is_new(script: Path, cache: Cache) -> bool:
    """Tell whether a script was never spoken, or has changed since."""
    return _noted(script, cache).get("state") != _state(script)


def load_its_engine(script: Path, cast: Cast, cache: Cache, *, voice: str | None = None) -> None:
    """Let the engine load that spoke a script last, or a voice's own, if the script has changed since."""
    noted = _noted(script, cache)
    if noted and noted["state"] != _state(script):
        cast.warm_up(voice or noted["voice"], noted["language"])


def note(script: Path, voice: str | None, language: str, cache: Cache) -> None:
    """Keep who spoke a script as it is now."""
    noted = {"state": _state(script), "voice": voice, "language": language}
    if noted != _noted(script, cache):
        cache.put(_SHELF, _key(script), json.dumps(noted).encode())


def _noted(script: Path, cache: Cache) -> dict[str, Any]:
    kept = cache.get(_SHELF, _key(script))
    return json.loads(kept) if kept else {}


def _key(script: Path) -> str:
    return digest(str(script.absolute()))


def _state(script: Path) -> str | None:
    """Name what is in it; None if it is not there, which is told of where it is read."""
    with suppress(OSError):
        return hashlib.sha256(script.read_bytes()).hexdigest() if script.is_file() else None
    return None
