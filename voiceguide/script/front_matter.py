"""The lines between `---` and `---` -> a header, or every error in them with its place.

YAML is read as text alone: no anchors, aliases, tags or repeated keys, and no guessing of types, so that `language: no`
is Norwegian. What a text means is decided here, by the key it stands under.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    PlainValidator,
    ValidationError,
)
from pydantic_core import ErrorDetails

from voiceguide import shipped
from voiceguide.durations import Ms, parse_duration
from voiceguide.errors import Place, ScriptError, VoiceguideError, did_you_mean, raise_all
from voiceguide.points import are_codes, resolve
from voiceguide.script.kinds import Allowance, Range
from voiceguide.script.parameters import (
    SOUND_KINDS,
    TYPES,
    Known,
    Parameter,
    SoundKind,
    Type,
    bounds,
    kind_of,
    read_value,
    type_of,
)
from voiceguide.script.text import SourceText, read_text
from voiceguide.script.yaml_tree import KeyPath, Quoted, Tree, read_tree

_MOST_BYTES = 64 * 1024
_FENCE = re.compile(r"---[ \t]*(\n|\Z)")
_CLOSING = re.compile(r"^---[ \t]*(\n|\Z)", re.MULTILINE)
_EXAMPLE = "begin the file with three lines: --- then title: Ten minutes for the back then ---"
_LONGEST = Ms(24 * 3_600_000)

_RESERVED = frozenset(
    str.split(
        "and block break call caller continue elif else endfor endif every_point extends false filter for from if "
        "import in include is length loop macro minutes namespace none not or part points_table points_time range raw "
        "recursive refuse self set true with without you"
    )
)
"""Names that mean something else in a template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """What a script says about itself."""

    header: "Header"
    parameters: tuple[Parameter, ...]
    original: Path | None
    """The script this one translates: what a translation does not say of itself is as it is there."""
    title_at: Place | None
    """None where a translation leaves it to its original."""
    minutes_at: Place | None
    voice_at: Place | None
    allowed: tuple[Allowance, ...]
    body: int
    """Where the script proper begins, in characters."""


def read_front_matter(source: SourceText, known: Known, *, translated: bool = False) -> FrontMatter:
    """Read what stands before the script proper; `translated` if another script translates it.

    Raises ScriptErrors, all at once.
    """
    start, end, body = _fences(source)
    tree = read_tree(source, start, end)
    path = _original(tree) if "translates" in tree.data else None
    if path and translated:
        at, hint = tree.place(("translates",)), f"let both translate '{path.stem}'"
        raise ScriptError("what another script translates can't be a translation", at=at, hint=hint)
    original = read_front_matter(read_text(path), known, translated=True) if path else None
    errors: list[VoiceguideError] = []
    header: Header | None = None
    try:
        header = Header.model_validate(tree.data)
    except ValidationError as error:
        errors += _in_words(error, tree, (), Header)
    inherited = original.parameters if original else ()
    parameters, faults = _read_parameters(tree, known, header.language if header else "en", inherited)
    raise_all(sorted(errors + faults, key=_position))
    if header is None:
        raise AssertionError("a header that failed has errors")
    title_at, minutes_at, voice_at = (
        tree.place((key,)) if key in tree.data else None for key in ("title", "minutes", "voice")
    )
    allowed = tuple(
        Allowance(rule=rule, reason=reason, at=tree.place(("allow", rule), key=True))
        for rule, reason in header.allow.items()
    )
    return FrontMatter(
        header=_translated(header, original, tree) if original else header,
        parameters=parameters,
        original=path,
        minutes_at=minutes_at or (original.minutes_at if original else None),
        title_at=title_at,
        voice_at=voice_at,
        allowed=allowed if "allow" in tree.data or original is None else original.allowed,
        body=body,
    )


def _position(error: VoiceguideError) -> tuple[int, int]:
    return (error.at.line, error.at.column) if error.at else (0, 0)


def _fences(source: SourceText) -> tuple[int, int, int]:
    opening = _FENCE.match(source.text)
    if not opening:
        raise ScriptError("the script has no front matter", at=source.place(0, 1), hint=_EXAMPLE)
    closing = _CLOSING.search(source.text, opening.end())
    if not closing:
        raise ScriptError(
            "the front matter has no end", at=source.place(0, 3), hint="close it with a line of --- alone"
        )
    if closing.start() - opening.end() > _MOST_BYTES:
        raise ScriptError("the front matter is longer than 64 KiB", at=source.place(0, 3), hint="shorten it")
    return opening.end(), closing.start(), closing.end()


# --- translations -------------------------------------------------------------------------------------------------


