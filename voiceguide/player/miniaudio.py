"""A recording -> played by miniaudio, a sound device's library in a wheel: the extra `play`."""

import contextlib
import os
import sys
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from voiceguide.durations import Ms
from voiceguide.errors import PlayerError
from voiceguide.player.recording import Recording
from voiceguide.player.silence import no_sound
from voiceguide.player.sound import Sound

if TYPE_CHECKING:
    from miniaudio import PlaybackDevice

_PERIOD_MS = 100
_AHEAD = Ms(3 * _PERIOD_MS)
"""How far what was handed over is before what is heard: miniaudio has three periods at hand."""


def has_miniaudio() -> bool:
    try:
        import miniaudio  # noqa: F401, PLC0415  -- an extra
    except ImportError:
        return False
    return True


class Miniaudio:
    """A sound device that asks for the recording's samples, in a thread of its own."""

    def __init__(self, recording: Recording, start: Ms, *, unheard: bool) -> None:
        """Open both. Raises PlayerError: it can't be decoded, or there is no sound."""
        self._sound = Sound(recording.path)
        self._sound.seek(start)
        self._began = start
        self._playing = self._ended = False
        self._fault: PlayerError | None = None
        self._reading = threading.Lock()
        self._device = _device(recording, self._sound, unheard=unheard)
        samples = self._samples()
        next(samples)
        self._device.start(samples)

    def play(self) -> None:
        with self._reading:
            self._began = self._sound.moment
            self._playing = True

    def pause(self) -> None:
        self._playing = False

    def seek(self, moment: Ms) -> None:
        with self._reading:
            self._sound.seek(moment)
            self._began = self._sound.moment

    def position(self) -> Ms:
        self._check()
        with self._reading:
            given = self._sound.moment
        return Ms(max(self._began, given - _AHEAD)) if self._playing and not self._ended else given

    def done(self) -> bool:
        self._check()
        return self._ended

    def close(self) -> None:
        self._device.close()
        self._sound.close()

    def _check(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _samples(self) -> Generator[bytes, int, None]:
        """Give as many frames as are asked for; less, which is silence, while it is paused and behind the last one."""
        count, heard = (yield b""), 0
        while heard < _AHEAD * self._sound.rate // 1000:
            block = b""
            if self._playing:
                try:
                    block = self._read(count)
                except PlayerError as error:
                    self._fault = error  # raised in this thread it would be lost
                    return
                heard = 0 if block else heard + count
            count = yield block
        self._ended = True

    def _read(self, count: int) -> bytes:
        with self._reading:
            return self._sound.read(count).tobytes()


def _device(recording: Recording, sound: Sound, *, unheard: bool) -> "PlaybackDevice":
    import miniaudio  # noqa: PLC0415  -- an extra

    nobody = {miniaudio.Backend.NULL, miniaudio.Backend.CUSTOM}
    real = [backend for backend in miniaudio.get_enabled_backends() if backend not in nobody]
    try:
        with _noise_unseen():
            return miniaudio.PlaybackDevice(
                output_format=miniaudio.SampleFormat.FLOAT32,
                nchannels=sound.channels,
                sample_rate=sound.rate,
                buffersize_msec=_PERIOD_MS,
                backends=[miniaudio.Backend.NULL] if unheard else real,
                app_name="voiceguide",
            )
    except miniaudio.MiniaudioError as error:
        sound.close()
        raise no_sound(recording.path, f"miniaudio says: {error.args[0]}") from error


@contextlib.contextmanager
def _noise_unseen() -> Iterator[None]:
    """Keep the system's libraries from writing to the process's stderr, past Python: ALSA does, a page of it."""
    sys.stderr.flush()
    own = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), 2)
            yield
    finally:
        os.dup2(own, 2)
        os.close(own)
