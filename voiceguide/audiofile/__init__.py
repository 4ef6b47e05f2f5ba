"""Spans and a label, or one line -> a file, its kind told by its name's ending: whole or not at all."""

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from voiceguide import levels
from voiceguide.audio import Span
from voiceguide.audiofile.blocks import Recording
from voiceguide.audiofile.captions import CAPTIONS, caption_text
from voiceguide.audiofile.cover import cover
from voiceguide.audiofile.flac import write_flac
from voiceguide.audiofile.lame import Coding
from voiceguide.audiofile.mp3 import Written, write_frames
from voiceguide.audiofile.pyav import check_pyav, write_m4b, write_opus
from voiceguide.audiofile.tags import Label, id3_tag, sums_place
from voiceguide.audiofile.wav import wav_bytes, write_wav
from voiceguide.cache import Cache
from voiceguide.errors import OutputError
from voiceguide.levels import Samples

__all__ = [
    "CAPTIONS", "FORMATS", "Coding", "Label", "Written", "caption_text", "check_writable", "cover", "id3_tag",
    "whole", "write_file", "write_line",
]  # fmt: skip

FORMATS = ("mp3", "m4b", "opus", "flac", "wav")
"""The kinds of recordings, named as their files end."""

_TEMPORARY = ".voiceguide-"
_STALE_SECONDS = 3600


def write_file(
    out: Path,
    spans: Sequence[Span],
    label: Label,
    *,
    cache: Cache,
    progress: Callable[[int, int], None],
    coding: Coding | None = None,
    beside: Mapping[Path, str] | None = None,
    check: Callable[[BinaryIO], None] | None = None,
) -> Written:
    """Write a recording of one of the `FORMATS`, and the texts that go beside it.

    Under `out` there is the old file, or nothing, until all of the new one is on the disk; it comes last, so that
    whoever sees it finds what goes with it. Raises OutputError: the disk is full, the folder is not there or not ours
    to write to. An MP3 is shown to `check` before it gets its name, and does not get it if that raises.
    """
    with whole(out) as file:
        if _ending(out) == "mp3":
            written = _write_mp3(file, spans, label, cache=cache, coding=coding or Coding(), progress=progress)
        else:
            recording = Recording(spans, levels.frames(label.length), progress)
            _WRITERS[_ending(out)](file, recording, label)
            written = recording.written()
        if check and _ending(out) == "mp3":
            check(file)
        _settle(file)
        for path, text in (beside or {}).items():
            with whole(path) as side:
                side.write(text.encode())
        return written


def _write_mp3(
    file: BinaryIO,
    spans: Sequence[Span],
    label: Label,
    *,
    cache: Cache,
    coding: Coding,
    progress: Callable[[int, int], None],
) -> Written:
    tag = id3_tag(label, spans=len(spans) if label.plan else 0)
    file.write(tag)
    length = levels.frames(label.length)
    written = write_frames(file, spans, length=length, cache=cache, coding=coding, progress=progress)
    if label.plan:
        file.seek(sums_place(tag))
        file.write(written.sums)
    return written


_WRITERS = {"m4b": write_m4b, "opus": write_opus, "flac": write_flac, "wav": write_wav}


def write_line(out: Path, samples: Samples) -> None:
    """Write one spoken line as a WAV. Raises OutputError."""
    with whole(out) as file:
        file.write(wav_bytes(samples))


def check_writable(out: Path) -> None:
    """See whether such a file can be made there, before any work is done, and leave nothing behind: not even a folder.

    Raises OutputError.
    """
    if out.is_dir():
        raise OutputError(f"{out} is a folder", hint="name a file in it, or end the name with '/'")
    if out.exists() and not os.access(out, os.W_OK):
        raise OutputError(f"{out} may not be written over", hint="name another file or folder")
    if _ending(out) in {"m4b", "opus"}:
        check_pyav()
    with _as_ours(out):
        folder = next(one for one in out.absolute().parents if one.exists())
        _sweep(folder)
        temporary = _temporary(folder / out.name)
        temporary.touch(exist_ok=False)
        temporary.unlink()


@contextlib.contextmanager
def whole(out: Path) -> Iterator[BinaryIO]:
    """A temporary file in the same folder, renamed when it is complete and safe on the disk."""
    with _as_ours(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary = _temporary(out)
        try:
            with temporary.open("x+b") as file:
                yield file
                _settle(file)
            temporary.replace(out)
            _sync_folder(out.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _settle(file: BinaryIO) -> None:
    """Have all that was written on the disk."""
    file.flush()
    os.fsync(file.fileno())


def _ending(out: Path) -> str:
    return out.suffix.lower().removeprefix(".")


def _temporary(out: Path) -> Path:
    return out.with_name(f"{_TEMPORARY}{secrets.token_hex(8)}")


@contextlib.contextmanager
def _as_ours(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{out} can't be written: {reason}", hint="name another file or folder") from error


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
