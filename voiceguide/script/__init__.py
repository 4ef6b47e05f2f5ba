"""A script's file -> what it says about itself; that and values -> a Script: its lines, expanded.

Jinja2, PyYAML and pydantic live here and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from voiceguide import shipped
from voiceguide.durations import Duration, Ms, clock
from voiceguide.errors import Place, ScriptError, TimelineError
from voiceguide.script.child import fill_in_safely
from voiceguide.script.kinds import Allowance, Pace, Range
from voiceguide.script.marks import lines_of
from voiceguide.script.parameters import Known, Parameter, Value, bounds, nearest_voice, read_values
from voiceguide.script.template import Setting, is_shipped
from voiceguide.script.text import Line, SourceText, as_text, plain, read_text

__all__ = [
    "Allowance",
    "Known",
    "Line",
    "Pace",
    "Parameter",
    "Range",
    "Script",
    "Source",
    "bounds",
    "expand",
    "nearest_voice",
    "plain",
    "read_script",
]

_LONGEST = 24 * 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A script as it is written, its front matter read, its template not expanded."""

    name: str
    title: str
    summary: str
    position: str
    language: str
    """A code such as `en` or `pt-BR`."""
    minutes: Range | None
    """None where the script's own length is its natural one."""
    parameters: tuple[Parameter, ...]
    pace: Pace
    voice: str | None
    """A name that `speech` knows; None for the session's own voice."""
    rate: int
    """Words a minute."""
    file: SourceText
    body: int
    """Where the template begins, in characters."""
    parts: tuple[Path, ...]
    """The folders `part` looks through, in this order."""
    title_at: Place | None
    minutes_at: Place | None
    voice_at: Place | None
    allowed: tuple[Allowance, ...] = ()
    """Rules of `check` that it breaks knowingly."""
    original: Path | None = None
    """The script this one translates."""
    reviewed: bool = True
    """Whether someone who grew up with the language has read it."""
    shipped: bool = False
    """Whether it came with this package; else it may be a stranger's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script expanded with values, for one length."""

    name: str
    title: str
    summary: str
    language: str
    position: str
    target: Ms | None
    """The length of the recording; None for its natural one."""
    pace: Pace
    voice: str | None
    rate: int
    values: tuple[tuple[str, str], ...]
    """Each parameter and what it is, as `-p` takes it."""
    seed: int
    """Decides which wordings `pick` gives: a number, or a day by its number (`date.toordinal`)."""
    varies: bool
    """Whether another seed gives other words."""
    lines: tuple[Line, ...]
    """Blank lines in a row are one; lines that held only Jinja are gone."""


def read_script(path: Path, known: Known, *, text: str | None = None) -> Source:
    """Read a script, or a text as if it stood at that path, and check its front matter. Raises ScriptErrors."""
    from voiceguide.script.front_matter import read_front_matter  # noqa: PLC0415  -- pydantic takes the most of a child's start

    file = read_text(path) if text is None else as_text(text, path)
    front = read_front_matter(file, known)
    header = front.header
    return Source(
        name=path.stem,
        title=header.title,
        summary=header.summary.strip(),
        position=header.position.strip(),
        language=header.language,
        minutes=header.minutes,
        parameters=front.parameters,
        pace=Pace(**header.pace.model_dump()),
        voice=header.voice,
        rate=header.rate,
        file=file,
        body=front.body,
        parts=tuple(dict.fromkeys(shelf / "_parts" for shelf in (shipped.home_of(path), *shipped.shelves("scripts")))),
        title_at=front.title_at,
        minutes_at=front.minutes_at,
        voice_at=front.voice_at,
        allowed=front.allowed,
        original=front.original,
        reviewed=header.reviewed,
        shipped=text is None and is_shipped(path),
    )


def expand(source: Source, values: Mapping[str, str], target: Ms | None, known: Known, *, seed: int = 0) -> Script:
    """Fill in values and the length wanted (None: the script's default); `seed` decides between wordings.

    Raises ScriptErrors, or a TimelineError.
    """
    target = _target(source, target)
    if source.voice is not None and source.voice not in known.voices:
        hint = nearest_voice(source.voice, known.voices)
        raise ScriptError(f"there is no voice called '{source.voice}'", at=source.voice_at, hint=hint)
    variables: dict[str, Value] = read_values(source.parameters, values, known, source.language)
    if target is not None:
        variables |= {"length": Duration(target), "minutes": _minutes(target)}
    setting = Setting(language=source.language, position=source.position, shelves=source.parts, seed=seed)
    filled = fill_in_safely(source.file, source.body, variables, setting, shipped=source.shipped)
    given = tuple((parameter.name, values.get(parameter.name, parameter.default)) for parameter in source.parameters)
    return Script(
        name=source.name,
        title=source.title,
        summary=source.summary,
        language=source.language,
        position=source.position,
        target=target,
        pace=source.pace,
        voice=source.voice,
        rate=source.rate,
        values=given,
        seed=seed,
        varies=filled.varies,
        lines=lines_of(filled.text, filled.ledger, source.file.place(source.body, source.body)),
    )


def _target(source: Source, target: Ms | None) -> Ms | None:
    allowed = source.minutes
    if target is None:
        return allowed.default if allowed else None
    if not 0 < target <= _LONGEST:
        raise TimelineError(f"a recording can't be {clock(target)} long", hint="ask for more than 0 and at most a day")
    if allowed and allowed.least is not None and allowed.most is not None:
        least, most = allowed.least, allowed.most
        if not least <= target <= most:
            nearest = _minutes(least if target < least else most)
            asked = clock(target) if target % 60_000 else _minutes(target)
            message = f"'{source.name}' is made for {_minutes(least)} to {_minutes(most)} minutes, not {asked}"
            raise TimelineError(message, at=source.minutes_at, hint=f"ask for --minutes {nearest}, or change this line")
    return target


def _minutes(length: Ms) -> int | float:
    return length // 60_000 if length % 60_000 == 0 else round(length / 60_000, 3)
