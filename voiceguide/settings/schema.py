"""The tables of a settings file -> Settings, or every error in them with its place."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from voiceguide.durations import Ms, parse_clock, parse_duration
from voiceguide.errors import SettingsError, did_you_mean, raise_all
from voiceguide.settings.file import own_lexicon
from voiceguide.settings.toml import Places, nearest, places_of, read_toml
from voiceguide.settings.wishes import ANY_LANGUAGE, KEYS, Preset, Settings, Wishes, check_preset_name

_DECIBELS = re.compile(r"([-+]?\d+(?:\.\d+)?)(?:dB)?", re.IGNORECASE)
_LONGEST = Ms(24 * 3_600_000)


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("this is empty: write something between the quotes, or take the line out")
    return text.strip()


def _rate(rate: int) -> int:
    if not 60 <= rate <= 220:
        raise ValueError(f"the rate can't be {rate}: write words a minute, from 60 to 220")
    return rate


def _duration(text: object) -> Ms:
    if not isinstance(text, str):
        raise ValueError('this is a duration: write it as "30s"')  # noqa: TRY004  -- pydantic wants a ValueError
    return parse_duration(text)


def _minutes(minutes: object) -> Ms:
    if not isinstance(minutes, int | float) or isinstance(minutes, bool):
        raise ValueError("this is a number of minutes: write it as 20, without quotes")  # noqa: TRY004  -- as above
    if not 0 < minutes <= _LONGEST / 60_000:
        raise ValueError(f"{minutes:g} minutes can't be recorded: write more than 0 and at most 1440")
    return Ms(round(minutes * 60_000))


def _length(text: object) -> Ms:
    if not isinstance(text, str):
        raise ValueError('this is a length: write it as "20:00"')  # noqa: TRY004  -- pydantic wants a ValueError
    return parse_clock(text)


@dataclass(frozen=True, slots=True)
class _Level:
    """Reads a level such as "-24dB"."""

    least_db: float
    most_db: float

    def __call__(self, level: object) -> float:
        match = _DECIBELS.fullmatch(level) if isinstance(level, str) else None
        if match is None:
            raise ValueError('this is a level: write it as "-24dB"')
        if not self.least_db <= float(match[1]) <= self.most_db:
            raise ValueError(f"{level} is out of bounds: write from {self.least_db:g}dB to {self.most_db:g}dB")
        return float(match[1])


def _on_or_off(value: object) -> bool:
    match value:
        case bool():
            return value
        case "on" | "off":
            return value == "on"
    raise ValueError('this is on or off: write "on" or "off"')


def _seed(value: object) -> int | None:
    if value == "today":
        return None
    if isinstance(value, date):
        return value.toordinal()
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError('this is no seed: write a number, a day such as 2026-11-22, or "today"')
    return value


def _language(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}(-([A-Z]{2}|\d{3}))?", text):
        raise ValueError(f"'{text}' is no language: write its code, such as en, it, de or pt-BR")
    return text


def _parameter(value: object) -> str:
    """Give a parameter's value as `-p` takes it."""
    match value:
        case bool():
            return "yes" if value else "no"
        case str() | int() | float():
            return str(value)
        case list() if all(isinstance(one, str) for one in value):
            return ", ".join(value)
    raise ValueError("this is no value: write a text, a number, true, false or a list of texts")


def _preset_name(name: str) -> str:
    try:
        check_preset_name(name)
    except SettingsError as error:
        raise ValueError(f"{error}: {error.hint}") from error
    return name


_Text = Annotated[str, AfterValidator(_filled)]
_Code = Annotated[str, AfterValidator(_language)]
Purpose = Literal["podcast", "audiobook", "insight-timer"]
Format = Literal["mp3", "m4b", "opus", "flac", "wav"]
Captions = Literal["vtt", "srt", "lrc"]
"""As in `purposes` and `audiofile`, which come later; a test holds them to it."""


