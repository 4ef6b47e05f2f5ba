"""What people write for a point -> the point: letters are read in a known language, and what may be two is refused."""

import logging
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import cache

from voiceguide.errors import ScriptError, did_you_mean
from voiceguide.points.entries import Meridian, Point, table, whole_table

_log = logging.getLogger(__name__)

_CODE = re.compile(r"(?P<letters>[^\W\d]+)(?P<number>\d{1,2})|(?P<before>\d{1,2})(?P<after>[^\W\d]+)")
_WHO = re.compile(r"([A-Z]{2}|EX-[A-Z]{2})\d{1,2}")


def resolve(text: str, language: str | None) -> Point:
    """Find the point someone means, in the words of the language they write in.

    Without a language, letters that are not the same in all of them are refused. Raises ScriptError with the
    candidates; nothing is ever taken for the nearest.
    """
    code = _by_name(text) or _by_letters(text, _base(language))
    return table(language or "en")[code]


def are_codes(texts: Collection[str]) -> bool:
    """Tell whether all of these are codes of points, as the WHO writes them."""
    return all(_WHO.fullmatch(text) for text in texts) and all(text in table() for text in texts)


def spellings(point: Point) -> Mapping[str, tuple[str, ...]]:
    """Give how codes and names may be written, by the English name of the language; `everywhere` first."""
    number = re.sub(r"\D", "", point.code)
    meridian = whole_table().meridians[point.code.removesuffix(number)]
    names = {"any": "everywhere"} | dict(whole_table().languages)
    codes = {key: tuple(f"{letters} {number}" for letters in meridian.letters[key]) for key in names}
    codes["any"] += point.names
    return {names[key]: written for key, written in codes.items() if written}


def _base(language: str | None) -> str | None:
    return language.partition("-")[0] if language else None


def _folded(text: str) -> str:
    """Drop what makes no difference: case, width, spaces, hyphens, and zeros before a number."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"[\s\u2010-\u2015\u2019'-]+", "", plain))


def _toneless(text: str) -> str:
    """Drop the marks of tones too. Only from names: `Dü 3` and `Du 3` are two points."""
    return _unmarked(_folded(text))


def _unmarked(text: str) -> str:
    apart = unicodedata.normalize("NFD", text)
    return "".join(char for char in apart if unicodedata.category(char) != "Mn")


# --- by name ------------------------------------------------------------------------------------------------------


@cache
def _names() -> Mapping[str, tuple[str, ...]]:
    """The codes of the points that are called so."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for point in table().values():
        for name in (point.pinyin, point.hanzi, *point.names):
            found[_toneless(name)][point.code] = None
    return {name: tuple(codes) for name, codes in found.items()}


def _by_name(text: str) -> str | None:
    codes = _names().get(_toneless(text), ())
    if len(codes) > 1:
        hint = f"write {' or '.join(map(_titled, codes))}"
        raise ScriptError(f"'{text}' is what several points are called", hint=hint)
    return codes[0] if codes else None


# --- by code ------------------------------------------------------------------------------------------------------


def _by_letters(text: str, language: str | None) -> str:
    match = _CODE.fullmatch(_folded(text))
    if match is None:
        names = {_unmarked(point.pinyin) for point in table().values()}
        raise ScriptError(f"there is no point called '{text}'", hint=did_you_mean(text, names | set(table())))
    letters, number = match["letters"] or match["after"], int(match["number"] or match["before"])
    meridian = _letters().get((language or "any", letters)) or _letters().get(("any", letters))
    if meridian is None:
        raise _foreign(text, letters, number, language)
    code = f"{meridian.code}{number}"
    if code not in table():
        raise _unlisted(text, letters, meridian, number)
    if number in meridian.older and letters != meridian.code.casefold():
        _log.warning(
            "'%s' is taken for %s; older books write it for %s: write that if it is meant",
            text, _titled(code), _titled(meridian.older[number]),
        )  # fmt: skip
    return code


@cache
def _letters() -> Mapping[tuple[str, str], Meridian]:
    """The meridian, by language and letters."""
    return {
        (language, _folded(letters)): meridian
        for meridian in whole_table().meridians.values()
        for language, several in meridian.letters.items()
        for letters in several
    }


def _foreign(text: str, letters: str, number: int, language: str | None) -> ScriptError:
    """Refuse letters that mean nothing in this language, with what they mean in others."""
    elsewhere = _elsewhere(letters, number)
    if not elsewhere:
        return ScriptError(f"there is no point called '{text}'", hint=did_you_mean(text, table()))
    name = whole_table().languages.get(language, f"'{language}'") if language else ""
    message = f"'{text}' is no point in {name}" if language else f"'{text}' is a point only in a language"
    return ScriptError(message, hint=f"{elsewhere}: write its code")


def _unlisted(text: str, letters: str, meridian: Meridian, number: int) -> ScriptError:
    """Refuse a number that is not in the table, with what else it may mean and what is there."""
    code = f"{meridian.code}{number}"
    message = f"'{text}' is {code}, which is not among the points here"
    if _folded(text) == _folded(code):
        message = f"there is no point called '{text}'"
    beside = sorted(int(rest) for point in table() if (rest := point.removeprefix(meridian.code)).isdecimal())
    listed = ", ".join(f"{meridian.code}{one}" for one in beside)
    hint = f"of its line there {'are' if len(beside) > 1 else 'is'} {listed}" if listed else "of its line there is none"
    if number in meridian.older:
        hint = f"older books write it for {_titled(meridian.older[number])}: write that if it is meant"
    elif elsewhere := _elsewhere(letters, number, but=meridian):
        hint = f"{elsewhere}: write its code if that is meant"
    return ScriptError(message, hint=hint)


def _elsewhere(letters: str, number: int, but: Meridian | None = None) -> str:
    """Say what a code is in each language that knows its letters: `it is BL23 (Shènshū) in English and German`."""
    tongues: dict[str, list[str]] = defaultdict(list)
    for language, name in whole_table().languages.items():
        meridian = _letters().get((language, letters))
        if meridian not in (None, but):
            tongues[_titled(f"{meridian.code}{number}")].append(name)
    return "; ".join(f"it is {code} in {_listed(names)}" for code, names in tongues.items())


def _titled(code: str) -> str:
    """`BL23 (Shènshū)`."""
    point = table().get(code)
    return f"{code} ({point.pinyin})" if point else f"{code}, which is not here,"


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
