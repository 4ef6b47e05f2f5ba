"""A recording -> played by a program that came with the system.

Most of these play a WAV from its beginning and can do nothing else. So each is given a stretch of the recording, in a
file of its own, from the moment that is wanted; to pause or seek ends it. Between two stretches there is a breath of
silence, which is why one ends where a chapter does if that is near.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from voiceguide.durations import Ms
from voiceguide.player.recording import Recording
from voiceguide.player.silence import no_sound
from voiceguide.player.sound import Sound

_FFPLAY = ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error")
_WINSOUND = "import sys, winsound; winsound.PlaySound(sys.argv[1], winsound.SND_FILENAME | winsound.SND_NODEFAULT)"
_PROGRAMS = {
    "darwin": (("afplay",), _FFPLAY),
    "win32": ((sys.executable, "-c", _WINSOUND), _FFPLAY),
}
_ELSEWHERE = (("paplay",), ("pw-play",), ("aplay", "-q"), _FFPLAY)
"""Of PulseAudio, of PipeWire, of ALSA, of FFmpeg; a program may be there without the server it plays through."""
_LONGEST = Ms(600_000)
"""Of a stretch: 1.5 s of decoding, and 53 MB of WAV."""
_BLOCK = 65_536


def programs(*, unheard: bool) -> tuple[tuple[str, ...], ...]:
    """Give the command lines of what is installed, the likeliest to work first; only FFmpeg's can play to nobody."""
    known = (_FFPLAY,) if unheard else _PROGRAMS.get(sys.platform, _ELSEWHERE)
    return tuple((found, *options) for program, *options in known if (found := shutil.which(program)))


class System:
    """The first of the system's programs that works."""

    def __init__(self, recording: Recording, start: Ms, *, unheard: bool) -> None:
        """Open it. Raises PlayerError where it can't be decoded."""
        self._recording = recording
        self._sound = Sound(recording.path)
        self._programs = list(programs(unheard=unheard))
        self._environment = os.environ | ({"SDL_AUDIODRIVER": "dummy"} if unheard else {})
        self._folder = Path(tempfile.mkdtemp(prefix="voiceguide-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._from = self._to = start
        self._since = 0.0
        """When the process began, by the clock that stands still while the machine sleeps."""

    def play(self) -> None:
        self._to = self._write_stretch()
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(  # noqa: S603  -- a program of ours or of the system, and a file of ours
                [*self._programs[0], str(self._stretch)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=self._environment,
                start_new_session=True,  # Ctrl-C is for us, who know the place to keep
            )
        self._since = time.monotonic()

    def pause(self) -> None:
        self._from = self.position()
        self._end()

    def seek(self, moment: Ms) -> None:
        playing = self._process is not None
        self._end()
        self._from = self._to = moment
        if playing:
            self.play()

    def position(self) -> Ms:
        if self._process is None:
            return self._from
        if self._process.poll() is not None:
            self._go_on(self._process.returncode)
        played = round((time.monotonic() - self._since) * 1000)
        return Ms(min(self._from + played, self._to))

    def done(self) -> bool:
        return self.position() >= self._sound.length and (self._process is None or self._process.poll() is not None)

    def close(self) -> None:
        self._end()
        self._sound.close()
        shutil.rmtree(self._folder, ignore_errors=True)  # on Windows a program just ended may hold its file a little

    @property
    def _stretch(self) -> Path:
        return self._folder / "stretch.wav"

    @property
    def _said(self) -> Path:
        return self._folder / "said.txt"

    def _write_stretch(self) -> Ms:
        """Write what comes next, and give the moment it ends at."""
        import soundfile  # noqa: PLC0415  -- mpv and miniaudio need no file

        ends = [chapter.start for chapter in self._recording.chapters if chapter.start > self._from]
        to = min([*ends, Ms(self._from + _LONGEST), self._sound.length])
        self._sound.seek(self._from)
        left = (to - self._from) * self._sound.rate // 1000
        with soundfile.SoundFile(self._stretch, "w", self._sound.rate, self._sound.channels, "PCM_16") as file:
            while left > 0 and len(block := self._sound.read(min(left, _BLOCK))):
                file.write(block)
                left -= len(block)
        return to

    def _go_on(self, status: int) -> None:
        """Play the next stretch; or, where nothing was heard, the same by the next program. Raises PlayerError."""
        early = (time.monotonic() - self._since) * 1000 < (self._to - self._from) / 2
        if status == 0 and not early:
            if self._to < self._sound.length:
                self._from = self._to
                self.play()
            return
        failed = self._programs.pop(0)
        if not self._programs:
            raise no_sound(self._recording.path, f"{Path(failed[0]).name} says: {self._complaint()}")
        self.play()

    def _complaint(self) -> str:
        lines = self._said.read_text(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else "nothing"

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