class _Wanted(BaseModel):
    """What can be said of every session, and in a preset; most of it as the command line has it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    voice: _Text | None = None
    rate: Annotated[int, AfterValidator(_rate)] | None = None
    bell: _Text | None = None
    bell_level: Annotated[float, BeforeValidator(_Level(-30, 6))] | None = None
    bed: _Text | None = None
    bed_level: Annotated[float, BeforeValidator(_Level(-60, -6))] | None = None
    air: Annotated[bool, BeforeValidator(_on_or_off)] | None = None
    lead_in: Annotated[Ms, BeforeValidator(_duration)] | None = None
    sleep: Annotated[bool, BeforeValidator(_on_or_off)] | None = None
    purpose: Annotated[Purpose | None, Field(alias="for")] = None
    format: Format | None = None
    vbr: Annotated[bool, BeforeValidator(_on_or_off)] | None = None
    captions: list[Captions] = []
    seed: Annotated[int | None, BeforeValidator(_seed)] = None
    params: dict[_Text, Annotated[str, BeforeValidator(_parameter)]] = {}

    def wishes(self) -> Wishes:
        """Give what is said here, under the names of a job."""
        said = {_OF_A_JOB.get(key, key): getattr(self, key) for key in self.model_fields_set - _NOT_OF_A_JOB}
        values = self.params | ({"bell": self.bell} if self.bell is not None else {})
        captions = {"captions": tuple(self.captions)} if self.captions else {}
        wishes: Wishes = {**said, **captions, "values": values}  # type: ignore[typeddict-item]  # names come from a table
        return wishes


class _Preset(_Wanted):
    script: _Text | None = None
    minutes: Annotated[Ms, BeforeValidator(_minutes)] | None = None
    length: Annotated[Ms, BeforeValidator(_length)] | None = None

    def preset(self, name: str, said: Mapping[str, str]) -> Preset:
        target = self.length if self.minutes is None else self.minutes
        length: Wishes = {} if target is None else {"target": target}
        return Preset(name=name, script=self.script, wishes={**self.wishes(), **length}, said=said)


class _File(_Wanted):
    """The whole file."""

    output: _Text | None = None
    language: _Code | None = None
    lexicon: _Text | None = None
    voices: dict[_Code, _Text] = {}
    presets: dict[Annotated[str, AfterValidator(_preset_name)], _Preset] = {}


_OF_A_JOB = {"bell_level": "bell_level_db", "bed_level": "bed_level_db", "vbr": "varying_rate"}
_ONLY_IN_PRESETS = {"script", "minutes", "length"}
_NOT_IN_PRESETS = {"output", "language", "lexicon", "voices", "presets"}
_NOT_OF_A_JOB = {"bell", "params", "captions", *_ONLY_IN_PRESETS, *_NOT_IN_PRESETS}


def settings_of(text: str, path: Path) -> Settings:
    data = read_toml(text, path)
    try:
        file = _File.model_validate(data)
    except ValidationError as error:
        places = places_of(text)
        errors = [_in_words(fault, places, path) for fault in error.errors()]
        raise_all(sorted(errors, key=lambda one: one.at.line if one.at else 0))
        raise AssertionError("an error of pydantic's has faults") from error
    doubled = [name for name, one in file.presets.items() if one.minutes is not None and one.length is not None]
    if doubled:
        at = nearest(("presets", doubled[0], "length"), places_of(text), path)
        raise SettingsError("'minutes' and 'length' say the same thing", at=at, hint="keep one of them")
    return _understood(file, path, data)


def _understood(file: _File, path: Path, data: Mapping[str, Any]) -> Settings:
    wishes = file.wishes()
    speaks = wishes.pop("voice", None)
    if file.output is not None:
        wishes["out"] = Path(file.output).expanduser()
    presets = {name: one.preset(name, _said(data["presets"][name])) for name, one in file.presets.items()}
    return Settings(
        path=path,
        wishes=wishes,
        voices=file.voices | ({ANY_LANGUAGE: speaks} if speaks else {}),
        language=file.language,
        lexicon=path.parent / Path(file.lexicon).expanduser() if file.lexicon else own_lexicon(path),
        presets=presets,
        said=_said({key: value for key, value in data.items() if key != "presets"}),
    )


def _in_words(fault: ErrorDetails, places: Places, path: Path) -> SettingsError:
    here = tuple(str(part) for part in fault["loc"] if part != "[key]")
    name = here[-1]
    at = nearest(here, places, path)
    match fault["type"]:
        case "extra_forbidden":
            known = KEYS.keys() - _NOT_IN_PRESETS | _ONLY_IN_PRESETS if here[0] == "presets" else KEYS
            at = nearest(here, places, path, key=True)
            return SettingsError(f"there is no setting called '{name}'", at=at, hint=did_you_mean(name, known))
        case "value_error":
            message, _, hint = str(fault["ctx"]["error"]).partition(": ")
            return SettingsError(message, at=at, hint=hint or None)
        case "literal_error":
            what = next(one for one in here if one in _CHOICES)
            hint = did_you_mean(str(fault["input"]), get_args(_CHOICES[what]))
            return SettingsError(f"'{what}' can't be '{fault['input']}'", at=at, hint=hint)
        case "dict_type" | "model_type" | "model_attributes_type":
            hint = f"write [{'.'.join(here)}] on a line of its own, and what belongs to it below"
            return SettingsError(f"'{name}' is a table", at=at, hint=hint)
        case "list_type":
            return SettingsError(f"'{name}' is a list", at=at, hint=f'write {name} = ["vtt"]')
        case "int_type" | "float_type":
            return SettingsError(f"'{name}' is a number", at=at, hint="write it without quotes")
        case _:
            return SettingsError(f"'{name}' is a text", at=at, hint=f'write {name} = "…"')


_CHOICES = {"for": Purpose, "format": Format, "captions": Captions}


def _said(table: Mapping[str, object], *before: str) -> dict[str, str]:
    """Give what stands in a table as it would be typed, by key: `params.name`."""
    said: dict[str, str] = {}
    for key, value in table.items():
        inner = value if isinstance(value, dict) else None
        said |= {".".join((*before, key)): _typed(value)} if inner is None else _said(inner, *before, key)
    return said


def _typed(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
