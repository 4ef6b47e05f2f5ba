"""A template's tokens -> the same with marks between; marked output -> lines that know where each piece was written.

A mark is one private character, so that nothing a template does to its text can tear one apart: one before each piece
of template text, one on either side of each `{{ }}`, one that tells the kind of value it came to, one for what `pick`
chose, and one at the end of a line that holds Jinja. Scripts and values can't hold such characters (`read_text`,
`read_value`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import jinja2
from jinja2.ext import Extension
from jinja2.lexer import Lexer, TokenStream

from voiceguide.errors import Place, ScriptError
from voiceguide.script.text import Line, Piece, SourceText, plain

_MOST_TAGS = 10_000
_LARGEST = 1e15

Kind = Literal["text", "number", "choice", "duration"]
TEXT, NUMBER, CHOICE, DURATION = "\ue010", "\ue011", "\ue012", "\ue013"
_KINDS: dict[str, Kind] = {TEXT: "text", NUMBER: "number", CHOICE: "choice", DURATION: "duration"}
_CLOSE = "\ue014"
_VANISHES = "\ue015"
PICKED = "\ue016"
_FIRST_MARK, _LAST_MARK = 0xF0000, 0x10FFFD
_ANY_MARK = f"\ue010-\ue016{chr(_FIRST_MARK)}-{chr(_LAST_MARK)}"
MARKED = re.compile(f"[{_ANY_MARK}]")
_RUN = re.compile(f"[{_ANY_MARK}]|\n|[^\n{_ANY_MARK}]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A template: the script itself, or a part."""

    source: SourceText
    base: int = 0
    """Where the template begins in the file's text."""
    tags: list[tuple[int, int]] = field(default_factory=list)
    """The stretches of `{{ }}` and `{% %}`, in order."""

    def place(self, start: int, end: int) -> Place:
        return self.source.place(start, end)

    def tag_at(self, offset: int) -> tuple[int, int]:
        return next((tag for tag in self.tags if tag[0] <= offset < tag[1]), (offset, offset + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    file: SourceText
    start: int
    end: int
    expression: bool
    """A `{{ }}`; else the text that follows is what stands there."""


@dataclass(slots=True, kw_only=True)
class Ledger:
    """What was marked so far, in all the templates of one expansion."""

    files: dict[str | None, File] = field(default_factory=dict)
    """By Jinja's name for them; None is the script itself."""
    marks: list[Mark] = field(default_factory=list)
    tags: int = 0

    def mark(self, file: SourceText, start: int, end: int, *, expression: bool) -> str:
        """Note a stretch, and give the character that stands for it."""
        code = _FIRST_MARK + len(self.marks)
        if code > _LAST_MARK:
            raise ScriptError("the script has too many lines", at=file.place(start, end), hint="shorten it")
        self.marks.append(Mark(file=file, start=start, end=end, expression=expression))
        return chr(code)

    def count_tag(self, file: File, start: int) -> None:
        self.tags += 1
        if self.tags > _MOST_TAGS:
            at = file.place(start, start + 1)
            raise ScriptError(f"there are more than {_MOST_TAGS:,} tags", at=at, hint="use a loop, or text")


class Marker(Extension):
    """Marks the tokens of each template, and drops the lines that hold only tags.

    Jinja is given offsets for line numbers (from 1), so that the places of its errors are exact. Its own ways to trim
    would join "One{% if … %} and two{% endif %}" with the line below.
    """

    ledger: Ledger
    tokens: list[tuple[int, str, str]]

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002  -- Jinja's
        file = self.ledger.files[name]
        self.tokens = []
        for line in _logical_lines(_raw_tokens(self.environment.lexer, source, name, file, self.ledger)):
            self.tokens += _marked_line(self.ledger, file, line)
        return source

    def filter_stream(self, stream: TokenStream) -> TokenStream:
        tokens = self.environment.lexer.wrap(self.tokens, stream.name, stream.filename)
        return TokenStream(tokens, stream.name, stream.filename)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raw:
    """A token as Jinja's lexer saw it, and where it stands."""

    kind: str
    text: str
    start: int
    """In the file's text."""

    @property
    def end(self) -> int:
        return self.start + len(self.text.rstrip())


def _raw_tokens(lexer: Lexer, source: str, name: str | None, file: File, ledger: Ledger) -> list[_Raw]:
    """Tokenise; the lexer's tokens follow each other but for white space that a `{%-` strips."""
    tokens: list[_Raw] = []
    position = 0
    try:
        for _, kind, text in lexer.tokeniter(source, name):
            while not source.startswith(text, position):
                position += 1
            tokens.append(_Raw(kind=kind, text=text, start=file.base + position))
            _check_literal(tokens[-1], file)
            _check_nesting(tokens, file)
            if kind in _ENDS:
                ledger.count_tag(file, file.base + position)
            position += len(text)
    except jinja2.TemplateSyntaxError as error:
        unclosed = tokens and (error.message or "").startswith("Missing end of")
        at = tokens[-1].start if unclosed else file.base + position
        if (opened := _opened(tokens)) and not _is_closed(file, opened.start):
            raise _unclosed(opened, file) from error
        raise jinja2.TemplateSyntaxError(error.message or "", at + 1, name) from error
    if opened := _opened(tokens):
        raise _unclosed(opened, file)
    return tokens


def _opened(tokens: list[_Raw]) -> _Raw | None:
    """Give the beginning of the `{{ }}` or `{% %}` that has not ended yet."""
    last = next((token for token in reversed(tokens) if token.kind in _OPENS | _ENDS), None)
    return last if last and last.kind in _OPENS else None


def _check_nesting(tokens: list[_Raw], file: File) -> None:
    """Refuse a tag that begins inside another: Jinja takes it for a dict, and goes on to the end of the script."""
    if tokens[-1].text not in {"{", "%"} or len(tokens) < 2 or tokens[-2].text != "{":
        return
    if tokens[-2].start + 1 == tokens[-1].start and (opened := _opened(tokens)):
        raise _unclosed(opened, file)


def _unclosed(opened: _Raw, file: File) -> ScriptError:
    begin = opened.text[:2]
    at = file.place(opened.start, opened.start + len(begin))
    return ScriptError(f"this {begin} is not closed", at=at, hint=f"close it with {_PARTNERS[begin]}")


def _is_closed(file: File, start: int) -> bool:
    """Tell whether a tag that can't be read ends before a blank line, the next tag, or the end of all."""
    text = file.source.text
    rest = re.compile(r"\n[ \t]*\n|\{[{%#]|\Z").search(text, start + 2)
    return _PARTNERS[text[start : start + 2]] in text[start : rest.start() if rest else len(text)]


_PARTNERS = {"{{": "}}", "{%": "%}"}


def _check_literal(token: _Raw, file: File) -> None:
    """Refuse what could forge marks, and numbers too long to read."""
    if token.kind == "string" and "\\" in token.text and re.search(r"\\[^\\'\"n]", token.text):
        at = file.place(token.start, token.end)
        raise ScriptError("escapes can't be used here", at=at, hint="write the character itself")
    if token.kind in {"integer", "float"} and len(token.text) > 15:
        at = file.place(token.start, token.end)
        raise ScriptError("this number is too long", at=at, hint="write at most 15 digits")
    if token.kind == "float" and float(token.text.replace("_", "")) > _LARGEST:
        at = file.place(token.start, token.end)
        raise ScriptError("this number is too large", at=at, hint="write a smaller one")


def _logical_lines(tokens: list[_Raw]) -> Iterator[list[_Raw]]:
    """Part the tokens where a line of template text ends."""
    line: list[_Raw] = []
    for token in tokens:
        if token.kind != "data":
            line.append(token)
            continue
        start = token.start
        for text in re.findall(r"[^\n]*\n|[^\n]+", token.text):
            line.append(_Raw(kind="data", text=text, start=start))
            start += len(text)
            if text.endswith("\n"):
                yield line
                line = []
    yield line


_OPENS = {"variable_begin", "block_begin"}
_BEGINS = _OPENS | {"comment_begin", "raw_begin"}
_ENDS = {"variable_end", "block_end"}


def _marked_line(ledger: Ledger, file: File, line: list[_Raw]) -> Iterator[tuple[int, str, str]]:
    kinds = {token.kind for token in line}
    only_tags = "variable_begin" not in kinds and kinds & (_BEGINS | {"block_end", "comment_end", "raw_end"})
    if only_tags and not any(token.kind == "data" and token.text.strip() for token in line):
        line = [token for token in line if token.kind != "data"]
    opened = 0
    spans = _tag_spans(line)
    for token in line:
        number = token.start + 1
        if token.kind in _OPENS:
            file.tags.append(spans[opened])
        if token.kind == "variable_begin":
            start, end = spans[opened]
            yield number, "data", ledger.mark(file.source, start, end, expression=True)
        if token.kind == "data":
            yield number, "data", _marked_text(ledger, file, token, vanishes=bool(kinds & (_BEGINS | _ENDS)))
        else:
            yield number, token.kind, token.text
        if token.kind == "variable_end":
            yield number, "data", _CLOSE
        opened += token.kind in _ENDS


def _tag_spans(line: list[_Raw]) -> list[tuple[int, int]]:
    """The stretches of the tags."""
    begins = [token.start for token in line if token.kind in _OPENS]
    ends = [token.end for token in line if token.kind in _ENDS]
    return list(zip(begins, ends, strict=True))


def _marked_text(ledger: Ledger, file: File, token: _Raw, *, vanishes: bool) -> str:
    end = token.start + len(token.text)
    text = token.text
    if vanishes and text.endswith("\n"):
        text = f"{text[:-1]}{_VANISHES}\n"
    return ledger.mark(file.source, token.start, end, expression=False) + text


# --- from marked text to lines ------------------------------------------------------------------------------------


def lines_of(output: str, ledger: Ledger, start: Place) -> tuple[Line, ...]:
    """Part marked output into lines; `start` is the place of what stands before any mark."""
    return _Walk(ledger.marks, start).lines(output)


class _Walk:
    """Goes once through the output, and gives each run of characters the place the last mark before it names."""

    def __init__(self, marks: list[Mark], start: Place) -> None:
        self._marks = marks
        self._text: Mark | None = None
        self._used = 0
        self._open: list[Mark] = []
        self._value: Kind | None = None
        self._picked = False
        self._line = ""
        self._pieces: list[Piece] = []
        self._vanishes = False
        self._at = start
        self._lines: list[Line] = []

    def lines(self, output: str) -> tuple[Line, ...]:
        for run in _RUN.findall(output):
            if run == "\n":
                self._end_line()
                self._used += 1
            elif MARKED.match(run):
                self._meet(run)
            else:
                self._add(run)
        if self._line.strip():
            self._end_line()
        return tuple(self._lines)

    def _meet(self, mark: str) -> None:
        if mark == _VANISHES:
            self._vanishes = True
        elif mark == PICKED:
            self._picked = True
        elif mark == _CLOSE:
            self._open = self._open[:-1]
            self._value = "text" if self._open else None
            self._picked = False
        elif mark in _KINDS:
            self._value = _KINDS[mark]
        else:
            self._begin(self._marks[ord(mark) - _FIRST_MARK])

    def _begin(self, mark: Mark) -> None:
        self._value = "text" if mark.expression else None
        if mark.expression:
            self._open.append(mark)
        else:
            self._text, self._used = mark, 0
            self._at = mark.file.place(mark.start, mark.start) if not self._line else self._at

    def _add(self, run: str) -> None:
        start, end = len(self._line), len(self._line) + len(run)
        self._line += run
        value, mark, offset = self._value, self._text, 0
        if value is None and mark is not None:
            offset = mark.start + self._used
            self._used += len(run)
            if mark.file.text[offset : mark.end][: len(run)].casefold() != run.casefold():
                value = "text"  # a value that a template put behind a piece of its own, which may be cut
        if value is not None and self._open:
            mark = self._open[-1]
        if mark is None:
            return
        width = len(run) if value is None else mark.end - mark.start
        self._pieces.append(
            Piece(
                start=start,
                end=end,
                file=mark.file,
                offset=offset if value is None else mark.start,
                width=width,
                value=value,
                gave=None if value is None else plain(run),
                picked=self._picked,
            )
        )

    def _end_line(self) -> None:
        blank = not self._line.strip()
        if not (blank and (self._vanishes or not self._lines or not self._lines[-1].text.strip())):
            line = Line(text="" if blank else self._line, at=self._at, pieces=tuple(self._pieces))
            start = len(self._line) - len(self._line.lstrip())
            at = self._at if blank else line.place(start, len(self._line.rstrip()))
            self._lines.append(Line(text=line.text, at=at, pieces=() if blank else line.pieces))
        self._line, self._pieces, self._vanishes = "", [], False
