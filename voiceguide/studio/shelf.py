"""The folder of recordings -> what is in it: each by an identity, never by its path."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from voiceguide.audiofile import FORMATS
from voiceguide.audiofile.promise import Promise, promise_from_json
from voiceguide.audiofile.tags import read_tag

TYPES = {
    "mp3": "audio/mpeg", "m4b": "audio/mp4", "opus": "audio/ogg", "flac": "audio/flac", "wav": "audio/wav",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A finished file."""

    identity: str
    """Of this path and what stands there now."""
    path: Path
    made: float
    """Seconds since 1970."""
    size: int
    """Bytes."""

    @property
    def format(self) -> str:
        return self.path.suffix.lower().removeprefix(".")

    def promise(self) -> Promise | None:
        """Read what is heard in it when; None where it carries no plan, as only MP3s do."""
        return _promise(self.path, self.identity) if self.format == "mp3" else None


class Shelf:
    """The finished recordings of a folder, and single ones made elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def recordings(self) -> tuple[Recording, ...]:
        """Give them all, the newest first."""
        return tuple(sorted(self._found(), key=lambda one: (-one.made, one.path.name)))

    def find(self, identity: str) -> Recording | None:
        return next((one for one in self._found() if one.identity == identity), None)

    def at(self, path: Path) -> Recording | None:
        return next((one for one in self._found() if one.path == path), None)

    def _found(self) -> Iterator[Recording]:
        for path in self.folder.glob("*.*"):
            if path.suffix.lower().removeprefix(".") in FORMATS and path.is_file() and not path.is_symlink():
                status = path.stat()
                seen = f"{path.name}\0{status.st_mtime_ns}\0{status.st_size}"
                identity = hashlib.sha256(seen.encode()).hexdigest()[:24]
                yield Recording(identity=identity, path=path, made=status.st_mtime, size=status.st_size)


@lru_cache(maxsize=256)
def _promise(path: Path, identity: str) -> Promise | None:  # noqa: ARG001  -- another file has another identity
    try:
        with path.open("rb") as file:
            plan = read_tag(file).plan
        return promise_from_json(plan) if plan else None
    except (OSError, ValueError):
        return None  # it can be played all the same
