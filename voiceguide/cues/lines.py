"""A line -> its stretches, spoken text and bracketed cues in turn; Markdown that can't be heard is refused."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from voiceguide.errors import CueError
from voiceguide.script import Line, plain

_ESCAPABLE = "[]#*\\"

_SHAPES = (
    (r"#{2,}", "there is one depth of headings", "write # and the title"),
    (r"#(?=[^\s#])", "a heading needs a space after its #", "write # and the title, or \\# for the character"),
    (
        r"(?P<mark>[-_=~*])\s*(?P=mark)\s*(?P=mark)[-_=~*\s]*$",
        "a rule can't be heard",
        "leave a blank line instead",
    ),
    (r"[-+*•]\s", "a list can't be heard", "write each item as a line of its own, without the dash"),
    (r"\d{1,9}[.)]\s", "a numbered list can't be heard", "write the number as a word: First, breathe in."),
    (r">", "a quotation can't be marked so", "write the line without >"),
    (r"(`{3,}|~{3,})", "a block of code can't be spoken", "write text"),
    (r"\|", "a table can't be heard", "write each row as a line of text"),
)
_SHAPES_READ = [(re.compile(rf"\s*({pattern})"), message, hint) for pattern, message, hint in _SHAPES]
_WORDS = re.compile(r"[^\[\]\\*]+")
"""What a stretch of plain words may hold."""
_HTML = re.compile(r"<[A-Za-z/!?][^<>]*>")
_LINK = re.compile(r"(!?)\[[^\[\]]*\]\([^()]*\)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a line: text between cues, or a cue."""

    start: int
    """In the line, the bracket of a cue included."""
    end: int
    cue: bool
    text: str
    """What is spoken: without stars, escapes resolved; or what stands between the brackets."""
    columns: tuple[int, ...]
    """Where in the line each character of the text stands."""


def check_shape(line: Line) -> None:
    """Refuse lines that mean something in Markdown and nothing here. Raises CueError."""
    for pattern, message, hint in _SHAPES_READ:
        if match := pattern.match(line.text):
            raise CueError(message, at=line.place(match.start(1), match.end(1)), hint=hint)
    if html := _HTML.search(line.text):
        raise CueError("HTML can't be spoken", at=line.place(*html.span()), hint="write the words alone")
    if link := _LINK.search(line.text):
        what = "a picture" if link[1] else "a link"
        raise CueError(f"{what} can't be spoken", at=line.place(*link.span()), hint="write the words alone")


def stretches(line: Line, start: int = 0) -> Iterator[Stretch]:
    """Part a line into text and cues. Raises CueError for brackets and backslashes that don't add up."""
    text: list[tuple[str, range]] = []
    here = start
    while here < len(line.text):
        char = line.text[here]
        if char == "[":
            yield from _spoken(text, start, here)
            end = _closing(line, here)
            yield _cue(line, here, end)
            text, here, start = [], end, end
        elif char == "]":
            raise CueError("this bracket closes nothing", at=line.place(here, here + 1), hint=r"write \] to speak it")
        elif char == "\\":
            text.append((_escaped(line, here), range(here, here + 1)))
            here += 2
        elif words := _WORDS.match(line.text, here):
            text.append((plain(words[0]), range(here, words.end())))
            here = words.end()
        else:
            here += 1
    yield from _spoken(text, start, here)


def _spoken(text: list[tuple[str, range]], start: int, end: int) -> Iterator[Stretch]:
    said = "".join(words for words, _ in text)
    if said.strip():
        columns = tuple(itertools.chain.from_iterable(columns for _, columns in text))
        yield Stretch(start=start, end=end, cue=False, text=said, columns=columns)


def _cue(line: Line, start: int, end: int) -> Stretch:
    text = line.text[start + 1 : end - 1]
    return Stretch(start=start, end=end, cue=True, text=text, columns=tuple(range(start + 1, end - 1)))


def _closing(line: Line, start: int) -> int:
    """Find where the cue that begins here ends."""
    if line.text.startswith("[[", start):
        hint = r"write one [ for a cue, or \[ to speak the bracket"
        raise CueError("a cue has one bracket on either side", at=line.place(start, start + 2), hint=hint)
    end = line.text.find("]", start)
    again = line.text.find("[", start + 1)
    if end < 0 or 0 <= again < end:
        at = line.place(start, start + 1)
        raise CueError("this bracket is not closed", at=at, hint=r"close it with ], or write \[ to speak it")
    if not line.text[start + 1 : end].strip():
        raise CueError("this cue is empty", at=line.place(start, end + 1), hint="write one, such as [pause 4s]")
    return end + 1


def _escaped(line: Line, here: int) -> str:
    char = line.text[here + 1 : here + 2]
    if not char or char not in _ESCAPABLE:
        hint = r"it stands before [ ] # * or \ only: write \\ to speak it"
        raise CueError("this backslash means nothing here", at=line.place(here, here + 1), hint=hint)
    return char
