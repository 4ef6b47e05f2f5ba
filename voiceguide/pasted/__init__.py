"""Text as it was pasted -> a script that says the same words in the same order, and what was not understood of it.

Nothing is lost: what is no direction that `directions` knows stays as text. What a script can't have is written so
that it can: brackets with backslashes, an item of a list as a line, a rule as an empty line.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from voiceguide.cues.sentences import sentences
from voiceguide.errors import ScriptError
from voiceguide.pasted.directions import DIRECTION, Direction, inside, is_near, read_direction

_LONGEST_SENTENCE = 450
"""Characters: at most 500 are read as one, and a mark may add to them."""
_LONGEST_TITLE = 60
_WRAPPED = 50
"""A line so long that ends without a full stop was broken by its editor, if a small letter follows."""

_RULE = re.compile(r"([-_=~*.…·•\s]+)")
_HEADING = re.compile(r"#{1,6}\s+(.*?)\s*#*")
_BOLD = re.compile(r"\*\*([^*]+)\*\*|__([^_]+)__")
_NUMBERED = re.compile(r"\d{1,3}[.)]\s+\S.*")
_ENDS = tuple('.!?…:;,"”»)')
_ITEM = re.compile(r"(?:[-+*•]\s+|>\s*|`{3,}|~{3,}|\|\s*)")
_NUMBER = re.compile(r"(\d{1,9})[.)](?=\s|$)")
_UNFIT = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff\ufeff\ufffe\uffff]"
)
_LINE_ENDS = re.compile(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
_TAG = re.compile(r"<(?=[A-Za-z/!?][^<>]*>)")
_EMPHASIS = re.compile(r"(\*{1,3}(?=[^\s*])[^*]*(?<=[^\s*])\*{1,3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What was not understood, or decided for the writer."""

    line: int
    """Of the pasted text, counted from 1."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    """A script made of a text."""

    text: str
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line of the pasted text."""

    number: int
    text: str
    apart: bool
    """Nothing stands above and below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """A line of the script to be."""

    kind: Literal["heading", "heard", "other"]
    text: str
    number: int


@dataclass(slots=True, kw_only=True)
class _Desk:
    """What is at hand while a text is worked through."""

    language: str
    notes: list[Note] = field(default_factory=list)
    bell: str | None = None
    """The first sound that rings: the one that can be chosen."""

    def note(self, line: int, message: str) -> None:
        self.notes.append(Note(line=line, message=message))


def script_of(text: str, *, title: str, language: str) -> Pasted:
    """Make a script of a text. A heading above all others is its title. Raises ScriptError for a text without words."""
    desk = _Desk(language=language)
    written = [one for line in _lines(text, desk) for one in _written(line, desk)]
    title, written = _with_title(title, written)
    body = _with_chapters(written, desk)
    if not any(one.kind == "heard" for one in body):
        raise ScriptError("there are no words in this text", hint="paste what is to be said")
    bell = [] if desk.bell is None else ["params:", f"  bell: {desk.bell}"]
    head = ["---", f"title: {json.dumps(title, ensure_ascii=False)}", f"language: {language}", *bell, "---"]
    lines = "\n".join([*head, *(one.text for one in body)])
    notes = sorted(desk.notes, key=lambda note: note.line)
    return Pasted(text=re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n", notes=tuple(notes))


# --- lines --------------------------------------------------------------------------------------------------------


def _lines(text: str, desk: _Desk) -> Iterator[_Line]:
    """Part a text into its lines, those put together that an editor broke."""
    lines = [_fit(line, number, desk) for number, line in enumerate(_LINE_ENDS.split(text), start=1)]
    whole: list[tuple[int, str]] = []
    for number, line in enumerate(lines, start=1):
        if whole and _goes_on(whole[-1][1], lines[number - 2], line):
            whole[-1] = (whole[-1][0], f"{whole[-1][1]} {line}")
        else:
            whole.append((number, line))
    around = ["", *(line for _, line in whole), ""]
    for place, (number, line) in enumerate(whole):
        yield _Line(number=number, text=line, apart=not around[place] and not around[place + 2])


def _fit(line: str, number: int, desk: _Desk) -> str:
    """Take out what can't be seen or spoken, and spaces no one hears."""
    clean, taken = _UNFIT.subn(" ", unicodedata.normalize("NFC", line))
    if taken:
        desk.note(number, "characters that can't be seen were left out")
    return " ".join(clean.split())


