"""A recording -> FLAC."""

import os
from typing import BinaryIO

from voiceguide.audiofile.blocks import Recording
from voiceguide.audiofile.tags import Label, tag_flac
from voiceguide.levels import RATE, pcm16


def write_flac(file: BinaryIO, recording: Recording, label: Label) -> None:
    """Write a 16-bit FLAC with chapters, title, words and cover."""
    import soundfile  # noqa: PLC0415  -- an MP3 need not pay for it

    through = _Through(file)
    try:
        with soundfile.SoundFile(through, "w", RATE, recording.channels, "PCM_16", format="FLAC") as flac:
            for block in recording.blocks():
                flac.buffer_write(pcm16(block), "int16")
    finally:
        if through.trouble is not None:
            raise through.trouble
    tag_flac(file, label)


class _Through:
    """A file that libsndfile can write to: a Python error can't pass through C, so it is kept for afterwards."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.trouble: BaseException | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data) if self.trouble is None else 0
        except (OSError, KeyboardInterrupt) as error:
            self.trouble = error
            return 0

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        try:
            return self._file.seek(offset, whence)
        except (OSError, KeyboardInterrupt) as error:  # what was written before goes to the disk first
            self.trouble = self.trouble or error
            return -1

    def tell(self) -> int:
        return self._file.tell()
