"""What is heard of a recording at a moment, what plays one, and what a person sees and does meanwhile."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from voiceguide.durations import Ms, clock
from voiceguide.player.recording import Recording

_QUIET = Ms(5000)
"""A silence that is worth a word; shorter ones are but breaths between lines."""


class Player(Protocol):
    """A recording opened at a moment, to be played from there; it is still until `play`."""

    def play(self) -> None:
        """Go on."""

    def pause(self) -> None:
        """Be still, and keep the place."""

    def seek(self, moment: Ms) -> None:
        """Go to a moment, and be as still as before."""

    def position(self) -> Ms:
        """Give the moment that is heard now. Raises PlayerError: it stopped by itself, or there is no sound."""

    def done(self) -> bool:
        """Tell whether all of it was heard. Raises PlayerError as `position` does."""

    def close(self) -> None:
        """Be still for good, and leave nothing behind."""


class Key(Enum):
    """What a person asks for with a key."""

    PAUSE = auto()
    BACK = auto()
    AHEAD = auto()
    PREVIOUS = auto()
    NEXT = auto()
    QUIT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """A recording at a moment."""

    recording: Recording
    moment: Ms
    paused: bool = False

    @property
    def chapter(self) -> str:
        """`The waist, chapter 3 of 6`; nothing where there are none."""
        number = self.recording.chapter_at(self.moment)
        if number is None:
            return ""
        chapters = self.recording.chapters
        return f"{chapters[number].title}, chapter {number + 1} of {len(chapters)}"

    @property
    def line(self) -> str:
        """What is being said, or was said last in this chapter."""
        number = self.recording.chapter_at(self.moment)
        since = self.recording.chapters[number].start if number is not None else 0
        said = [event for event in self.recording.events if event.text and since <= event.start <= self.moment]
        return said[-1].text if said else ""

    @property
    def beside(self) -> str:
        """`♪ bowl`, or in a silence that is not short `silence until 4:43`; else nothing."""
        around = [event for event in self.recording.events if event.start <= self.moment < event.end]
        if around:
            return ", ".join(f"♪ {event.sound}" for event in around if event.sound)
        before = max((event.end for event in self.recording.events if event.end <= self.moment), default=Ms(0))
        after = min((event.start for event in self.recording.events if event.start > self.moment), default=None)
        return f"silence until {clock(after)}" if after is not None and after - before >= _QUIET else ""

    @property
    def clock(self) -> str:
        """`4:31 / 20:00`, and whether it is paused."""
        length = self.recording.length
        whole = f" / {clock(length)}" if length is not None else ""
        return f"{clock(self.moment)}{whole}{'  paused' if self.paused else ''}"


class Watcher(Protocol):
    """Someone, or a file, that is told what is heard; and who may press keys."""

    def show(self, now: Now) -> None:
        """Be told."""

    def key(self, seconds: float) -> Key | None:
        """Wait for a key for so long."""
