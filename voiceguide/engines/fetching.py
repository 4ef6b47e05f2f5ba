"""An address with a known sum -> the file itself, in a folder of the user's: checked, or not there at all."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError
from urllib.request import urlopen

from voiceguide import files
from voiceguide.errors import SpeechError

_BLOCK_BYTES = 1 << 18
_PATIENCE_SECONDS = 30.0
"""Without a single byte."""

Told = Callable[[int, int], None]
"""Is told how many bytes are here, of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file somewhere else, and what it must be."""

    url: str
    size: int
    """Bytes."""
    sha256: str
    """Hexadecimal."""

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]

    def is_in(self, folder: Path) -> bool:
        """Tell whether it was downloaded, by its size: the sum was seen to be right before it got its name."""
        path = folder / self.name
        return path.is_file() and path.stat().st_size == self.size


def fetch(download: Download, folder: Path, told: Told = lambda *_: None) -> None:
    """Download a file, unless it is here and undamaged.

    Raises SpeechError: no network, no space, or something else came; what was under the name stays.
    """
    files.sweep(folder)
    path = folder / download.name
    if download.is_in(folder) and _sum(path) == download.sha256:
        return told(download.size, download.size)
    try:
        with (
            urlopen(download.url, timeout=_PATIENCE_SECONDS) as answer,  # noqa: S310  -- addresses of ours, and sums
            files.whole(path) as file,
        ):
            _copy(answer, file, download, told)
    except (OSError, HTTPException) as error:
        if isinstance(error, HTTPError):
            error.close()  # it is the answer as well
        raise SpeechError(f"{download.url} can't be downloaded: {error}", hint=_BY_HAND.format(path)) from error


_BY_HAND = "this needs the network, once; or put the file there yourself: {}"


def _copy(answer: BinaryIO, file: BinaryIO, download: Download, told: Told) -> None:
    """Copy what comes, and not more than was announced, and see that it is what it should be."""
    sha256, count = hashlib.sha256(), 0
    while count <= download.size and (block := answer.read(_BLOCK_BYTES)):
        count += len(block)
        sha256.update(block)
        file.write(block)
        told(min(count, download.size), download.size)
    if count < download.size:
        raise SpeechError(
            f"only {count} of {download.size} bytes of {download.url} came", hint="try again: nothing of it was kept"
        )
    if count > download.size or sha256.hexdigest() != download.sha256:
        raise SpeechError(
            f"what came from {download.url} is not the file this version knows", hint="nothing of it was kept or used"
        )


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
