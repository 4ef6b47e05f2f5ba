"""What a speech engine is: the voices it offers, what it is asked to read aloud, and what it gives.

A stranger's package offers one by the entry-point group `voiceguide.engines`, naming a function without arguments that
gives an `Engine`. It runs in a process of its own, where it may print, hang or crash.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from voiceguide.levels import Samples  # numpy is for who makes them

ANY_LANGUAGE = "mul"
"""The language of a voice that reads any (ISO 639: multiple languages)."""

SLOWEST = 0.4
FASTEST = 2.0
"""The speeds an engine may be asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A voice an engine offers."""

    name: str
    """Unique in its engine, such as `heart` or `gmw/de`."""
    language: str
    """A language code such as `en-US`, or `mul` for any."""
    title: str
    """For people: `Heart, American English, natural`."""
    fetch: str | None = None
    """The command that gets it, where it is not here yet."""
    draft: bool = False
    """Whether it is for trying scripts out: every word is there, but it is tiring to listen to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word whose sound is known."""

    written: str
    """As a reader sees it."""
    say: str
    """Respelled, so that a voice of the language that knows nothing of it reads it right."""
    phonemes: str | None = None
    """For an engine that reads phonemes, in misaki's alphabet: `ʧi`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One sentence an engine is asked to read aloud."""

    parts: tuple[str | Word, ...]
    """Plain words, ready to speak: no markup, no brackets, no control characters."""
    language: str
    """A language code such as `en` or `de-AT`."""
    voice: str
    """The engine's own name for it."""
    speed: float
    """1 for an unhurried pace, 2 for twice as fast; from 0.4 to 2. What it really comes to is measured, not trusted."""

    @property
    def text(self) -> str:
        """What to read, in ordinary letters."""
        return "".join(part if isinstance(part, str) else part.say for part in self.parts)


class Engine(Protocol):
    """A speech engine. Everything but its own sound is done for it by `speech`, once for all engines.

    Opening it must be quick: load what is large when the first sentence comes. What it raises is a failure to be tried
    again in a fresh process, but for a SpeechError, which is an answer.

    It is asked one thing at a time, always by the same thread; an attribute `at_once`, if it has one, says how many
    threads may ask it at the same time: so they share what it has loaded.
    """

    def voices(self) -> Sequence[Voice]:
        """Give the voices it can speak with, for each language the best first."""
        ...

    def speak(self, reading: Reading) -> "tuple[Samples, int]":
        """Give mono float32 samples, full scale at 1.0, and their rate in Hz. Any loudness will do."""
        ...

    def fingerprint(self) -> str:
        """Name everything of its own that changes the sound: library, version, model. Without loading any of them."""
        ...

    def close(self) -> None: ...
