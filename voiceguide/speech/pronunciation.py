"""A sentence as it is read -> as it is said: codes, ranges, times and units in words, names by a lexicon.

Nothing of a text can reach an engine as a command: brackets, tags and markup signs go before anything else is done, and
only the lexicon makes phonemes.
"""
# ruff: noqa: RUF001  -- phonemes and dashes are what this is about

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from voiceguide.engines import Word
from voiceguide.errors import SpeechError

_HERE = Path(__file__).parent
_MISAKI = frozenset("AIOQSTWYᵊabcdefhijklmnopqrstuvwxyzɑɐɒæβɔɕçɖðʤəɚɛɜɟɡɥɨɪʝɯɰŋɳɲɴøɸθœɹɾɻʁɽʂʃʈʧʊʋʌɣɤχʎʒʔˈˌːʰʲᵻʣʥʦʨ")
"""The alphabet of `phonemes` in a lexicon; none of it can end hibari's markup."""

_TONES = {"a": "āáǎàă", "e": "ēéěèĕ", "i": "īíǐìĭ", "o": "ōóǒòŏ", "u": "ūúǔùŭüǖǘǚǜ"}
_NUMBER = r"\d+(?:[.,]\d+)?"
_JOINED = frozenset("\u200c\u200d")
"""Zero-width, but letters of Persian and Hindi words join by them."""

_PREFIXES = (
    "LU|LI|ST|SP|HT|SI|BL|UB|KI|KD|PC|TE|TB|TH|SJ|GB|LR|LV|GV|DU|CV|REN|KG|LG|IG|ID|GI|VB|DM|VC|VG|MC|MP|TR|BP|RM"
    "|Bl|Gb|B|V"
)
"""Of codes with a space before the number: WHO's, older English, and Romance ones."""
_MORE_PREFIXES = {"en": "|Cv|Gv|Ht|Ki|Lr|Pc|Sp", "de": "|Di|Dü|He|Le|Lu|Ma|Mi|Ni|Pe"}
"""In small letters only where they are no words: `Le 3 mai` is a date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """How a word is said."""

    phonemes: str | None
    """In English, in misaki's alphabet."""
    respelled: Mapping[str, str]
    """By language code."""


Lexicon = Mapping[str, Entry]
"""By word, its syllables apart: `shen shu`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Forms:
    """What figures and signs are read as in a language."""

    between: str
    conjunction: str
    units: Mapping[str, tuple[str, str]]
    counted: Mapping[str, str] = field(default_factory=dict)
    hour: str = ""
    minute: str = ""


def read_lexicon(path: Path | None = None) -> Lexicon:
    """Read our lexicon and, going before it, a user's own. Raises SpeechError naming what is wrong in it."""
    return {**_ours(), **_entries(path)} if path else _ours()


@cache
def _ours() -> Lexicon:
    return _entries(_HERE / "lexicon.toml")


def pronounced(text: str, language: str, lexicon: Lexicon) -> tuple[str | Word, ...]:
    """Put a text into words a voice of the language reads right; where the lexicon knows a word, into a `Word`."""
    code = re.split("[-_]", language.lower())[0]
    said = _codes(_in_words(_plain(text), code), code)
    return tuple(_split(re.sub(r"\s+", " ", said).strip(), code, lexicon))


def _plain(text: str) -> str:
    """Keep letters, figures and punctuation; what an engine might take for a command becomes a space or a comma."""
    kept = "".join(_harmless(char) for char in unicodedata.normalize("NFC", text))
    spaced = re.sub(r"\s+", " ", kept)
    return re.sub(r"\s*,(?:\s*,)*\s*(?=[,.;:!?…]|$)|^[\s,]+", "", re.sub(r"\s+,", ",", spaced))


