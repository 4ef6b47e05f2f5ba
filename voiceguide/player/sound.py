"""A recording -> its samples from any moment on, for what plays samples and not files.

libsndfile gives an MP3's samples without what the Info tag declares as delay and padding, and seeks to the sample.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from voiceguide.durations import Ms
from voiceguide.errors import PlayerError

if TYPE_CHECKING:
    from voiceguide.levels import Samples


class Sound:
    """An open recording, read on from where it is."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises PlayerError where libsndfile can't."""
        import soundfile  # noqa: PLC0415  -- mpv brings its own decoder

        try:
            self._file = soundfile.SoundFile(path)
        except soundfile.SoundFileError as error:
            hint = "mpv plays more kinds of files than we can decode: install it, or render an MP3"
            raise PlayerError(f"{path} can't be decoded", hint=hint) from error
        self._errors = soundfile.SoundFileError
        self.path = path
        self.rate: int = self._file.samplerate
        """Hz"""
        self.channels: int = self._file.channels
        self.length = self._moment(self._file.frames)

    @property
    def moment(self) -> Ms:
        """Where it is read on from."""
        return self._moment(self._file.tell())

    def seek(self, moment: Ms) -> None:
        """Read on from a moment, or from the end if that is nearer."""
        self._file.seek(min(moment * self.rate // 1000, self._file.frames))

    def read(self, count: int) -> "Samples":
        """Give so many samples of each channel, or what is left. Raises PlayerError."""
        try:
            samples: Samples = self._file.read(count, dtype="float32", always_2d=True)
        except self._errors as error:
            raise PlayerError(f"{self.path} can't be decoded any further: {error}") from error
        return samples

    def close(self) -> None:
        self._file.close()

    def _moment(self, frames: int) -> Ms:
        return Ms(round(frames * 1000 / self.rate))
