"""What a script comes to: the cues every later stage works from. Each is valid once it exists."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, assert_never

from voiceguide.durations import Ms
from voiceguide.errors import Place

FADE_OUT = Ms(8000)
"""How long a bed takes to go, unless its script says otherwise."""

_FADE_IN = Ms(5000)
_BEFORE_END = Ms(30_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One sentence to speak, or all that a recording says. Equal utterances are spoken once."""

    text: str
    """As a reader sees it; how it is pronounced is `speech`'s business."""
    language: str
    """A language code such as `en` or `de-AT`."""
    voice: str | None
    """A name that `speech` knows; None for the session's own voice."""
    rate: int
    """Words a minute."""
    recording: str | None = None
    """The sound that says it, in the place of a voice and at its own rate."""


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
    interval: "Interval | None" = None
    """What rings in it."""


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
class Interval:
    """A chime that rings again and again in a silence, counted from its beginning. It takes no time."""

    chime: Chime
    """One stroke."""
    every: Ms

    @property
    def before_end(self) -> Ms:
        """How near to the silence's end it may ring: half a minute, or half its interval."""
        return min(_BEFORE_END, Ms(self.every // 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A `[for]` line: spoken, then silent, as long as it says whatever is in it."""

    cues: tuple[Say | Silence | Chime, ...]
    least: Ms
    natural: Ms
    most: Ms
    at: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An `[at]` line: heard at a moment of the finished recording, in the silence found there. It takes no time."""

    cues: tuple[Say | Silence | Chime, ...]
    left: Ms | None
    """How long the recording still lasts then; None is halfway."""
    apart: Ms
    """The least silence between it and what is heard before and after it."""
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


Cue = Say | Silence | Chime | Slot | Moment | Mark | Bed


def opened(cues: Iterable[Cue]) -> Iterator[Say | Silence | Chime | Mark | Bed]:
    """Give what is held by lines and silences like what is not."""
    for cue in cues:
        match cue:
            case Slot() | Moment():
                yield from cue.cues
            case Silence(interval=Interval(chime=chime)):
                yield from (cue, chime)
            case _:
                yield cue


def without_chimes(cues: Sequence[Cue], first: int) -> Iterator[Cue]:
    """Leave out what rings from the cue of that number on; and in `[at]` lines, which may come to be heard there."""
    for number, cue in enumerate(cues):
        kept = _unrung(cue) if number >= first or isinstance(cue, Moment) else cue
        if kept is not None:
            yield kept


def _unrung(cue: Cue) -> Cue | None:
    match cue:
        case Chime():
            return None
        case Silence():
            return replace(cue, interval=None)
        case Slot():
            return replace(cue, cues=tuple(one for one in cue.cues if not isinstance(one, Chime)))
        case Moment():
            kept = tuple(one for one in cue.cues if not isinstance(one, Chime))
            return replace(cue, cues=kept) if any(isinstance(one, Say) for one in kept) else None
        case Say() | Mark() | Bed():
            return cue
        case _:
            assert_never(cue)
