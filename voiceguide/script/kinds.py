"""What a script says of itself, besides its parameters."""

from dataclasses import dataclass

from voiceguide.durations import Ms
from voiceguide.errors import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """How long a script may be made."""

    default: Ms
    least: Ms | None
    """None where nothing was said."""
    most: Ms | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The silences between what is spoken."""

    sentence: Ms
    line: Ms
    paragraph: Ms
    section: Ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """A rule of `check` that a script breaks knowingly."""

    rule: str
    reason: str
    at: Place
    """Of the rule's name."""
