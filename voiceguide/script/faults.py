"""An exception that came out of Jinja -> a ScriptError that names the place and says what to do."""

import re
import traceback
from collections.abc import Iterable
from pathlib import Path

import jinja2
from jinja2.exceptions import SecurityError

from voiceguide import points
from voiceguide.errors import Place, ScriptError, did_you_mean
from voiceguide.script.marks import File, Ledger

CAUGHT = (
    jinja2.TemplateError,
    ArithmeticError,
    LookupError,
    MemoryError,
    RecursionError,
    ScriptError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""What compiling and running a template may raise: its expressions can fail as any of Python's can."""

AS_WRITTEN = "(as written)"
"""A filter of ours that no template can name."""


def in_words(error: BaseException, environment: jinja2.Environment, ledger: Ledger) -> ScriptError | None:
    """Turn one of `CAUGHT` into a ScriptError with a place; None for what is no fault of the template."""
    match error:
        case ScriptError():
            return ScriptError(error.message, at=error.at or _raised_at(error, ledger), hint=error.hint)
        case jinja2.TemplateSyntaxError():
            return _syntax_error(error, environment, ledger)
        case RecursionError() | MemoryError() | SyntaxError():
            return _too_deep(error, ledger)
        case _ if _frames(error):
            return _runtime_error(error, environment, ledger)
    return None


def _frames(error: BaseException) -> list[tuple[jinja2.Template, str, int]]:
    """The template code an exception came through, outermost first: template, function, offset."""
    found = []
    for frame, number in traceback.walk_tb(error.__traceback__):
        template = frame.f_globals.get("__jinja_template__")
        if template is not None:
            found.append((template, frame.f_code.co_name, template.get_corresponding_lineno(number) - 1))
    return found


def _raised_at(error: BaseException, ledger: Ledger) -> Place | None:
    frames = _frames(error)
    if not frames:
        return None
    template, _, offset = frames[-1]
    file = ledger.files[template.name]
    return file.place(*file.tag_at(offset))


def _syntax_error(error: jinja2.TemplateSyntaxError, environment: jinja2.Environment, ledger: Ledger) -> ScriptError:
    message, hint = _plainly(error.message or "")
    file = ledger.files[error.name]
    start = max(file.base, error.lineno - 1)
    word = re.compile(r"\w+|\S|$").match(file.source.text, start)
    if unclosed := re.search(r"innermost block that needs to be closed is '(\w+)'", error.message or ""):
        return ScriptError(message, at=file.place(*_last_open(file, unclosed[1])), hint=hint)
    if unknown := re.search(r"[Nn]o (filter|test) named '(.+?)'", error.message or ""):
        names = (environment.filters if unknown[1] == "filter" else environment.tests).keys() - {AS_WRITTEN}
        return _about_name(f"there is no {unknown[1]} called", unknown[2], names, file, start)
    return ScriptError(message, at=file.place(start, word.end() if word else start + 1), hint=hint)


def _last_open(file: File, name: str) -> tuple[int, int]:
    """Find the tag of a block that has no end."""
    still_open: list[tuple[int, int]] = []
    for start, end in file.tags:
        tag = re.match(r"\{%[-+]?\s*(\w+)", file.source.text[start:end])
        if tag and tag[1] == name:
            still_open.append((start, end))
        elif tag and tag[1] == f"end{name}":
            still_open = still_open[:-1]
    return still_open[-1] if still_open else file.tags[-1]


def _runtime_error(error: BaseException, environment: jinja2.Environment, ledger: Ledger) -> ScriptError:
    at = _raised_at(error, ledger)
    text = getattr(error, "message", None) or str(error)
    if isinstance(error, SecurityError) or "is unsafe" in text:
        name = re.search(r"attribute '(.+?)'", text)
        used = f"'{name[1]}'" if name else "this"
        return ScriptError(f"{used} can't be used in a script", at=at, hint="it is neither a value nor a filter")
    if isinstance(error, ZeroDivisionError):
        return ScriptError("this divides by zero", at=at, hint="check the values with {% if %}")
    if unknown := re.fullmatch(r"'(\w+)' is undefined", text):
        template, _, offset = _frames(error)[-1]
        file = ledger.files[template.name]
        return _undefined(unknown[1], environment, file, offset)
    if unknown := re.fullmatch(r"'(.+)' has no (?:attribute|element) '?(.+?)'?", text):
        hint = did_you_mean(unknown[2], points.Point.__slots__) if "Point" in unknown[1] else "check its name"
        return ScriptError(f"there is no '{unknown[2]}' in this value", at=at, hint=hint)
    return ScriptError(f"this can't be worked out: {text}", at=at, hint="check the values it is made of")


def _undefined(name: str, environment: jinja2.Environment, file: File, offset: int) -> ScriptError:
    error = _about_name("there is no value called", name, environment.globals, file, offset)
    if name in {"minutes", "length"}:
        hint = "the front matter gives it a length with a line such as minutes: 10 (8 to 20)"
        return ScriptError("this script has no length of its own", at=error.at, hint=hint)
    return error


def _about_name(message: str, name: str, names: Iterable[str], file: File, offset: int) -> ScriptError:
    start, end = file.tag_at(offset)
    found = re.compile(rf"\b{re.escape(name)}\b").search(file.source.text, start, end)
    at = file.place(found.start(), found.end()) if found else file.place(start, end)
    return ScriptError(f"{message} '{name}'", at=at, hint=did_you_mean(name, names))


def _too_deep(error: BaseException, ledger: Ledger) -> ScriptError:
    frames = _frames(error)
    entered = [(ledger.files[template.name], offset) for template, code, offset in frames if code == "root"]
    paths = [file.source.path for file, _ in entered]
    first = next((path for path in paths if paths.count(path) > 1), None)
    if first is not None:
        again = paths.index(first, paths.index(first) + 1)
        names = [Path(path).stem for path in paths[paths.index(first) : again + 1]]
        file, offset = entered[again - 1]
        at = file.place(*file.tag_at(offset))
        return ScriptError(f"'{names[0]}' includes itself: {' → '.join(names)}", at=at, hint="take one of them out")
    at = _raised_at(error, ledger) or ledger.files[None].place(0, 1)
    if len(frames) > 20:
        return ScriptError("this macro calls itself without end", at=at, hint="let it stop with {% if %}")
    return ScriptError("this is nested too deeply, or becomes too large", at=at, hint="write it in smaller steps")


def _plainly(problem: str) -> tuple[str, str | None]:
    """Say what Jinja says of a mistake in plainer words."""
    for pattern, message, hint in _JINJA_WORDS:
        if match := re.search(pattern, problem):
            return match.expand(message), hint
    return f"this can't be read: {problem[:1].lower()}{problem[1:].rstrip('.')}", None


_TAGS = "write {% if %}, {% else %}, {% endif %}, {% for %}, {% endfor %} or {% set %}"
_JINJA_WORDS = (
    (r"innermost block that needs to be closed is '(\w+)'", r"'\1' is not closed", "add its {% end… %} below"),
    (r"Encountered unknown tag '(end\w+)'", r"'\1' closes nothing", "take it out, or write what it closes above it"),
    (r"Encountered unknown tag '(\w+)'", r"there is no tag called '\1'", _TAGS),
    (r"Missing end of comment", "the comment is not closed", "close it with #}"),
    (r"Missing end of raw", "{% raw %} is not closed", "close it with {% endraw %}"),
    (r"unexpected char '(.)' at", r"'\1' can't be read here", None),
    (r"expected token 'end of print statement', got '(.+)'", r"'\1' can't be read here", "close {{ with }} before it"),
    (r"expected token 'end of statement block', got '(.+)'", r"'\1' can't be read here", "close {% with %} before it"),
    (r"unexpected '(.)'(, expected '.')?$", r"'\1' stands here without its partner", None),
    (r"unexpected end of template", "this is not closed", "close {{ with }} and {% with %}"),
    (r"Expected an expression, got 'end of print statement'", "there is nothing between {{ and }}", "write a name"),
)
