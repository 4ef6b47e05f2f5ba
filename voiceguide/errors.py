"""Places in scripts, and the errors that name them.

VoiceguideError
 ├── ScriptError      front matter, parameters, template
 │    └── Refusal     what a script says itself that it is not for
 ├── CueError         a line or `[cue]` that can't be read
 ├── SpeechError      a voice, or a line that could not be spoken
 ├── SoundError       a chime or another sound
 ├── TimelineError    a length that can't be met
 ├── OutputError      the recording, its folder, the cache
 ├── PlayerError      a recording that can't be heard here
 ├── SettingsError    the settings file, a preset
 └── SeveralErrors    more than one of these, found together
"""

import difflib
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A stretch of one line of a text file."""

    path: str
    """The file, as a person would name it."""
    line: int
    """Counted from 1."""
    column: int = 1
    """The first character, counted from 1."""
    width: int = 1
    """How many characters."""
    source: str = ""
    """The whole line as it is written, for the caret."""
    gave: str | None = None
    """What a `{{ }}` underlined here came to."""


class VoiceguideError(Exception):
    """What a person can mend. Anything else that is raised is a bug and keeps its traceback."""

    def __init__(self, message: str, *, at: Place | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.hint = hint

    def explain(self, label: str = "error") -> str:
        """Show the message, the place, the line with a caret, and what to do."""
        lines = [f"{label}: {self.message}"]
        if self.at is None:
            lines += [f"  {self.hint}"] if self.hint else []
        else:
            lines += [f"  {self.at.path}:{self.at.line}", *_excerpt(self.at, self.hint)]
        return "\n".join(lines)


class ScriptError(VoiceguideError):
    """The front matter, a parameter or the template."""


class Refusal(ScriptError):
    """What a script says itself that it is not for."""


class CueError(VoiceguideError):
    """A line or a `[cue]` that can't be read."""


class SpeechError(VoiceguideError):
    """A voice that is not there, or a line that could not be spoken."""


class SoundError(VoiceguideError):
    """A sound that is not there or can't be opened."""


class TimelineError(VoiceguideError):
    """A length that can't be met."""


class OutputError(VoiceguideError):
    """The recording could not be written."""


class PlayerError(VoiceguideError):
    """A recording that can't be heard here: no player, no sound device, or not a recording."""


class SettingsError(VoiceguideError):
    """The settings file, or a preset that is not there."""


class SeveralErrors(VoiceguideError):
    """More than one error, found together."""

    def __init__(self, errors: Sequence[VoiceguideError]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = tuple(errors)

    def explain(self, label: str = "error") -> str:
        return "\n\n".join(error.explain(label) for error in self.errors)


def raise_all(errors: Sequence[VoiceguideError]) -> None:
    """Raise nothing, the one error, or all of them as one."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise SeveralErrors(errors)


def to_install(what: str) -> str:
    """Say what to type to add a package, or an extra of ours, to the Python that runs this."""
    return f"{sys.executable} -m pip install '{what}' adds it"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Say the nearest of what is known, or all of it."""
    names = sorted(set(known))
    near = difflib.get_close_matches(word.lower(), [name.lower() for name in names], n=1, cutoff=0.6)
    if near:
        return f"did you mean '{next(name for name in names if name.lower() == near[0])}'?"
    if len(names) > 12:
        return f"there are {', '.join(names[:12])} and {len(names) - 12} more"
    return f"there are {', '.join(names)}" if names else "there are none"


_WIDEST = 160
"""Characters of a line that are shown, so that a caret stays under its place on a terminal."""


def _excerpt(at: Place, hint: str | None) -> list[str]:
    number = f"{at.line:>5}"
    if at.gave is not None:
        came_to = f"came to '{at.gave}'"
        hint = f"{came_to}: {hint}" if hint else came_to
    before, under, after = _cropped(at)
    caret = f"{_blank(before)}{'^' * max(1, len(_blank(under)))}"
    tail = f" {hint}" if hint else ""
    return [f"{number} | {before}{under}{after}", f"{' ' * len(number)} | {caret}{tail}"]


def _cropped(at: Place) -> tuple[str, str, str]:
    """The line before, in and after its place; of a very long one only what is around it."""
    start, end = at.column - 1, at.column - 1 + at.width
    before, under, after = at.source[:start], at.source[start:end], at.source[end:]
    if len(at.source) <= _WIDEST:
        return before, under, after
    under = under if len(under) <= _WIDEST // 2 else under[: _WIDEST // 2] + "…"
    room = (_WIDEST - len(under)) // 2
    return ("…" + before[-room:] if len(before) > room else before), under, after[:room] + "…" * (len(after) > room)


def _blank(text: str) -> str:
    """As much empty room as `text` takes on a terminal: tabs stay, wide characters count double."""
    return "".join("\t" if char == "\t" else " " * _columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
