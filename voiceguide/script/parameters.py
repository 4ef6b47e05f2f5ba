"""A declaration -> a parameter; a parameter and what was given for it -> a value a template can use."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from voiceguide import points
from voiceguide.durations import Duration, Ms, parse_duration, written
from voiceguide.errors import ScriptError, VoiceguideError, did_you_mean, raise_all
from voiceguide.script.text import stood_in, unfit_character

Type = Literal["text", "number", "choice", "choices", "yesno", "duration", "sound", "voice", "points"]
TYPES: tuple[Type, ...] = get_args(Type)
SoundKind = Literal["chime", "bed"]
SOUND_KINDS: tuple[SoundKind, ...] = get_args(SoundKind)

_YES_NO = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_NUMBER = re.compile(r"[-+]?\d{1,12}(\.\d{1,6})?")
_WHOLE = re.compile(r"[-+]?\d{1,12}")
_LONGEST_TEXT = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The names a script may use."""

    chimes: Collection[str]
    voices: Collection[str]
    beds: Collection[str] = ()
    """`off` is none of them: everywhere it means that no bed plays."""
    recordings: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What may be changed in a script, as its front matter declares it."""

    name: str
    label: str
    """For people."""
    type: Type
    default: str
    """As `-p` would take it: `60s`, `yes`, `BL23, GV4`."""
    choices: tuple[str, ...] = ()
    """For the types `choice` and `choices`; for `points` those there are to choose from, or none if it is all."""
    least: float | None = None
    """For numbers and durations; a duration's in milliseconds."""
    most: float | None = None
    kind: SoundKind | None = None
    """Of a sound."""

    @property
    def whole(self) -> bool:
        """Whether it is a number without decimals, as its default and its bounds are."""
        bounds = [bound for bound in (self.least, self.most) if bound is not None]
        return (
            self.type == "number"
            and _WHOLE.fullmatch(self.default.strip()) is not None
            and all(bound % 1 == 0 for bound in bounds)
        )


class Chosen(str):
    """A value that can be nothing but one of a few: it may stand inside a cue, where plain text may not."""

    __slots__ = ()


Value = str | Chosen | int | float | bool | Duration | tuple[Chosen, ...]


def type_of(written_default: str, known: Known) -> Type:
    """Tell a parameter's type from its unquoted default."""
    if written_default.lower() in _YES_NO:
        return "yesno"
    if _NUMBER.fullmatch(written_default):
        return "number"
    if kind_of(written_default, known):
        return "sound"
    try:
        parse_duration(written_default)
    except ValueError:
        return "text"
    return "duration"


def kind_of(name: str, known: Known) -> SoundKind | None:
    """Tell what a sound is by its name; what may be both is a chime, and no sound is None."""
    if not name:
        return None
    return "chime" if name in known.chimes else "bed" if name in known.beds else None


def read_values(
    parameters: tuple[Parameter, ...], given: Mapping[str, str], known: Known, language: str
) -> dict[str, Value]:
    """Read what was given, and the defaults of the rest. Raises all that is wrong with it as ScriptErrors."""
    names = [parameter.name for parameter in parameters]
    errors: list[VoiceguideError] = [
        ScriptError(f"there is no parameter called '{name}'", hint=did_you_mean(name, names))
        for name in given
        if name not in names
    ]
    values = {}
    for parameter in parameters:
        try:
            text = given.get(parameter.name, parameter.default)
            values[parameter.name] = read_value(parameter, text, known, language)
        except ScriptError as error:
            errors.append(error)
    raise_all(errors)
    return values


def read_value(parameter: Parameter, text: str, known: Known, language: str) -> Value:
    """Read one value; names of points are those of the language. Raises ScriptError, without a place."""
    text = unicodedata.normalize("NFC", text)
    if unfit := unfit_character(text) or next((name for char, name in _BREAKS.items() if char in text), None):
        raise ScriptError(f"'{parameter.name}' has {unfit} in it", hint="write it as one line of plain text")
    match parameter.type:
        case "text":
            return _text(parameter, text)
        case "number":
            return _number(parameter, text.strip())
        case "duration":
            return _duration(parameter, text)
        case "yesno":
            return _yes_no(parameter, text.strip())
        case "choice":
            return _one_of(parameter, text.strip(), parameter.choices, "choice")
        case "choices" | "points":
            return _several(parameter, text, language)
        case "sound":
            return _sound(parameter, text.strip(), known)
        case "voice":
            return _voice(parameter, text.strip(), known.voices)


