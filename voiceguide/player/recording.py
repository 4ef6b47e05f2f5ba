"""A recording's file -> what is heard in it and when, by the plan or the chapters it carries."""

import logging
from dataclasses import dataclass
from pathlib import Path

from voiceguide.audiofile.promise import Event, Promise, promise_from_json
from voiceguide.audiofile.tags import Tag, read_tag
from voiceguide.cache import digest
from voiceguide.durations import Ms, clock, parse_clock
from voiceguide.errors import PlayerError, did_you_mean
from voiceguide.player.sound import Sound
from voiceguide.timeline import Chapter

_START = "start"
_IDENTITY_BYTES = 1_000_000
"""Of a file, by which it is known again, beside its size: the tags are in them, and with them every moment."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A file to be played, and what is known of it."""

    path: Path
    title: str
    length: Ms | None
    """None of an M4B: only a player knows it."""
    chapters: tuple[Chapter, ...]
    events: tuple[Event, ...]
    """Lines and chimes, in the order of their starts; none where the file carries no plan."""
    key: str
    """What it is known by, wherever it lies and whatever it is called."""

    def chapter_at(self, moment: Ms) -> int | None:
        """Give the number of the chapter that a moment is in, from 0; None before the first."""
        begun = [number for number, chapter in enumerate(self.chapters) if chapter.start <= moment]
        return begun[-1] if begun else None

    def moment_of(self, asked: str) -> Ms:
        """Give the moment that `start`, a time such as 5:00 or 90s, or a chapter's title means. Raises PlayerError."""
        if asked == _START:
            return Ms(0)
        starts = {chapter.title.casefold(): chapter.start for chapter in self.chapters}
        if asked.casefold() in starts:
            return starts[asked.casefold()]
        try:
            moment = parse_clock(asked)
        except ValueError as error:
            hint = did_you_mean(asked, [chapter.title for chapter in self.chapters])
            raise PlayerError(f"'{asked}' is neither a time such as 5:00 nor a chapter", hint=hint) from error
        if self.length is not None and moment >= self.length:
            hint = f"name a moment before {clock(self.length)}"
            raise PlayerError(f"'{asked}' is past the end of {self.path}", hint=hint)
        return moment


def read_recording(path: Path) -> Recording:
    """Read what a file says of itself; one that says nothing can be played all the same. Raises PlayerError."""
    try:
        with path.open("rb") as file:
            size, beginning = path.stat().st_size, file.read(_IDENTITY_BYTES)
    except OSError as error:
        raise PlayerError(f"{path} can't be read: {error.strerror}", hint="name a script or a recording") from error
    tag, planned = _told(path) if path.suffix.lower() == ".mp3" else (Tag(), None)
    return Recording(
        path=path,
        title=planned.title if planned else path.stem,
        length=planned.length if planned else _length(path),
        chapters=planned.chapters if planned else _chapters(tag),
        events=tuple(event for event in planned.events if event.kind in {"say", "chime"}) if planned else (),
        key=digest("recording", size, beginning),
    )


def _told(path: Path) -> tuple[Tag, Promise | None]:
    """Read an MP3's tags. What can't be read is told, and does without: it can be heard nevertheless."""
    tag = Tag()
    try:
        with path.open("rb") as file:
            tag = read_tag(file)
        return tag, promise_from_json(tag.plan) if tag.plan else None
    except ValueError as error:
        _log.warning("%s is played without its words: %s", path, error)
        return tag, None


def _chapters(tag: Tag) -> tuple[Chapter, ...]:
    marks = sorted(tag.marks, key=lambda mark: mark.start)
    return tuple(Chapter(title=mark.title, start=mark.start, end=mark.end) for mark in marks)


def _length(path: Path) -> Ms | None:
    try:
        return Sound(path).length
    except PlayerError:
        return None  # whether it can be played is for the player to say
