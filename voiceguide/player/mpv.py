"""A recording -> played by mpv, which is asked over its JSON IPC.

mpv gets one end of a socket pair: there is no path that another user could find, nothing to wait for, and when this
process ends, however that comes about, the socket closes and mpv quits. Not on Windows, which has no such thing.
https://mpv.io/manual/stable/#json-ipc
"""

import json
import os
import shutil
import socket
import subprocess
from typing import Any

from voiceguide.durations import Ms
from voiceguide.errors import PlayerError
from voiceguide.player.recording import Recording
from voiceguide.player.silence import no_sound

_OPTIONS = (
    "--no-config",  # someone's own may loop, shuffle, hasten, or open a window
    "--no-terminal",
    "--no-video",
    "--force-window=no",
    "--osc=no",
    "--ytdl=no",
    "--idle=yes",
    "--pause",
    "--hr-seek=yes",
)
_ANSWERS_SECONDS = 10
_QUITS_SECONDS = 2


def has_mpv() -> bool:
    return os.name == "posix" and shutil.which("mpv") is not None


class Mpv:
    """mpv, with a recording open in it."""

    def __init__(self, recording: Recording, start: Ms, *, unheard: bool) -> None:
        """Start it. Raises PlayerError: it does not start, it can't play this, or there is no sound."""
        self._recording = recording
        self._moment = self._sought = start
        self._requests = 0
        self._end: dict[str, Any] | None = None
        self._socket, its = socket.socketpair()
        with its:
            self._process = subprocess.Popen(  # noqa: S603  -- no shell, and the file's path is told over the socket
                [
                    shutil.which("mpv") or "mpv",
                    *_OPTIONS,
                    *(["--ao=null"] if unheard else []),
                    f"--input-ipc-client=fd://{its.fileno()}",
                ],
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for us, who know the place to keep
            )
        self._socket.settimeout(_ANSWERS_SECONDS)
        self._lines = self._socket.makefile("rb")
        try:
            self._ask("loadfile", str(recording.path.absolute()))
            self._await_sound()
            self.seek(start)
        except BaseException:
            self.close()
            raise

    def play(self) -> None:
        self._ask("set", "pause", "no")

    def pause(self) -> None:
        self._ask("set", "pause", "yes")

    def seek(self, moment: Ms) -> None:
        self._moment = self._sought = moment
        self._ask("seek", moment / 1000, "absolute+exact")
        self._await_sound()

    def position(self) -> Ms:
        seconds = self._ask("get_property", "time-pos")
        if seconds is not None:
            # It counts from where the frame begins that it went into: up to 26 ms early, in the chapter before.
            self._moment = Ms(max(self._sought, round(seconds * 1000)))
        return self._moment

    def done(self) -> bool:
        return self._end is not None

    def close(self) -> None:
        self._lines.close()
        self._socket.close()
        try:
            self._process.wait(_QUITS_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, *command: object) -> Any:  # noqa: ANN401  -- whatever JSON holds
        """Have a command done, and give what it gives: None for a property that is not there now."""
        self._requests += 1
        line = json.dumps({"command": command, "request_id": self._requests}).encode() + b"\n"
        try:
            self._socket.sendall(line)
        except OSError as error:
            raise _gone() from error
        while (told := self._told()).get("request_id") != self._requests:
            pass
        return told.get("data")

    def _await_sound(self) -> None:
        """Wait until it is where it was sent, or at its end."""
        while self._end is None and self._told().get("event") != "playback-restart":
            pass

    def _told(self) -> dict[str, Any]:
        """Wait for an answer or an event."""
        try:
            line = self._lines.readline()
        except OSError as error:
            raise PlayerError(f"mpv has not answered for {_ANSWERS_SECONDS} s") from error
        if not line:
            raise _gone()
        told: dict[str, Any] = json.loads(line.decode(errors="replace"))
        if told.get("event") == "end-file":
            self._end = told
            self._check_end(told.get("reason"), str(told.get("file_error", "")))
        return told

    def _check_end(self, reason: object, error: str) -> None:
        if reason != "error":
            return
        if "audio output" in error:
            raise no_sound(self._recording.path, f"mpv says: {error}")
        raise PlayerError(f"{self._recording.path} can't be played: mpv says: {error or 'nothing'}")


def _gone() -> PlayerError:
    hint = "--with miniaudio or --with system does without it; an mpv from before 0.33 has to be replaced"
    return PlayerError("mpv stopped by itself", hint=hint)
