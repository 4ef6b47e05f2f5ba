"""What a script comes to: the cues every later stage works from. Each is valid once it exists."""

from dataclasses import dataclass
from typing import Literal

from voiceguide.durations import Ms
from voiceguide.errors import Place

_FADE_IN = Ms(5000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One sentence to speak. Equal utterances are spoken once."""

    text: str
    """As a reader sees it; how it is pronounced is `speech`'s business."""
    language: str
    """A language code such as `en` or `de-AT`."""
    voice: str | None
    """A name that `speech` knows; None for the session's own voice."""
    rate: int
    """Words a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    utterance: Utterance
    at: Place
    safety: bool = False
    """Said at full level also where all else is softer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    kind: Literal["pause", "rest", "quiet", "gap"]
    """Who gives first when the length must be met: quiet, then rest, then gap; a pause never."""
    least: Ms
    natural: Ms
    most: Ms
    at: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Chime:
    sound: str
    gain_db: float
    times: int
    every: Ms
    """From stroke to stroke; 0 when there is one."""
    wait: Ms | None
    """From the last stroke to what follows; None until the sound has faded 20 dB."""
    at: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A `[for]` line: spoken, then silent, as long as it says whatever is in it."""

    cues: tuple[Say | Silence | Chime, ...]
    least: Ms
    natural: Ms
    most: Ms
    at: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """From here on, a sound in the background: one begins, takes the place of another, changes its level, or ends."""

    sound: str | None
    """None ends it."""
    level_db: float = -22.0
    """Relative to the voice, while words are spoken."""
    fade: Ms = _FADE_IN
    """How long it takes to come in, to change or to end."""
    at: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A chapter begins: at its first sound, the first one at 0."""

    title: str
    at: Place


Cue = Say | Silence | Chime | Slot | Mark | Bed
