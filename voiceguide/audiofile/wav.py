"""Samples -> WAV: a recording with its chapters, or a single line.

Behind the samples come the chapters twice: as cue points with labels, which sound editors show, and in an ID3 chunk,
which players read. A recording beyond 4 GiB (6.7 hours of stereo) is an RF64 (EBU Tech 3306), which they read too.
"""

import io
import struct
import wave
from typing import BinaryIO

from voiceguide import levels
from voiceguide.audiofile.blocks import Recording
from voiceguide.audiofile.tags import Label, id3_tag
from voiceguide.levels import RATE, Samples, pcm16
from voiceguide.timeline import Chapter

_IN_DS64 = 0xFFFFFFFF
"""A size that does not fit 32 bits is in the chunk `ds64`."""


def write_wav(file: BinaryIO, recording: Recording, label: Label) -> None:
    """Write a 16-bit WAV with chapters, title and words."""
    behind = _cue_points(label.chapters) + _chunk(b"id3 ", id3_tag(label))
    file.write(wav_head(recording.length, recording.channels, len(behind)))
    file.writelines(pcm16(block) for block in recording.blocks())
    file.write(behind)


def wav_bytes(samples: Samples) -> bytes:
    """Make a mono 16-bit WAV at 44.1 kHz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes(pcm16(samples))
    return file.getvalue()


def wav_head(frames: int, channels: int, behind: int) -> bytes:
    """Everything before the samples of a WAV with `behind` bytes of chunks after them."""
    data = frames * channels * 2
    form = _chunk(b"fmt ", struct.pack("<HHIIHH", 1, channels, RATE, RATE * channels * 2, channels * 2, 16))
    whole = 4 + len(form) + 8 + data + behind
    if whole <= _IN_DS64 - 1:
        return struct.pack("<4sI4s", b"RIFF", whole, b"WAVE") + form + struct.pack("<4sI", b"data", data)
    sizes = _chunk(b"ds64", struct.pack("<QQQI", whole + 36, data, frames, 0))
    return struct.pack("<4sI4s", b"RF64", _IN_DS64, b"WAVE") + sizes + form + struct.pack("<4sI", b"data", _IN_DS64)


def _cue_points(chapters: tuple[Chapter, ...]) -> bytes:
    """The chunks `cue ` and `adtl`, as in Microsoft's and IBM's description of RIFF of 1991.

    Counted from 0: FFmpeg 8 reads them and the ID3 chapters, which it counts so, and takes equal numbers for the same.
    """
    if not chapters:
        return b""
    points, labels = struct.pack("<I", len(chapters)), b"adtl"
    for number, chapter in enumerate(chapters):
        start = levels.frames(chapter.start)
        points += struct.pack("<II4sIII", number, start, b"data", 0, 0, start)
        labels += _chunk(b"labl", struct.pack("<I", number) + chapter.title.encode() + b"\0")
    return _chunk(b"cue ", points) + _chunk(b"LIST", labels)


def _chunk(name: bytes, body: bytes) -> bytes:
    """A chunk starts at an even byte; what fills it up is not counted."""
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