def _goes_on(whole: str, last: str, line: str) -> bool:
    return len(last) >= _WRAPPED and line[:1].islower() and not whole.endswith(_ENDS)


def _written(line: _Line, desk: _Desk) -> Iterator[_Written]:
    """Write a line as the script has it: a heading, a direction, or what is said."""
    if not line.text or _RULE.fullmatch(line.text):
        yield _Written(kind="other", text="", number=line.number)
        return
    direction = _alone(line, desk)
    title = None if direction else _title(line)
    if direction:
        yield _Written(kind="heard" if direction.sound else "other", text=_cue(direction, desk), number=line.number)
    elif title:
        yield _Written(kind="heading", text=title, number=line.number)
    else:
        yield from _said(line.text, line.number, desk)


def _title(line: _Line) -> str | None:
    """Give the title of a heading: marked, in bold, in capitals, or numbered; all but the first stand apart."""
    marked = _HEADING.fullmatch(line.text)
    bold = _BOLD.fullmatch(line.text) if line.apart else None
    found = marked or bold
    title = next(text for text in found.groups() if text is not None) if found else line.text
    if not _has_words(title):
        return None
    plain = line.apart and len(title) <= _LONGEST_TITLE and not title.endswith(_ENDS)
    capitals = title.isupper() and sum(char.isalpha() for char in title) > 1
    return title if found or (plain and (capitals or _NUMBERED.fullmatch(title))) else None


def _alone(line: _Line, desk: _Desk) -> Direction | None:
    """Understand a line that is nothing but a direction."""
    match = DIRECTION.fullmatch(line.text)
    if match:
        return _direction(next(inside(match)), line.number, desk)
    marked = line.text[0] in "….-–—_~" or line.text.isupper()  # noqa: RUF001  -- dashes, as people type them
    timed = re.search(r"\d|minute|second", line.text) and not line.text.endswith((".", "!", "?"))
    direction = read_direction(line.text, bare=True)
    if direction and not marked and not timed:
        hint = direction.cue if not direction.sound else f"[chime {direction.sound}{direction.cue}]"
        desk.note(line.number, f"'{line.text}' is said; if it is a direction, write {hint}")
        return None
    return _direction(line.text, line.number, desk) if direction else None


def _direction(text: str, number: int, desk: _Desk) -> Direction | None:
    direction = read_direction(text)
    if direction and direction.guessed:
        desk.note(number, f"'{text.strip()}' does not say how long: it became {direction.cue}")
    return direction


def _cue(direction: Direction, desk: _Desk) -> str:
    if direction.sound is None:
        return direction.cue
    desk.bell = desk.bell or direction.sound
    sound = "{{ bell }}" if direction.sound == desk.bell else direction.sound
    return f"[chime {sound}{direction.cue}]"


# --- what is said -------------------------------------------------------------------------------------------------


def _said(text: str, number: int, desk: _Desk) -> Iterator[_Written]:
    """Write what is said, and the directions in it, in one line; in several where a sentence is too long."""
    rows: list[list[str | Direction]] = [[]]
    for part in _parts(text, number, desk):
        if isinstance(part, Direction):
            rows[-1].append(part)
            continue
        first, *others = _breathable(part, desk.language)
        rows[-1].append(first)
        rows += [[other] for other in others]
        if others:
            desk.note(number, "a sentence was too long to follow: it goes on in a line of its own")
    for row in rows:
        yield _row(row, number, desk)


def _parts(text: str, number: int, desk: _Desk) -> Iterator[str | Direction]:
    """Part a line into words and the directions in it."""
    start = 0
    for match in DIRECTION.finditer(text):
        direction = _direction(next(inside(match)), number, desk)
        if direction:
            yield _set_apart(text[start : match.start()])
            yield direction
            start = match.end()
        elif match["square"] or match["curly"] or match["ssml"] or is_near(match[0]) or match[0] == text:
            desk.note(
                number, f"'{match[0]}' is said as it stands; if it is a direction, write a cue such as [pause 4s]"
            )
    yield _set_apart(text[start:])


def _set_apart(text: str) -> str:
    """Keep what looks like HTML or a link from being taken for one."""
    return _TAG.sub("< ", text).replace("](", "] (")