def _original(tree: Tree) -> Path:
    """Find what a script translates: around its folder or beside it, else by name. Raises ScriptError."""
    name, path, at = tree.data["translates"], Path(tree.source.path), tree.place(("translates",))
    if not isinstance(name, str) or not re.fullmatch(r"\w[\w-]*", name):
        hint = "write its name alone, as in translates: back-on-mat"
        raise ScriptError("this is no name of a script", at=at, hint=hint)
    known = shipped.scripts()
    near = [folder / f"{name}.md" for folder in (path.parent.parent, path.parent)]
    found = next((one for one in near if one.is_file() and one != path), known.get(name))
    if found is None:
        raise ScriptError(f"there is no script called '{name}'", at=at, hint=did_you_mean(name, known))
    return found


def _translated(own: "Header", original: FrontMatter, tree: Tree) -> "Header":
    """Add to what a translation says of itself what its original says; a voice speaks one language, so not that."""
    if "language" not in own.model_fields_set:
        hint = "add a line such as language: de"
        raise ScriptError("the translation does not say its language", at=tree.place(("translates",)), hint=hint)
    said = {name: getattr(own, name) for name in {*own.model_fields_set, "voice", "reviewed"}}
    pace = {name: getattr(own.pace, name) for name in own.pace.model_fields_set}
    return original.header.model_copy(update=said | {"pace": original.header.pace.model_copy(update=pace)})


# --- the schema ---------------------------------------------------------------------------------------------------


def _duration(text: object) -> Ms:
    if not isinstance(text, str):
        raise ValueError("this is a duration: write it as 700ms or 3s")  # noqa: TRY004  -- pydantic wants a ValueError
    return parse_duration(text)


def _rate(text: object) -> int:
    if not isinstance(text, str) or not re.fullmatch(r"\d{2,3}", text) or not 60 <= int(text) <= 220:
        raise ValueError(f"the rate can't be {_shown(text)}: write words a minute, from 60 to 220")
    return int(text)


_NUMBER = r"(\d{1,9}(?:\.\d{1,9})?)"
_MINUTES = re.compile(rf"{_NUMBER}(?:\s*\(\s*{_NUMBER}\s*(?:to|-)\s*{_NUMBER}\s*\))?")


def _minutes(text: object) -> Range:
    match = _MINUTES.fullmatch(text.strip()) if isinstance(text, str) else None
    if not match:
        raise ValueError(f"the minutes can't be {_shown(text)}: write them as 10 or 10 (8 to 20)")
    default, least, most = (None if number is None else Ms(round(float(number) * 60_000)) for number in match.groups())
    if default is None or not 0 < default <= _LONGEST or (most or default) > _LONGEST:
        raise ValueError("the minutes are out of bounds: write more than 0 and at most 1440")
    if least is not None and most is not None and not 0 < least <= default <= most:
        raise ValueError(f"the minutes are out of order: {match[1]} must lie between {match[2]} and {match[3]}")
    return Range(default=default, least=least, most=most)


def _language(text: object) -> str:
    match = re.fullmatch(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2}|\d{3}))?", text) if isinstance(text, str) else None
    if not match:
        raise ValueError(f"the language can't be {_shown(text)}: write its code, such as en, it, de or pt-BR")
    language, region = match[1].lower(), match[2]
    return f"{language}-{region.upper()}" if region else language


def _yes_or_no(text: object) -> bool:
    if text not in {"yes", "no"}:
        raise ValueError(f"this is yes or no, not {_shown(text)}: write yes or no")
    return text == "yes"