_BREAKS = {"\n": "a line break", "\t": "a tab"}


def _text(parameter: Parameter, text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        raise ScriptError(f"'{parameter.name}' is longer than {_LONGEST_TEXT:,} characters", hint="shorten it")
    return stood_in(text.strip())


def _number(parameter: Parameter, text: str) -> float:
    if parameter.whole and not _WHOLE.fullmatch(text):
        hint = f"write it as {parameter.default.strip()}"
        raise ScriptError(f"'{parameter.name}' is a whole number, not '{text}'", hint=hint)
    if not _NUMBER.fullmatch(text):
        raise ScriptError(f"'{parameter.name}' is a number, not '{text}'", hint="write it as 3 or 2.5")
    number = float(text) if "." in text else int(text)
    _check_bounds(parameter, number, text)
    return number


def _duration(parameter: Parameter, text: str) -> Duration:
    try:
        length = parse_duration(text)
    except ValueError as error:
        reason, _, hint = str(error).partition(": ")
        raise ScriptError(f"'{parameter.name}' is a duration, and {reason}", hint=hint or None) from error
    _check_bounds(parameter, length, written(length))
    return Duration(length)


def _yes_no(parameter: Parameter, text: str) -> bool:
    if text.lower() not in _YES_NO:
        raise ScriptError(f"'{parameter.name}' is yes or no, not '{text}'", hint="write yes or no")
    return _YES_NO[text.lower()]


def _one_of(parameter: Parameter, name: str, names: Collection[str], what: str) -> Chosen:
    if name not in names:
        hint = did_you_mean(name, names)
        raise ScriptError(f"'{parameter.name}' can't be '{name}': there is no such {what}", hint=hint)
    return Chosen(stood_in(name))


def _sound(parameter: Parameter, name: str, known: Known) -> Chosen:
    if parameter.kind != "bed":
        return _one_of(parameter, name, known.chimes, "sound")
    if name != "off" and name not in known.beds:
        hint = did_you_mean(name, {*known.beds, "off"})
        raise ScriptError(f"'{parameter.name}' can't be '{name}': there is no such bed", hint=hint)
    return Chosen(stood_in(name))


def _voice(parameter: Parameter, name: str, voices: Collection[str]) -> Chosen:
    if name not in voices:
        message = f"'{parameter.name}' can't be '{name}': there is no such voice"
        raise ScriptError(message, hint=nearest_voice(name, voices))
    return Chosen(stood_in(name))


def _several(parameter: Parameter, text: str, language: str) -> tuple[Chosen, ...]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if parameter.type == "points":
        return tuple(_point(parameter, part, language) for part in parts)
    return tuple(_one_of(parameter, part, parameter.choices, "choice") for part in parts)


def _point(parameter: Parameter, text: str, language: str) -> Chosen:
    """Give the WHO's code of a point, however it is written."""
    try:
        code = points.resolve(text, language).code
    except ScriptError as error:
        raise ScriptError(f"'{parameter.name}' can't be '{text}': {error.message}", hint=error.hint) from error
    if parameter.choices and code not in parameter.choices:
        hint = f"there are {', '.join(parameter.choices)}"
        raise ScriptError(f"'{parameter.name}' can't be '{text}': {code} is not among its points", hint=hint)
    return Chosen(code)


def nearest_voice(name: str, voices: Collection[str]) -> str:
    """Say the nearest voice, or how to list them: there may be hundreds."""
    nearest = did_you_mean(name, voices)
    return nearest if nearest.startswith("did you mean") else "`voiceguide voices` lists them"


def _check_bounds(parameter: Parameter, number: float, shown: str) -> None:
    least, most = parameter.least, parameter.most
    if (least is not None and number < least) or (most is not None and number > most):
        raise ScriptError(f"'{parameter.name}' can't be {shown}", hint=f"it is {bounds(parameter)}")


def bounds(parameter: Parameter) -> str:
    """Say what a number or duration may be: `from 30s to 3m`, `at least 1`."""
    least, most = (
        None if bound is None else written(Ms(int(bound))) if parameter.type == "duration" else f"{bound:g}"
        for bound in (parameter.least, parameter.most)
    )
    if least is None:
        return f"at most {most}"
    return f"at least {least}" if most is None else f"from {least} to {most}"
