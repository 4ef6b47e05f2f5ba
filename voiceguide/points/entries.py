"""`points.toml` -> the points in the words of one language, the positions they are visited in, the letters of codes.

Other languages have their words in `points.de.toml` and its like. Every entry is checked as it is read, in all its
languages; a wrong one is told by its name.
"""

import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from voiceguide.errors import ScriptError

Touch = Literal["attend", "light", "still", "warm", "hold", "circle", "lean"]
Pregnancy = Literal["avoid", "ask", "unknown"]

_FOLDER = Path(__file__).parent
_SAID = frozenset({"area", "place", "warning", "both", "left", "right", "done"})
"""What stands by language."""
_ON_THE_MAT: tuple[Touch, ...] = ("attend", "light", "still")
"""Nothing is pressed there: hands that press move the back over the spikes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How someone lies, sits or stands."""

    name: str
    title: str
    begins: tuple[str, ...]
    """The first words of a script's `position`, in any language."""
    also: tuple[str, ...]
    """Positions whose modes fit as well."""
    beyond: str
    """Why a point may have no mode here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """How a point is visited in one position. Its texts are in the table's language."""

    position: str
    """Its name in the table."""
    touch: Touch
    at_once: bool
    """Whether both sides of the body have their time together."""
    both: str | None
    """Where the hands go for both sides at once, or for a point on the middle line."""
    left: str | None
    """Where they go for each side in turn."""
    right: str | None
    done: str | None
    """What brings the hands back."""
    seconds: int
    """How long it is usually held, on each side."""
    least: int
    """Seconds, on each side."""
    most: int
    """Seconds, on each side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A point as `points.toml` has it; names and uses are tradition, no effect is promised."""

    code: str
    """As the WHO writes it, without separators: `BL23`, `EX-HN3`."""
    pinyin: str
    """`Shènshū`."""
    hanzi: str
    meaning: str
    """Of the name, in English."""
    say_as: str
    """The name in English letters, as a voice should say it: `shen shoo`."""
    names: tuple[str, ...]
    """What else people call it, in any language."""
    region: str
    sides: int
    """2 where there is one on each side of the body, 1 on its middle line."""
    seconds: int
    """How long it is usually held, on each side; 0 for a point that no session visits."""
    least: int
    """Seconds, on each side."""
    most: int
    """Seconds, on each side."""
    pregnancy: Pregnancy
    """Traditionally left out; ask first; no warning found beyond the general one."""
    cautions: tuple[str, ...]
    disagreements: tuple[str, ...]
    """Where the sources differ."""
    sources: tuple[str, ...]
    """By their names in the table."""
    area: str | None
    """Where it is, in few words; None in a language nobody has written it in."""
    place: str | None
    """Where it is, in whole sentences for a listener with closed eyes; None likewise."""
    warning: str | None
    """What is said whenever it is visited, if anything must be."""
    modes: tuple[Mode, ...]

    def mode(self, position: Position) -> Mode | None:
        """Give how it is visited in a position, or in one that fits as well."""
        own = {mode.position: mode for mode in self.modes}
        return next((own[name] for name in (position.name, *position.also) if name in own), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meridian:
    """A line of numbered points."""

    code: str
    """As the WHO writes it: `BL`."""
    letters: Mapping[str, tuple[str, ...]]
    """How codes write it, by language; under `any` what is the same in all of them."""
    older: Mapping[int, str]
    """Numbers that older books give to other points: the codes of those."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All of `points.toml`, in the words of one language."""

    points: Mapping[str, Point]
    """By code."""
    positions: Mapping[str, Position]
    meridians: Mapping[str, Meridian]
    languages: Mapping[str, str]
    """The English names of those with letters of their own, by code."""
    sources: Mapping[str, str]


def table(language: str = "en") -> Mapping[str, Point]:
    """Give every point, by its code, in the words of a language."""
    return whole_table(language.partition("-")[0]).points


@cache
def whole_table(language: str = "en") -> Table:
    """Give all there is, in the words of a language: its bare code."""
    return read_table(in_words(_parsed("points.toml"), _parsed(f"points.{language}.toml"), language), language)


@cache
def _parsed(name: str) -> Mapping[str, object]:
    path = _FOLDER / name
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def in_words(tree: Mapping[str, object], texts: Mapping[str, object], language: str) -> Mapping[str, object]:
    """Give a parsed table with the texts of a language's own file in it. Raises ScriptError that names a wrong one."""
    merged = deepcopy(dict(tree))
    _add(merged, texts, language, "")
    return merged


def _add(section: dict[str, Any], texts: Mapping[str, object], language: str, name: str) -> None:
    for key, value in texts.items():
        here = f"{name}.{key}".removeprefix(".")
        if isinstance(value, dict):
            if not isinstance(section.get(key), dict):
                raise _wrong(here, "there is no such section in points.toml", language)
            _add(section[key], value, language, here)
        elif key in _SAID:
            section[key] = section.get(key, {}) | {language: value}
        else:
            raise _wrong(name, f"'{key}' is no text of a point: there are {', '.join(sorted(_SAID))}", language)


def read_table(tree: Mapping[str, object], language: str) -> Table:
    """Check a parsed table, and put it into the words of a language. Raises ScriptError that names a wrong entry."""
    other = {name: _section(name, tree.get(name)) for name in ("positions", "meridians", "languages", "sources")}
    languages, sources = (_named_texts(name, other[name]) for name in ("languages", "sources"))
    positions = {name: _position(name, fields) for name, fields in other["positions"].items()}
    meridians = {name: _meridian(name, fields, languages) for name, fields in other["meridians"].items()}
    _check_letters(meridians)
    reader = _Reader(language=language, positions=positions, meridians=meridians, sources=sources)
    return Table(
        points={code: reader.point(code, fields) for code, fields in tree.items() if code not in other},
        positions=positions,
        meridians=meridians,
        languages=languages,
        sources=sources,
    )


# --- what a section is made of ------------------------------------------------------------------------------------


def _text(value: object) -> str:
    if not isinstance(value, str) or not value or value != value.strip():
        raise ValueError("is a text, without spaces around it")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("is a list of texts")  # noqa: TRY004  -- caught below, with what else is wrong
    return tuple(_text(one) for one in value)


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError("is a whole number")
    return value


def _range(value: object) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("is the least and the most seconds, as in [30, 120]")
    return _whole(value[0]), _whole(value[1])


def _by_language(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not all(re.fullmatch("[a-z]{2,3}", key) for key in value):
        raise ValueError("is written by language, as in place.en")
    return value


def _said(value: object) -> Mapping[str, str]:
    return {language: _text(text) for language, text in _by_language(value).items()}


def _phrases(value: object) -> tuple[str, ...]:
    return tuple(phrase.casefold() for phrases in _by_language(value).values() for phrase in _texts(phrases))


def _numbered(value: object) -> Mapping[int, str]:
    if not isinstance(value, dict) or not all(key.isdecimal() for key in value):
        raise ValueError('has codes by number, as in {54 = "BL40"}')
    return {int(number): _text(code) for number, code in value.items()}


def _sections(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError("has sections under it")  # noqa: TRY004  -- caught below, with what else is wrong
    return value


_Form = Mapping[str, Callable[[object], Any]]
"""The keys of a section, and what reads each."""
_POINT: _Form = {
    "pinyin": _text, "hanzi": _text, "meaning": _text, "say_as": _text, "names": _texts, "region": _text,
    "sides": _whole, "seconds": _whole, "range": _range, "pregnancy": _text, "cautions": _texts, "disagree": _texts,
    "sources": _texts, "area": _said, "place": _said, "warning": _said, "modes": _sections,
}  # fmt: skip
_MODE: _Form = {
    "touch": _text, "both": _said, "left": _said, "right": _said, "done": _said, "seconds": _whole, "range": _range,
}  # fmt: skip
_POSITION: _Form = {"title": _text, "begins": _phrases, "also": _texts, "beyond": _text}
_MAY_LACK = frozenset(str.split("names seconds range cautions disagree warning modes both left right done also older"))


def _fields(name: str, section: object, form: _Form, may_lack: Collection[str] = _MAY_LACK) -> dict[str, Any]:
    """Read every key of a section; one that may lack and does is None."""
    fields = _section(name, section)
    if unknown := [key for key in fields if key not in form]:
        raise _wrong(name, f"there is no key called '{unknown[0]}'")
    if missing := [key for key in form if key not in fields and key not in may_lack]:
        raise _wrong(name, f"'{missing[0]}' is missing")
    return {key: _read(name, key, fields[key], read) if key in fields else None for key, read in form.items()}


def _read(name: str, key: str, value: object, read: Callable[[object], Any]) -> Any:  # noqa: ANN401  -- as the form has it
    try:
        return read(value)
    except ValueError as error:
        raise _wrong(name, f"'{key}' {error}") from error


def _section(name: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _wrong(name, "this is a section, with keys under it")
    return value


def _wrong(name: str, problem: str, language: str | None = None) -> ScriptError:
    file = f"points.{language}.toml" if language else "points.toml"
    return ScriptError(f"[{name}] in {file}: {problem}", hint="points.toml begins with what each key means")


# --- the sections -------------------------------------------------------------------------------------------------


def _named_texts(name: str, section: Mapping[str, object]) -> Mapping[str, str]:
    return _fields(name, section, dict.fromkeys(section, _text))


def _position(name: str, section: object) -> Position:
    fields = _fields(f"positions.{name}", section, _POSITION)
    return Position(name=name, **fields | {"also": fields["also"] or ()})


def _meridian(code: str, section: object, languages: Collection[str]) -> Meridian:
    form = {"any": _texts, **dict.fromkeys(languages, _texts), "older": _numbered}
    fields = _fields(f"meridians.{code}", section, form, may_lack=form)
    older = fields.pop("older") or {}
    return Meridian(code=code, letters={key: letters or () for key, letters in fields.items()}, older=older)


def _check_letters(meridians: Mapping[str, Meridian]) -> None:
    """Refuse letters that would mean two meridians in one language."""
    languages = {language for meridian in meridians.values() for language in meridian.letters}
    for language in languages:
        owners: dict[str, str] = {}
        for meridian in meridians.values():
            for letters in {one.casefold() for key in ("any", language) for one in meridian.letters[key]}:
                if owners.setdefault(letters, meridian.code) != meridian.code:
                    message = f"'{letters}' means {owners[letters]} too in '{language}'"
                    raise _wrong(f"meridians.{meridian.code}", message)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Reads points, and holds them to the rest of the table."""

    language: str
    positions: Mapping[str, Position]
    meridians: Mapping[str, Meridian]
    sources: Mapping[str, str]

    def point(self, code: str, section: object) -> Point:
        match = re.fullmatch(r"([A-Z]{2}|EX-[A-Z]{2})[1-9]\d?", code)
        if match is None or match[1] not in self.meridians:
            raise _wrong(code, "this is no code of the WHO without separators, such as BL23 or EX-HN3")
        fields = _fields(code, section, _POINT)
        if unknown := [source for source in fields["sources"] if source not in self.sources]:
            raise _wrong(code, f"there is no source called '{unknown[0]}'")
        sections = {name: _fields(f"{code}.modes.{name}", one, _MODE) for name, one in (fields["modes"] or {}).items()}
        _check_languages(code, fields, sections)
        times = _times(code, fields) if fields["seconds"] or fields["range"] or sections else (0, 0, 0)
        return Point(
            code=code,
            pinyin=fields["pinyin"],
            hanzi=fields["hanzi"],
            meaning=fields["meaning"],
            say_as=fields["say_as"],
            names=fields["names"] or (),
            region=fields["region"],
            sides=_one_of(code, fields, "sides", (1, 2)),
            seconds=times[0],
            least=times[1],
            most=times[2],
            pregnancy=_one_of(code, fields, "pregnancy", get_args(Pregnancy)),
            cautions=fields["cautions"] or (),
            disagreements=fields["disagree"] or (),
            sources=fields["sources"],
            area=self._in_words(fields["area"]),
            place=self._in_words(fields["place"]),
            warning=self._in_words(fields["warning"]),
            modes=tuple(self._mode(code, name, one, fields["sides"], times) for name, one in sections.items()),
        )

    def _mode(self, code: str, name: str, fields: dict[str, Any], sides: int, usual: tuple[int, int, int]) -> Mode:
        where = f"{code}.modes.{name}"
        if name not in self.positions:
            raise _wrong(where, f"there is no position called '{name}': there are {', '.join(self.positions)}")
        touch: Touch = _one_of(where, fields, "touch", _ON_THE_MAT if name == "mat" else get_args(Touch))
        _check_hands(where, fields, sides)
        seconds, least, most = _times(where, fields) if fields["seconds"] or fields["range"] else usual
        texts = {key: self._in_words(fields[key]) for key in ("both", "left", "right", "done")}
        at_once = sides == 2 and fields["both"] is not None
        return Mode(position=name, touch=touch, at_once=at_once, **texts, seconds=seconds, least=least, most=most)

    def _in_words(self, said: Mapping[str, str] | None) -> str | None:
        return said.get(self.language) if said else None


def _times(name: str, fields: dict[str, Any]) -> tuple[int, int, int]:
    """Give how long usually, at least and at most."""
    if not fields["seconds"] or not fields["range"]:
        raise _wrong(name, "'seconds' and 'range' stand together")
    least, most = fields["range"]
    if not least <= fields["seconds"] <= most:
        raise _wrong(name, f"{fields['seconds']} seconds are not from {least} to {most}")
    return fields["seconds"], least, most


def _one_of(name: str, fields: dict[str, Any], key: str, allowed: Collection[Any]) -> Any:  # noqa: ANN401  -- one of `allowed`
    if fields[key] not in allowed:
        raise _wrong(name, f"'{key}' can't be '{fields[key]}': there are {', '.join(map(str, allowed))}")
    return fields[key]


def _check_hands(name: str, fields: dict[str, Any], sides: int) -> None:
    """Hold a mode to saying where hands go, once or for each side, or nowhere for who only attends."""
    written = {key for key in ("both", "left", "right") if fields[key]}
    allowed = [{"both"}] if sides == 1 else [{"both"}, {"left", "right"}]
    if fields["touch"] == "attend":
        allowed = [set()]
    if written not in allowed:
        wanted = " or ".join(" and ".join(sorted(keys)) for keys in allowed) or "none of them"
        raise _wrong(name, f"of 'both', 'left' and 'right' it has {wanted}")


def _check_languages(code: str, fields: dict[str, Any], modes: Mapping[str, dict[str, Any]]) -> None:
    """Refuse a point that has some of its texts in a language, and others not."""
    wanted = set(fields["place"])
    for name, said in _spoken(code, fields, modes):
        if lacking := sorted(wanted ^ set(said)):
            raise _wrong(code, f"'{name}' and 'place' are not both there in '{lacking[0]}'")


def _spoken(code: str, fields: dict[str, Any], modes: Mapping[str, dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    for name, section in ((code, fields), *((f"modes.{name}", mode) for name, mode in modes.items())):
        for key in sorted(_SAID - {"place"}):
            if section.get(key):
                yield (key if name == code else f"{name}.{key}"), section[key]