def _shown(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else "several things"


def _none_if_empty(value: object) -> object:
    return {} if value == "" else value


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("this is empty: write something after the colon")
    return text.strip()


_Text = Annotated[str, AfterValidator(_filled)]
_Milliseconds = Annotated[Ms, BeforeValidator(_duration)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Paces(_Strict):
    sentence: _Milliseconds = Ms(700)
    line: _Milliseconds = Ms(3000)
    paragraph: _Milliseconds = Ms(6000)
    section: _Milliseconds = Ms(8000)


class Header(_Strict):
    """The keys of the front matter; the parameters are read one by one."""

    title: _Text
    summary: str = ""
    position: str = ""
    language: Annotated[str, BeforeValidator(_language)] = "en"
    minutes: Annotated[InstanceOf[Range], BeforeValidator(_minutes)] | None = None
    params: Annotated[dict[str, Any], BeforeValidator(_none_if_empty)] = Field(default_factory=dict)
    pace: Annotated[_Paces, BeforeValidator(_none_if_empty)] = _Paces()
    voice: _Text | None = None
    rate: Annotated[int, BeforeValidator(_rate)] = 115
    allow: Annotated[dict[str, _Text], BeforeValidator(_none_if_empty)] = Field(default_factory=dict)
    translates: str | None = None
    reviewed: Annotated[bool, BeforeValidator(_yes_or_no)] = True


def _one_or_several(default: object) -> str | list[str]:
    match default:
        case str():
            return default
        case list() if all(isinstance(one, str) for one in default):
            return default
    raise ValueError("this is no default: write a value, or a list of them such as [BL23, GV4]")


class _LongForm(_Strict):
    """A parameter, spelled out."""

    label: str = ""
    type: Type | None = None
    default: Annotated[str | list[str] | None, PlainValidator(_one_or_several)] = None
    choices: list[_Text] = []
    least: str | None = None
    most: str | None = None
    kind: SoundKind | None = None


def _in_words(error: ValidationError, tree: Tree, path: KeyPath, model: type[BaseModel]) -> Iterator[ScriptError]:
    for fault in error.errors():
        location = tuple(
            part for part in fault["loc"] if not str(part).startswith(("function-", "lax-", "is-instance"))
        )
        here = (*path, *location)
        yield _fault_in_words(fault, tree, here, model)


def _fault_in_words(fault: ErrorDetails, tree: Tree, here: KeyPath, model: type[BaseModel]) -> ScriptError:
    name = str(here[-1]) if here else ""
    match fault["type"]:
        case "extra_forbidden":
            names = _Paces.model_fields if here[0] == "pace" else model.model_fields
            at = tree.place(here, key=True)
            return ScriptError(f"there is no key called '{name}'", at=at, hint=did_you_mean(name, names))
        case "missing":
            hint = "add a line such as title: Ten minutes for the back"
            return ScriptError(f"the script has no {name}", at=tree.place(here), hint=hint)
        case "value_error":
            message, _, hint = str(fault["ctx"]["error"]).partition(": ")
            return ScriptError(message, at=tree.place(here), hint=hint or None)
        case "literal_error":
            allowed = TYPES if name == "type" else SOUND_KINDS
            return ScriptError(
                f"there is no {name} '{fault['input']}'",
                at=tree.place(here),
                hint=did_you_mean(str(fault["input"]), allowed),
            )
        case "dict_type" | "model_type":
            hint = f"write below it, indented, lines such as {_EXAMPLES.get(name, 'name: value')}"
            return ScriptError(f"'{name}' has names and values under it", at=tree.place(here), hint=hint)
        case "list_type":
            return ScriptError(f"'{name}' is a list", at=tree.place(here), hint="write it as [BL23, GV4]")
        case _:
            return ScriptError(f"'{name}' is one line of text", at=tree.place(here), hint=f"write {name}: and the text")


_EXAMPLES = {"allow": "long-silence: this is a session of silence", "pace": "line: 3s", "params": 'name: ""'}


# --- parameters ---------------------------------------------------------------------------------------------------


def _read_parameters(
    tree: Tree, known: Known, language: str, inherited: tuple[Parameter, ...]
) -> tuple[tuple[Parameter, ...], list[VoiceguideError]]:
    declared = tree.data.get("params")
    parameters, errors = {one.name: one for one in inherited}, list[VoiceguideError]()
    for name, declaration in (declared if isinstance(declared, dict) else {}).items():
        path = ("params", name)
        try:
            _check_name(name)
            if name in parameters:
                parameters[name] = _relabelled(parameters[name], declaration)
                continue
            parameters[name] = _read_parameter(name, declaration, known, language)
            _check_default(parameters[name], known, language)
        except ValidationError as error:
            errors += _in_words(error, tree, path, _LongForm)
        except _DeclarationError as error:
            at = tree.place((*path, *error.path), key=error.key)
            errors.append(ScriptError(error.message, at=at, hint=error.hint))
    return tuple(parameters.values()), errors


def _relabelled(parameter: Parameter, declaration: object) -> Parameter:
    match declaration:
        case {"label": str() as label, **others} if label.strip() and not others:
            return replace(parameter, label=label.strip())
    message = f"'{parameter.name}' is as in the script that this translates, but for its label"
    raise _DeclarationError(message, "write it as {label: Name}")


class _DeclarationError(Exception):
    """What is wrong under one parameter, and where under it."""

    def __init__(self, message: str, hint: str | None, path: KeyPath = (), *, key: bool = False) -> None:
        super().__init__(message)
        self.message, self.hint, self.path, self.key = message, hint, path, key


def _check_name(name: str) -> None:
    if name in _RESERVED:
        raise _DeclarationError(f"a parameter can't be called '{name}'", "it has another meaning: rename it", key=True)
    if not re.fullmatch(r"[^\W\d]\w*", name) or name.startswith("_"):
        hint = "use letters, digits and _, and begin with a letter, as in quiet_time"
        raise _DeclarationError(f"a parameter can't be called '{name}'", hint, key=True)


def _read_parameter(name: str, declaration: object, known: Known, language: str) -> Parameter:
    match declaration:
        case Quoted():
            return Parameter(name=name, label=_label(name), type="text", default=str(declaration))
        case str():
            kind = type_of(declaration, known)
            sound = kind_of(declaration, known) if kind == "sound" else None
            return Parameter(name=name, label=_label(name), type=kind, default=declaration, kind=sound)
        case list():
            choices = _checked_choices(tuple(declaration), ())
            several: Type = "points" if are_codes(choices) else "choices"
            return Parameter(name=name, label=_label(name), type=several, default=", ".join(choices), choices=choices)
        case _:
            return _read_long(name, _LongForm.model_validate(declaration), language)


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _read_long(name: str, form: _LongForm, language: str) -> Parameter:
    kind: Type = form.type or ("choice" if form.choices else "sound" if form.kind else "text")
    if (form.least or form.most) and kind not in {"number", "duration"}:
        raise _DeclarationError(f"a {kind} has no least or most", "they are for numbers and durations", ("type",))
    if form.kind and kind != "sound":
        raise _DeclarationError(f"a {kind} has no kind", "it is for sounds: take it out", ("kind",))
    choices = _checked_choices(tuple(form.choices), ("choices",)) if form.choices else ()
    if kind == "points":
        choices = tuple(_code(choice, number, language) for number, choice in enumerate(choices))
    elif bool(choices) != (kind in {"choice", "choices"}):
        problem = f"a {kind} has no choices" if choices else f"a {kind} needs its choices"
        raise _DeclarationError(problem, "write them as choices: [BL23, GV4]", ("type",))
    return Parameter(
        name=name,
        label=form.label.strip() or _label(name),
        type=kind,
        default=_default(form, kind, choices),
        choices=choices,
        least=_bound(form, "least", kind),
        most=_bound(form, "most", kind),
        kind=(form.kind or "chime") if kind == "sound" else None,
    )


def _code(choice: str, number: int, language: str) -> str:
    try:
        return resolve(choice, language).code
    except ScriptError as error:
        raise _DeclarationError(error.message, error.hint, ("choices", number)) from error


def _default(form: _LongForm, kind: Type, choices: tuple[str, ...]) -> str:
    if isinstance(form.default, list):
        if kind not in {"choices", "points"}:
            raise _DeclarationError(f"a {kind} has one default", "write one, without brackets", ("default",))
        return ", ".join(form.default)
    if form.default is None:
        of_itself = {"text": "", "choice": choices[0] if choices else ""}
        of_itself |= dict.fromkeys(("choices", "points"), ", ".join(choices))
        if kind not in of_itself:
            sound = "rain" if form.kind == "bed" else "bowl"
            example = {"number": "3", "yesno": "yes", "sound": sound, "voice": "heart"}.get(kind, "60s")
            raise _DeclarationError(f"a {kind} needs a default", f"add to it default: {example}", ("type",))
        return of_itself[kind]
    return form.default


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("there is no such number")
    return number


def _bound(form: _LongForm, which: Literal["least", "most"], kind: Type) -> float | None:
    text = form.least if which == "least" else form.most
    if text is None:
        return None
    try:
        return parse_duration(text) if kind == "duration" else _finite(text)
    except ValueError as error:
        message, _, hint = str(error).partition(": ")
        if kind == "number":
            message, hint = f"'{text}' is not a number", "write it as 3 or 2.5"
        raise _DeclarationError(message, hint or None, (which,)) from error


def _checked_choices(choices: tuple[object, ...], path: KeyPath) -> tuple[str, ...]:
    for number, choice in enumerate(choices):
        if not isinstance(choice, str) or not choice.strip() or "," in choice:
            hint = "a choice is a word or a few, without a comma"
            raise _DeclarationError("this is no choice", hint, (*path, number))
        if choice in choices[:number]:
            raise _DeclarationError(f"'{choice}' stands here a second time", "keep one", (*path, number))
    if not choices:
        raise _DeclarationError("there is nothing to choose from", "write it as [BL23, GV4]", path)
    return tuple(str(choice) for choice in choices)


def _check_default(parameter: Parameter, known: Known, language: str) -> None:
    if parameter.least is not None and parameter.most is not None and parameter.least > parameter.most:
        raise _DeclarationError("the least is more than the most", f"it says {bounds(parameter)}", ("least",))
    try:
        read_value(parameter, parameter.default, known, language)
    except ScriptError as error:
        raise _DeclarationError(error.message, error.hint, ("default",)) from error