def _breathable(text: str, language: str) -> list[str]:
    """Part a text where a sentence in it is too long."""
    parts = []
    while cut := _cut(text, language):
        parts += _breathable(text[:cut], language)  # what is cut may end its sentences elsewhere
        text = text[cut:]
    return [*parts, text]


def _cut(text: str, language: str) -> int:
    """Find where to part the first sentence that is too long, at best after a comma; 0 where none is."""
    start = next((start for start, end in sentences(text, language) if end - start > _LONGEST_SENTENCE), None)
    if start is None:
        return 0
    stretch = text[start : start + _LONGEST_SENTENCE]
    ends = (max(stretch.rfind(mark) for mark in marks) for marks in ((", ", "; ", ": ", "), "), (" ",)))
    return start + next((end + 1 for end in ends if end > 0), _LONGEST_SENTENCE)


def _row(parts: Sequence[str | Direction], number: int, desk: _Desk) -> _Written:
    """Write one line of what is said."""
    alone = not any(isinstance(part, Direction) for part in parts)
    comment = ""
    if alone:
        said, comment = _without_words("".join(map(str, parts)), number, desk)
        parts = [said]
    first, *others = parts
    parts = [_without_marks(first) if isinstance(first, str) else first, *others]
    texts = [_escaped(part.strip()) if isinstance(part, str) else _cue(part, desk) for part in parts]
    line = " ".join(filter(None, [*texts, comment])).replace("](", "] (")  # a cue before brackets is no link
    line = f"\\{line}" if line.startswith("#") else line
    heard = any(part.sound if isinstance(part, Direction) else _has_words(part) for part in parts)
    return _Written(kind="heard" if heard else "other", text=line, number=number)


def _without_words(text: str, number: int, desk: _Desk) -> tuple[str, str]:
    """Part a line into its sentences and, as a comment, what has no letter or number: it can't be said by itself."""
    silent: list[str] = []
    text = _without_marks(text)
    while mute := [part for part in _sentences(text, desk.language) if not _has_words(part)]:
        silent += mute
        rest = " ".join(filter(_has_words, _sentences(text, desk.language)))
        text = _without_marks(rest)  # and this may end its sentences elsewhere
    if any(unicodedata.category(char).startswith("S") for char in "".join(silent)):
        desk.note(number, f"'{' '.join(silent)}' can't be said: it became a comment")
    return text, f"{{# {' '.join(silent).replace('#}', '# }')} #}}" if silent else ""


def _sentences(text: str, language: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text, language)]


def _has_words(text: str) -> bool:
    return any(char.isalnum() for char in text)


def _without_marks(text: str) -> str:
    """Take off what marks an item of a list, a quotation, a table or code; a number stays, as "1:"."""
    text = text.strip()
    while mark := _ITEM.match(text):
        text = text[mark.end() :]
    return _NUMBER.sub(r"\1:", text, count=1) if _NUMBER.match(text) else text.rstrip("|").rstrip()


def _escaped(text: str) -> str:
    """Let the characters of the script language mean themselves; stars around a word may stay, they are not said."""
    plain = re.sub(r"[\[\]\\]", r"\\\g<0>", text)
    pieces = _EMPHASIS.split(plain)
    plain = "".join(piece if number % 2 else piece.replace("*", r"\*") for number, piece in enumerate(pieces))
    return re.sub(r"\{[{%#]", r'{{ "\g<0>" }}', plain)


# --- chapters -----------------------------------------------------------------------------------------------------


def _with_title(title: str, written: Sequence[_Written]) -> tuple[str, list[_Written]]:
    """Take a heading that stands above all others for the title."""
    filled = [one for one in written if one.text]
    if len(filled) > 1 and filled[0].kind == filled[1].kind == "heading":
        return filled[0].text, list(written[written.index(filled[0]) + 1 :])
    return title, list(written)


def _with_chapters(written: Sequence[_Written], desk: _Desk) -> list[_Written]:
    """Write headings as chapters; where nothing is heard in one, its heading is said."""
    body: list[_Written] = []
    for place, one in enumerate(written):
        if one.kind != "heading":
            body.append(one)
            continue
        below = (other.kind for other in written[place + 1 :] if other.kind != "other")
        if next(below, "heading") == "heard":
            body.append(replace(one, text=f"# {_escaped(_set_apart(one.text))}"))
        else:
            desk.note(one.number, f"nothing is heard below '{one.text}': it is said itself")
            body += _said(one.text, one.number, desk)
    return body
