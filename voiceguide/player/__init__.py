"""A recording -> heard, with its chapter and its line told as they come; and the place kept where it was stopped."""

import contextlib
import time
from dataclasses import dataclass
from typing import Protocol, assert_never

from voiceguide.cache import Cache
from voiceguide.durations import Ms
from voiceguide.errors import PlayerError, to_install
from voiceguide.player.kinds import Key, Now, Player, Watcher
from voiceguide.player.miniaudio import Miniaudio, has_miniaudio
from voiceguide.player.mpv import Mpv, has_mpv
from voiceguide.player.places import keep_place, kept_place
from voiceguide.player.recording import Recording, read_recording
from voiceguide.player.silence import is_unheard
from voiceguide.player.system import System, programs
from voiceguide.player.terminal import Printed, Screen, ended_by_signals, shows_and_asks

__all__ = [
    "PLAYERS", "Played", "Printed", "Recording", "Screen", "Watcher", "ended_by_signals", "kept_place", "open_player",
    "play", "players_here", "read_recording", "shows_and_asks",
]  # fmt: skip

PLAYERS = ("mpv", "miniaudio", "system")
"""What can play a recording, the best first."""

_STEP = Ms(10_000)
_JUST_BEGUN = Ms(3000)
"""Whoever goes back so soon means the chapter before."""
_TICK_SECONDS = 0.1
_STANDS_SECONDS = 15
"""A sound device that takes nothing for so long is gone."""
_EXTRA = f"{to_install('voiceguide[play]')}, and it needs nothing else; mpv, where it is installed, does as well"


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """How far a recording was heard."""

    recording: Recording
    moment: Ms
    """Where it was stopped."""
    goes_on: Ms
    """Where it goes on the next time: 0 if it begins anew."""


def open_player(recording: Recording, start: Ms, name: str | None = None) -> Player:
    """Open a recording at a moment, in one of the `PLAYERS` or the first that is there. Raises PlayerError."""
    here = players_here()
    if name is not None and name not in here:
        raise PlayerError(_MISSING[name], hint=f"leave --with out, or take one of {', '.join(here) or 'none'}")
    if not here:
        raise PlayerError(f"there is nothing here that can play {recording.path}", hint=_EXTRA)
    return _OPENERS[name or here[0]](recording, start, unheard=is_unheard())


def players_here() -> tuple[str, ...]:
    """Give those of the `PLAYERS` that are installed here, in their order."""
    there = {"mpv": has_mpv(), "miniaudio": has_miniaudio(), "system": bool(programs(unheard=is_unheard()))}
    return tuple(name for name in PLAYERS if there[name])


class _Opener(Protocol):
    def __call__(self, recording: Recording, start: Ms, *, unheard: bool) -> Player: ...


_OPENERS: dict[str, _Opener] = {"mpv": Mpv, "miniaudio": Miniaudio, "system": System}
_MISSING = {
    "mpv": "mpv is not installed here, or this is Windows, where it is not used",
    "miniaudio": "miniaudio is not installed here",
    "system": "the system has none of the programs that we know to play with",
}


def play(recording: Recording, player: Player, watcher: Watcher, cache: Cache) -> Played:
    """Play to the end, or until someone stops it, with a key or Ctrl-C; however it ends, its place is kept.

    Raises PlayerError.
    """
    playing = _Playing(recording, player)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            playing.run(watcher)
    finally:
        goes_on = keep_place(recording, Ms(0) if playing.over else playing.moment, cache)
    return Played(recording=recording, moment=playing.moment, goes_on=goes_on)


class _Playing:
    """A recording while it is played."""

    def __init__(self, recording: Recording, player: Player) -> None:
        self.moment = player.position()
        self.over = False
        self._recording = recording
        self._player = player
        self._paused = False
        self._moved = time.monotonic()

    def run(self, watcher: Watcher) -> None:
        self._player.play()
        while not self._player.done():
            self._look()
            watcher.show(Now(recording=self._recording, moment=self.moment, paused=self._paused))
            key = watcher.key(_TICK_SECONDS)
            if key is Key.QUIT:
                return
            if key is not None:
                self._obey(key)
        self.over = True
        self.moment = self._recording.length or self.moment
        watcher.show(Now(recording=self._recording, moment=self.moment))

    def _look(self) -> None:
        """See where it is. Raises PlayerError where it does not move any more."""
        before, self.moment = self.moment, self._player.position()
        if self._paused or self.moment != before:
            self._moved = time.monotonic()
        elif time.monotonic() - self._moved > _STANDS_SECONDS:
            raise PlayerError(
                f"{self._recording.path} is not heard any more: the sound device takes nothing",
                hint="the place is kept: see to the device, and play it again",
            )

    def _obey(self, key: Key) -> None:
        match key:
            case Key.PAUSE:
                self._paused = not self._paused
                (self._player.pause if self._paused else self._player.play)()
            case Key.BACK:
                self._seek(Ms(max(0, self.moment - _STEP)))
            case Key.AHEAD:
                self._seek(Ms(self.moment + _STEP))
            case Key.PREVIOUS:
                self._seek(self._chapter_before())
            case Key.NEXT:
                self._seek(self._chapter_after())
            case Key.QUIT:
                pass
            case _:
                assert_never(key)

    def _seek(self, moment: Ms) -> None:
        length = self._recording.length
        self._player.seek(moment if length is None else min(moment, length))

    def _chapter_before(self) -> Ms:
        starts = [chapter.start for chapter in self._recording.chapters]
        return max((start for start in starts if start <= self.moment - _JUST_BEGUN), default=Ms(0))

    def _chapter_after(self) -> Ms:
        """Give where the next one starts; in the last one, stay."""
        starts = [chapter.start for chapter in self._recording.chapters]
        return min((start for start in starts if start > self.moment), default=self.moment)
