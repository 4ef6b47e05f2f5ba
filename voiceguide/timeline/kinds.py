"""What a session comes to in time: what is heard when, in whole milliseconds."""

from dataclasses import dataclass
from typing import Protocol

from voiceguide.cues import Bed, Chime, Say, Silence
from voiceguide.durations import Ms


class Spoken(Protocol):
    """What is spoken, as far as time goes."""

    @property
    def length(self) -> Ms: ...


class Ringing(Protocol):
    """A sound, as far as time goes."""

    @property
    def length(self) -> Ms:
        """Until it has faded 60 dB."""
        ...

    @property
    def fade(self) -> Ms:
        """Until it has faded 20 dB."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A cue at its place: a clip, a chime to its last -60 dB, a silence, or a bed until the next one or the end.

    Chimes that ring in a silence, and `[at]` lines said in it, are events of their own within it. A bed that ends has
    the length of its fade, or of what is left of the recording if that is less.
    """

    cue: Say | Silence | Chime | Bed
    start: Ms
    length: Ms

    @property
    def end(self) -> Ms:
        return Ms(self.start + self.length)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    title: str
    start: Ms
    end: Ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A whole session in time."""

    events: tuple[Placed, ...]
    """In the order of their starts; a bed comes before what starts with it."""
    chapters: tuple[Chapter, ...]
    length: Ms
    """Of the whole recording, with the time to lie down."""
    shortest: Ms
    """The least this session could last with these clips, without that time."""
    longest: Ms
    lead_in: Ms
    """The time to lie down, before all else."""