def _harmless(char: str) -> str:
    if char in "()":
        return ", "
    if char in "[]{}<>|\\`^~_*#" or (unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn", "So") and char != "°"):
        return " "
    return "" if unicodedata.category(char) == "Cf" and char not in _JOINED else char


def _in_words(text: str, code: str) -> str:
    text = re.sub(r"(?<![\w-])\d+(?:-\d+){2,}(?![\w-])", lambda match: match[0].replace("-", ", "), text)  # 4-7-8
    forms = _forms().get(code)
    if not forms:
        return text
    text = _ranges(_clock_times(text, forms), forms)
    return _counting(_units(text, forms), forms).replace("&", f" {forms.conjunction} ")


def _counting(text: str, forms: _Forms) -> str:
    """Read 1 Minute as eine Minute, 21 minutos as veintiún minutos."""
    if not forms.counted:
        return text
    found = "|".join(map(re.escape, forms.counted))
    return re.sub(rf"(?<![\w.,:])({found})(?!\w)", lambda match: forms.counted[match[1]], text)


def _clock_times(text: str, forms: _Forms) -> str:
    """Read `20:00` as a time of day: 8 p.m., 20 Uhr, 20 heures. A length is written as `20 minutes`."""
    am_or_pm = r"(?:\s?([AaPp])\.?[Mm]\b\.?)?"
    pattern = rf"(?<![\w:.,])(\d{{1,2}}):([0-5]\d)(?![\w:]|[.,]\d){am_or_pm}(?:\s?(?:Uhr|uur|h|heures)\b)?"

    def said(match: re.Match[str]) -> str:
        hour, minute = int(match[1]), int(match[2])
        if hour > 24:
            return match[0]
        if forms.hour:
            return (forms.minute if minute else forms.hour).format(h=hour, m=minute)
        return _english_time(hour, minute, match[3], in_24=hour > 12 or match[1].startswith("0"))

    return re.sub(pattern, said, text).replace(".m..", ".m.")


def _english_time(hour: int, minute: int, half: str | None, *, in_24: bool) -> str:
    if hour % 12 == 0 and not minute and not half:
        return "midnight" if hour in (0, 24) else "noon"
    part = (half or ("p" if 12 <= hour < 24 else "a")).lower() + ".m." if half or in_24 else ""
    minutes = f" {'oh ' if minute < 10 else ''}{minute}" if minute else "" if part else " o'clock"
    return f"{hour % 12 or 12}{minutes} {part}".strip()


def _codes(text: str, code: str) -> str:
    """Spell a point's code, however it is written: BL23, B 23, Bl-23, EX-HN3 -> B L 23, B 23, B L 23, E X H N 3."""
    return _code(code).sub(lambda match: f"{' '.join(filter(str.isalpha, match[1].upper()))} {match[2]}", text)


@cache
def _code(language: str) -> re.Pattern[str]:
    """Find letters and a number: together, or apart where the letters are known for a point's."""
    apart = _PREFIXES + _MORE_PREFIXES.get(language, "")
    return re.compile(
        rf"(?<!\w)((?:EX|M)-?[A-Z]{{2}}[- ]?|(?:[A-Z]{{1,3}}|[A-Z][a-zü])-?|(?:{apart}) )0?(\d{{1,2}})(?!\w|[.,:]\d)"
    )


def _ranges(text: str, forms: _Forms) -> str:
    between = rf"(?<![\w.,–-])({_NUMBER})\s?[-–—]\s?({_NUMBER})(?![\w.–-]*\d)"
    return re.sub(between, rf"\1 {forms.between} \2", text)


def _units(text: str, forms: _Forms) -> str:
    """Read 5 min, 90s, 1.5 cm, 20 % and 1m30s; `5-min` as in `a 5-min rest` stays in the singular."""
    units = dict(forms.units)

    def duration(match: re.Match[str]) -> str:
        of_time = units | {"m": units["min"]}
        return " ".join(_counted(number, of_time[unit]) for number, unit in re.findall(r"(\d+)([hms])", match[0]))

    names = "|".join(sorted(map(re.escape, units), key=len, reverse=True))
    text = re.sub(r"(?<![\w.,])(?:\d+[hms]){2,3}(?!\w)", duration, text)
    text = re.sub(rf"({_NUMBER})-({names})(?![\w%])\.?(?=\s\w)", lambda of: f"{of[1]} {units[of[2]][0]}", text)
    full_stop = r"(?:(?<=min|sec|Min|Sek|Std)\.(?=\s[a-zäöü,]))?"
    return re.sub(rf"(?<!\w)({_NUMBER})\s?({names})(?!\w){full_stop}", lambda of: _counted(of[1], units[of[2]]), text)


def _counted(number: str, names: tuple[str, str]) -> str:
    one, many = names
    return f"{number} {one if number == '1' else many}"


def _split(text: str, code: str, lexicon: Lexicon) -> Iterator[str | Word]:
    """Give the text in parts, words of the lexicon apart."""
    position = 0
    words = tuple(sorted(lexicon, key=len, reverse=True))
    for match in _finder(words).finditer(text):
        entry = lexicon[words[(match.lastindex or 1) - 1]]
        say = entry.respelled.get(code)
        phonemes = entry.phonemes if code == "en" else None
        if say or phonemes:
            yield from filter(None, (text[position : match.start()],))
            yield Word(written=match[0], say=say or match[0], phonemes=phonemes)
            position = match.end()
    yield from filter(None, (text[position:],))


@cache
def _finder(words: tuple[str, ...]) -> re.Pattern[str]:
    """Find words with or without tone marks, their syllables together, apart or hyphenated: each in a group."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(_spellings, words))})(?!\w)", re.IGNORECASE)


def _spellings(word: str) -> str:
    letters = "".join(
        "[ -]?" if char == " " else f"[{char}{_TONES.get(char, '')}]" if char.isalpha() else re.escape(char)
        for char in word
    )
    return f"({letters})"


def _entries(path: Path) -> dict[str, Entry]:
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except (OSError, ValueError) as error:
        raise SpeechError(f"the lexicon '{path}' can't be read: {error}", hint=_FORM) from error
    return {unicodedata.normalize("NFC", word.lower()): _entry(path, word, fields) for word, fields in table.items()}


def _entry(path: Path, word: str, fields: object) -> Entry:
    texts = isinstance(fields, dict) and fields and all(isinstance(value, str) for value in fields.values())
    if not isinstance(fields, dict) or not texts or not word.strip():
        raise SpeechError(f"the lexicon '{path}' does not say how '{word}' is said", hint=_FORM)
    phonemes = fields.pop("phonemes", None)
    strange = sorted(set(phonemes or "") - _MISAKI - {" "})
    if strange:
        raise SpeechError(
            f"the lexicon '{path}' has phonemes for '{word}' outside misaki's alphabet: {' '.join(strange)}",
            hint='write the word as it is said instead, as en = "chee"',
        )
    return Entry(phonemes=phonemes, respelled={code: _plain(say) for code, say in fields.items()})


@cache
def _forms() -> Mapping[str, _Forms]:
    with (_HERE / "spoken_forms.toml").open("rb") as file:
        return {code: _Forms(**fields) for code, fields in tomllib.load(file).items()}


_FORM = 'write [word], and under it en = "as it is said"'
