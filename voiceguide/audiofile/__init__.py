"""Spans and a label, or one line -> a file, whole or not at all."""

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from voiceguide import levels
from voiceguide.audio import Span
from voiceguide.audiofile.mp3 import Written, write_frames
from voiceguide.audiofile.tags import Label, id3_tag
from voiceguide.audiofile.wav import wav_bytes
from voiceguide.cache import Cache
from voiceguide.errors import OutputError
from voiceguide.levels import Samples

__all__ = ["Label", "Written", "check_writable", "id3_tag", "write_file", "write_line"]

_TEMPORARY = ".voiceguide-"
_STALE_SECONDS = 3600


def write_file(
    out: Path, spans: Sequence[Span], label: Label, *, cache: Cache, progress: Callable[[int, int], None]
) -> Written:
    """Write an MP3. Under `out` there is the old file, or nothing, until all of the new one is on the disk.

    Raises OutputError: the disk is full, the folder is not there or not ours to write to.
    """
    with _whole(out) as file:
        file.write(id3_tag(label))
        return write_frames(file, spans, length=levels.frames(label.length), cache=cache, progress=progress)


def write_line(out: Path, samples: Samples) -> None:
    """Write one spoken line as a WAV. Raises OutputError."""
    with _whole(out) as file:
        file.write(wav_bytes(samples))


def check_writable(out: Path) -> None:
    """Make the folder if it is not there, and see whether a file can be made in it: before any work is done.

    Raises OutputError.
    """
    if out.is_dir():
        raise OutputError(f"{out} is a folder", hint="name a file in it, or end the name with '/'")
    with _as_ours(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        _sweep(out.parent)
        temporary = _temporary(out)
        temporary.touch(exist_ok=False)
        temporary.unlink()


@contextlib.contextmanager
def _whole(out: Path) -> Iterator[BinaryIO]:
    """A temporary file in the same folder, renamed when it is complete and safe on the disk."""
    with _as_ours(out):
        temporary = _temporary(out)
        try:
            with temporary.open("x+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(out)
            _sync_folder(out.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _temporary(out: Path) -> Path:
    return out.with_name(f"{_TEMPORARY}{secrets.token_hex(8)}")


@contextlib.contextmanager
def _as_ours(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{out} can't be written: {reason}", hint="-o names another file or folder") from error


def _sweep(folder: Path) -> None:
    """Remove what a killed run left, once nobody can still be writing it."""
    for path in folder.glob(f"{_TEMPORARY}*"):
        if time.time() - path.stat().st_mtime > _STALE_SECONDS:
            path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut; Windows has no such call and needs none."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
