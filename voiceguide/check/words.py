"""`words.toml` -> what `check` listens for in one language."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from voiceguide.durations import Ms

_FILE = Path(__file__).with_name("words.toml")
_GAP = r"(?:[^\W_][\w-]*[ ']){0,4}?"
"""What `…` stands for."""
_BEFORE, _AFTER = 6, 4
"""Words: how far a negation reaches."""
_UNITS = {"hour": 3_600_000, "minute": 60_000, "second": 1000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is listened for in one language."""

    language: str
    letters: float
    """Of a word with the space behind it, on average."""
    densest: int
    """Words a minute over a whole recording."""
    patterns: Mapping[str, re.Pattern[str]]
    """By their names in the table. Each matches any of what is listed there."""
    time: re.Pattern[str]
    """A spoken duration."""
    numbers: Mapping[str, float]
    units: Mapping[str, re.Pattern[str]]

    def find(self, kind: str, text: str) -> re.Match[str] | None:
        """Give the first match of a kind in a text."""
        return self.patterns[kind].search(_folded(text))

    def says(self, kind: str, text: str) -> bool:
        return self.find(kind, text) is not None

    def claims(self, text: str) -> Iterator[re.Match[str]]:
        """Give the promises to heal that are not taken back in their own clause."""
        plain = self.patterns["harmless"].sub(lambda harmless: " " * len(harmless[0]), _folded(text))
        return (claim for claim in self.patterns["claims"].finditer(plain) if not self._denied(plain, claim))

    def find_plain(self, kind: str, text: str) -> re.Match[str] | None:
        """Give the first match of a kind that no "not" stands before."""
        plain = _folded(text)
        return next((found for found in self.patterns[kind].finditer(plain) if not self._denied(plain, found)), None)

    def time_in(self, kind: str, text: str) -> tuple[re.Match[str], Ms] | None:
        """Give the first match of a kind, and the duration that is told in it."""
        found = self.find(kind, text)
        told = None if found is None else self._read_time(found[0])
        return None if found is None or told is None else (found, told)

    def _read_time(self, text: str) -> Ms | None:
        """Add up the first duration in a text: `1 minute and 30 seconds`."""
        first = self.time.search(text)
        if first is None:
            return None
        return Ms(round(sum(number * size for number, size in self._amounts(first[0]))))

    def _amounts(self, text: str) -> Iterator[tuple[float, int]]:
        for found in _amount(self.numbers, self.units).finditer(text):
            number = self.numbers.get(found["number"].lower())
            size = next(size for name, size in _UNITS.items() if self.units[name].fullmatch(found["unit"]))
            yield float(found["number"].replace(",", ".")) if number is None else number, size

    def _denied(self, text: str, claim: re.Match[str]) -> bool:
        before, after = text[: claim.start()], text[claim.end() :]
        own = [end.end() for end in self.patterns["clause"].finditer(before)]
        end = self.patterns["clause"].search(after)
        near = " ".join(before[own[-1] if own else 0 :].split()[-_BEFORE:])
        soon = " ".join(after[: end.start() if end else None].split()[:_AFTER])
        return bool(self.patterns["negated"].search(near) or self.patterns["denied_after"].search(soon))


class _Patterns(Mapping[str, re.Pattern[str]]):
    """Each is compiled when it is first asked for: all of them take 0.1 s, and a render needs one."""

    def __init__(self, lists: Mapping[str, list[str]], time: str) -> None:
        self._lists = lists
        self._time = time
        self._compiled: dict[str, re.Pattern[str]] = {}

    def __getitem__(self, kind: str) -> re.Pattern[str]:
        if kind not in self._compiled:
            self._compiled[kind] = _any_of(self._lists[kind], self._time, self._lists["diseases"])
        return self._compiled[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists)

    def __len__(self) -> int:
        return len(self._lists)


def words_of(language: str) -> Words | None:
    """Give what is listened for in a language such as `de-AT`; None for one nobody has written that for."""
    return _read(language.partition("-")[0])


def languages() -> tuple[str, ...]:
    return tuple(_parsed())


@cache
def _parsed() -> Mapping[str, Mapping[str, object]]:
    with _FILE.open("rb") as file:
        return tomllib.load(file)


@cache
def _read(language: str) -> Words | None:
    own = _parsed().get(language)
    if own is None:
        return None
    numbers, letters, densest = own["numbers"], own["letters"], own["densest"]
    if not (isinstance(numbers, dict) and isinstance(letters, float) and isinstance(densest, int)):
        raise TypeError(f"the words of '{language}' are not as they should be")
    units = {name: re.compile(str(own[name]), re.IGNORECASE) for name in _UNITS}
    amount = _unnamed(_amount(numbers, units).pattern)
    time = rf"{amount}(?:,? (?:\w{{1,3}} )?{amount})?"
    lists = {kind: texts for kind, texts in own.items() if isinstance(texts, list)}
    return Words(
        language=language,
        letters=letters,
        densest=densest,
        patterns=_Patterns(lists, time),
        time=re.compile(time, re.IGNORECASE),
        numbers=numbers,
        units=units,
    )


def _amount(numbers: Mapping[str, float], units: Mapping[str, re.Pattern[str]]) -> re.Pattern[str]:
    """Match a number and its unit."""
    spelled = "|".join(sorted(map(re.escape, numbers), key=len, reverse=True))
    unit = "|".join(pattern.pattern for pattern in units.values())
    return re.compile(rf"(?<!\w)(?P<number>{spelled}|\d+(?:[.,]\d+)?)[ -]?(?P<unit>{unit})(?!\w)", re.IGNORECASE)


def _unnamed(pattern: str) -> str:
    return re.sub(r"\(\?P<\w+>", "(?:", pattern)


def _any_of(texts: list[str], time: str, diseases: list[str]) -> re.Pattern[str]:
    """Match any of these as whole words; of an empty list nothing."""
    one = "|".join(f"(?:{text})" for text in texts)
    one = one.replace("{time}", f"(?:{time})").replace("{disease}", f"(?:{'|'.join(diseases)})").replace("…", _GAP)
    return re.compile(rf"(?:(?<!\w)|(?=\W))(?:{one})(?:(?!\w)|(?<=\W))" if texts else r"(?!)", re.IGNORECASE)


def _folded(text: str) -> str:
    """Write an apostrophe as it is typed, so that a place in it is one in the text."""
    return text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
