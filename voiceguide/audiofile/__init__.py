"""Spans and a label, or one line -> a file, its kind told by its name's ending: whole or not at all."""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from voiceguide import files, levels
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
    with contextlib.ExitStack() as together:
        file = together.enter_context(whole(out))
        with files.settling(file) as go_on:

            def told(done: int, total: int) -> None:
                go_on()
                progress(done, total)

            if _ending(out) == "mp3":
                written = _write_mp3(file, spans, label, cache=cache, coding=coding or Coding(), progress=told)
            else:
                recording = Recording(spans, levels.frames(label.length), told)
                _WRITERS[_ending(out)](file, recording, label)
                written = recording.written()
        if check and _ending(out) == "mp3":
            check(file)
        if beside:
            files.settle(file)
        for path, text in (beside or {}).items():
            side = together.enter_context(whole(path))
            side.write(text.encode())
            files.settle(side)
        return written  # all of it is on the disk now, and takes its names: what was opened last goes first


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
        files.try_out(out.absolute().parent)


@contextlib.contextmanager
def whole(out: Path) -> Iterator[BinaryIO]:
    """A temporary file in the same folder, renamed when it is complete and safe on the disk. Raises OutputError."""
    with _as_ours(out), files.whole(out) as file:
        yield file


def _ending(out: Path) -> str:
    return out.suffix.lower().removeprefix(".")


@contextlib.contextmanager
def _as_ours(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{out} can't be written: {reason}", hint="name another file or folder") from error
