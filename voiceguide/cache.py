"""Bytes under a key -> the same bytes later, or nothing: the only code that knows the cache's folder.

Each entry is a magic word, the SHA-256 of its body, and the body; it is checked whenever it is read, so that a flipped
bit or a half-written file is a miss and never a wrong sound. Entries are written to a temporary name and renamed, which
makes any number of writers safe without a lock.
"""

import hashlib
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from voiceguide import files
from voiceguide.errors import OutputError

_MAGIC = b"voiceguide-1\n"
_HEAD = len(_MAGIC) + 32
_DAY_SECONDS = 86_400

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What the cache holds of one kind."""

    kind: str
    entries: int
    size: int
    """Bytes."""


def digest(*parts: object) -> str:
    """Make a key from everything that changes the bytes: each part's `repr`, so that 1 and "1" differ."""
    return hashlib.sha256("\0".join(map(repr, parts)).encode()).hexdigest()


def default_folder() -> Path:
    """`VOICEGUIDE_CACHE` if it is set, else where this system keeps caches."""
    from platformdirs import user_cache_path  # noqa: PLC0415  -- `--help` need not pay for it

    named = os.environ.get("VOICEGUIDE_CACHE")
    return Path(named) if named else user_cache_path("voiceguide", appauthor=False)


class Cache:
    """A folder of checked entries, by kind (`clips`, `frames`, …) and key (64 hexadecimal digits)."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or default_folder()

    def get(self, kind: str, key: str) -> bytes | None:
        """Give the body kept under a key; None if there is none or it is damaged (then it is removed)."""
        path = self._path(kind, key)
        try:
            # Hundreds in a session: a Path takes longer than to read it, and so does a copy of each without its head.
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123
                head, body, last_used = file.read(_HEAD), file.read(), os.fstat(file.fileno()).st_mtime
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise OutputError(f"the cache can't be read: {error}", hint=_OTHER_FOLDER) from error
        if head != _head(body):
            _log.warning("a damaged cache entry is made again: %s", path)
            Path(path).unlink(missing_ok=True)
            return None
        if time.time() - last_used > _DAY_SECONDS:
            os.utime(path)  # for `trim`, but not more than once a day: reading should not write
        return body

    def holds(self, kind: str, key: str) -> bool:
        """Tell whether there is something under a key, without reading it: it may be damaged."""
        return os.path.exists(self._path(kind, key))  # noqa: PTH110  -- as above

    def put(self, kind: str, key: str, body: bytes) -> None:
        """Keep a body under a key, whole or not at all. Raises OutputError when the disk is full or read-only."""
        path = Path(self._path(kind, key))
        try:
            with files.whole(path, lasting=False) as file:  # a torn entry is a miss
                file.write(_head(body) + body)
        except OSError as error:
            raise OutputError(f"the cache can't be written: {error}", hint=_OTHER_FOLDER) from error

    def shelves(self) -> tuple[Shelf, ...]:
        """Count entries and bytes, by kind."""
        sizes: dict[str, list[int]] = {}
        for path in self._entries():
            sizes.setdefault(path.relative_to(self.folder).parts[0], []).append(_size(path))
        return tuple(Shelf(kind=kind, entries=len(of), size=sum(of)) for kind, of in sorted(sizes.items()))

    def verify(self) -> tuple[Path, ...]:
        """Check every entry; remove and give the damaged ones."""
        damaged = tuple(path for path in self._entries() if not _is_whole(path.read_bytes()))
        for path in damaged:
            path.unlink(missing_ok=True)
        return damaged

    def trim(self, most: int) -> int:
        """Remove what was not used for longest until at most `most` bytes are left; give how many entries went."""
        files.sweep(self.folder, "*/??/")
        entries = sorted(((path.stat().st_mtime, path) for path in self._entries()), reverse=True)
        kept, removed = 0, 0
        for _, path in entries:
            kept += _size(path)
            if kept > most:
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _entries(self) -> Iterator[Path]:
        return (path for path in self.folder.glob("*/??/*") if not path.name.startswith(files.TEMPORARY))

    def _path(self, kind: str, key: str) -> str:
        return f"{self.folder}/{kind}/{key[:2]}/{key[2:]}"


_OTHER_FOLDER = "VOICEGUIDE_CACHE=FOLDER in the environment names another folder"


def _head(body: bytes) -> bytes:
    return _MAGIC + hashlib.sha256(body).digest()


def _is_whole(entry: bytes) -> bool:
    return entry[:_HEAD] == _head(entry[_HEAD:])


def _size(path: Path) -> int:
    return path.stat().st_size
