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

AS_WRITTEN, AS_SPOKEN = "(as written)", "(as spoken)"
"""Filters of ours that no template can name."""


def in_words(error: BaseException, environment: jinja2.Environment, ledger: Ledger) -> ScriptError | None:
    """Turn one of `CAUGHT` into a ScriptError with a place; None for what is no fault of the template."""
    match error:
        case ScriptError():
            return type(error)(error.message, at=error.at or _raised_at(error, ledger), hint=error.hint)
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
    if "non-namespace object" in str(error):  # of these alone Jinja does not note the place
        inner = (tag for tag in file.tags if re.match(r"\{%[-+]?\s*set\s+\w+\.", file.source.text[slice(*tag)]))
        return file.place(*next(inner, file.tag_at(offset)))
    return file.place(*file.tag_at(offset))


def _syntax_error(error: jinja2.TemplateSyntaxError, environment: jinja2.Environment, ledger: Ledger) -> ScriptError:
    problem = error.message or ""
    file = ledger.files[error.name]
    start = max(file.base, error.lineno - 1)
    word = re.compile(r"\w+|[-+]?[%}]\}|\S|$").match(file.source.text, start)
    end = word.end() if word else start + 1
    if unknown := re.search(r"[Nn]o (filter|test) named '(.+?)'", problem):
        return _no_filter_or_test(unknown[1], unknown[2], environment, file, start)
    if tag := re.match(r"Encountered unknown tag '(\w+)'", problem):
        return _misplaced_tag(tag[1], problem, file, start)
    if unclosed := _UNCLOSED.search(problem):
        return _block_not_closed(unclosed[1], file, len(file.source.text))
    if re.match(r"\{%[-+]?\s*else\s+if\b", file.source.text[file.tag_at(start)[0] :]):
        at = file.place(start, end)
        return ScriptError("{% else %} has no condition", at=at, hint="write {% elif … %} for another one")
    message, hint = _plainly(problem, _JINJA_WORDS) or ("this can't be read", "check its spelling, brackets and quotes")
    return ScriptError(message.replace("WORD", word[0] if word else ""), at=file.place(start, end), hint=hint)


_UNCLOSED = re.compile(r"innermost block that needs to be closed is '(\w+)'")


def _no_filter_or_test(what: str, name: str, environment: jinja2.Environment, file: File, start: int) -> ScriptError:
    names = (environment.filters if what == "filter" else environment.tests).keys() - {AS_WRITTEN, AS_SPOKEN}
    return _about_name(f"there is no {what} called", name, names, file, start)


def _misplaced_tag(name: str, problem: str, file: File, start: int) -> ScriptError:
    at = file.place(start, start + len(name))
    unclosed = _UNCLOSED.search(problem)
    if name.startswith("end") and unclosed:
        return _block_not_closed(unclosed[1], file, start)
    if name.startswith("end") and len(name) > len("end"):
        hint = "take it out, or write what it closes above it"
        return ScriptError(f"'{name}' closes nothing", at=at, hint=hint)
    if name in {"else", "elif"}:
        hint = "an {% if %} has {% elif %} as often as you like, then one {% else %}"
        return ScriptError(f"this {name} belongs to no {{% if %}}", at=at, hint=hint)
    meant = "write {% elif … %}" if re.match(r"els?e?_?if", name) else _TAGS
    return ScriptError(f"there is no tag called '{name}'", at=at, hint=meant)


def _block_not_closed(name: str, file: File, before: int) -> ScriptError:
    at = file.place(*_last_open(file, name, before))
    return ScriptError(f"'{name}' is not closed", at=at, hint=_CLOSINGS.get(name, f"add {{% end{name} %}} below"))


_CLOSINGS = {"set": "write {% set name = value %}, or add {% endset %} below"}


def _last_open(file: File, name: str, before: int) -> tuple[int, int]:
    """Find the tag of a block that has no end."""
    still_open: list[tuple[int, int]] = []
    for start, end in (tag for tag in file.tags if tag[1] <= before):
        tag = re.match(r"\{%[-+]?\s*(\w+)", file.source.text[start:end])
        if tag and tag[1] == name:
            still_open.append((start, end))
        elif tag and tag[1] == f"end{name}":
            still_open = still_open[:-1]
    return still_open[-1] if still_open else file.tags[-1]


def _runtime_error(error: BaseException, environment: jinja2.Environment, ledger: Ledger) -> ScriptError:
    text = str(getattr(error, "message", None) or error)
    template, _, offset = _frames(error)[-1]
    file = ledger.files[template.name]
    if unknown := re.fullmatch(r"'(\w+)' is undefined", text):
        return _undefined(unknown[1], environment, file, offset)
    if unknown := re.match(r"No (test|filter) named '(\w+)'", text):
        return _no_filter_or_test(unknown[1], unknown[2], environment, file, offset)
    message, hint = _runtime_words(error, text)
    return ScriptError(message, at=_raised_at(error, ledger), hint=hint)


def _runtime_words(error: BaseException, text: str) -> tuple[str, str | None]:
    if isinstance(error, SecurityError) or "is unsafe" in text:
        attribute = re.search(r"attribute '(.+?)'", text)
        used = f"'{attribute[1]}'" if attribute else "this"
        return f"{used} can't be used in a script", "it is neither a value nor a filter"
    if unknown := re.fullmatch(r"'(.+)' has no (?:attribute|element) '?(.+?)'?", text):
        hint = did_you_mean(unknown[2], points.Point.__slots__) if "Point" in unknown[1] else "check its name"
        return f"there is no '{unknown[2]}' in this value", hint
    if call := re.match(r"(?:\w+\.)?(?:_|do_|test_)?(\w+?)(?:\(\))? (missing|takes|got|expected|arg)\b", text):
        name = "count" if call[1] == "len" else call[1]
        return f"'{name}' can't be used so", _USES.get(name, "check what stands between its brackets")
    return _plainly(text, _PYTHON_WORDS) or ("this can't be worked out", "check the values it is made of")


def _undefined(name: str, environment: jinja2.Environment, file: File, offset: int) -> ScriptError:
    error = _about_name("there is no value called", name, environment.globals, file, offset)
    if name in {"minutes", "length"}:
        hint = "the front matter gives it a length with a line such as minutes: 10 (8 to 20)"
        return ScriptError("this script has no length of its own", at=error.at, hint=hint)
    return error


def _about_name(message: str, name: str, names: Iterable[str], file: File, offset: int) -> ScriptError:
    tags = [file.tag_at(offset), *(() if offset else file.tags)]  # 0: Jinja notes no place for a test in {% if %}
    word = re.compile(rf"\b{re.escape(name)}\b")
    found = next((match for tag in tags if (match := word.search(file.source.text, *tag))), None)
    at = file.place(found.start(), found.end()) if found else file.place(*tags[0])
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
    if twice := re.search(r"duplicate argument 'l_\d+_(\w+)'", str(error)):
        hint = "give each value of a macro its own name"
        return ScriptError(
            f"a macro has two values called '{twice[1]}'", at=_twice_in_a_macro(twice[1], ledger), hint=hint
        )
    if len(frames) > 20:
        return ScriptError("this macro calls itself without end", at=at, hint="let it stop with {% if %}")
    return ScriptError("this is nested too deeply, or becomes too large", at=at, hint="write it in smaller steps")


def _twice_in_a_macro(name: str, ledger: Ledger) -> Place | None:
    twice = re.compile(rf"\{{%[-+]?\s*(?:macro|call)\b.*\b({name})\b.*\b({name})\b", re.DOTALL)
    found = ((file, twice.match(file.source.text, *tag)) for file in ledger.files.values() for tag in file.tags)
    return next((file.place(*match.span(2)) for file, match in found if match), None)


def _plainly(problem: str, words: tuple[tuple[str, str, str | None], ...]) -> tuple[str, str | None] | None:
    """Say what Jinja or Python says of a mistake in words for the writer of a script; None where there are none."""
    for pattern, message, hint in words:
        if match := re.search(pattern, problem):
            return match.expand(message), hint
    return None


_TAGS = (
    "write {% if %}, {% elif %}, {% else %}, {% endif %}, {% for %}, {% endfor %}, {% set %}, {% macro %} or "
    "{% endmacro %}"
)
_JINJA_WORDS = (
    (r"Missing end of comment", "the comment is not closed", "close it with #}"),
    (r"Missing end of raw", "{% raw %} is not closed", "close it with {% endraw %}"),
    (r"unexpected char ('\"'|\"'\")", "this quote is not closed", "write one behind it too"),
    (r"unexpected char", "'WORD' can't be read here", None),
    (r"expected token 'end of print statement', got", "'WORD' can't be read here", "close {{ with }} before it"),
    (r"expected token 'end of statement block', got", "'WORD' can't be read here", "close {% with %} before it"),
    (r"unexpected '.', expected '(.)'$", r"'\1' is missing before this", None),
    (r"unexpected '(\W+)'$", r"'\1' stands here without its partner", None),
    (r"xpected an expression|unexpected 'end of|got 'end of|name or number", "something is missing before this",
     "write a name or a value"),
    (r"expected token 'name', got", "a name is missing before this", "use letters, digits and _"),
    (r"expected token '(\W|in|import|as)', got", r"'\1' is missing before this", None),
    (r"(?i)can('|no)t assign to", "nothing can be put into this", "write {% set name = value %}"),
    (r"block '(\w+)' defined twice", r"there are two blocks called '\1'", "rename one"),
    (r"Block names in Jinja", "a block can't be called so", "use letters, digits and _"),
    (r"non-default argument follows", "this needs a value too, as those before it have", "or write it before them"),
    (r"tag name expected", "there is no tag here", _TAGS),
    (r"expected call", "a macro is missing here", 'write {% call name("a value") %}'),
)  # fmt: skip

_ONE, _SEVERAL = "this is one value, not several", "make it a list, as in [1, 2]"
_PYTHON_WORDS = (
    (r"division|modulo|by zero|negative power", "this divides by zero", "check the values with {% if %}"),
    (r"interpreted as an integer", "this needs a whole number", "write it as 3, or make it one with | int"),
    (r"iterable|no len\(\)", _ONE, _SEVERAL),
    (r"has no element", "there is nothing at this place of it", "count from 0, or check it with {% if %}"),
    (r"values to unpack", "there are not as many values as names for them", "write a name for each value"),
    (r"can't sum|upported|concatenate|bad operand|__round__|multiply sequence|requires string",
     "these are not the kinds of value this works with", "a text, a number and a duration don't mix"),
    (r"not callable", "this is a value, not a macro", "take the brackets behind it out"),
    (r"unhashable", "a list can't be used here", "take one value of it"),
    (r"sequence was empty", "there is nothing in this list", "check it with {% if %}"),
    (r"too large|out of range|infinity|NaN", "this number becomes too large", "use smaller numbers"),
    (r"method must be common", "there is no such way to round", 'write | round(1), or | round(0, "floor")'),
    (r"macro '(\w+)' takes not more than (\d+) ", r"the macro '\1' takes at most \2",
     "look at its {% macro %}"),
    (r"macro '(\w+)' takes no keyword argument '(\w+)'", r"the macro '\1' has no '\2' to be set, or has it already",
     "look at its {% macro %}"),
    (r"parameter '(\w+)' was not provided", r"the macro is not told its '\1'", "write a value between the brackets"),
    (r"special caller argument", "this macro has no place for what stands in {% call %}",
     "write {{ caller() }} where it goes"),
    (r"No caller defined", "this macro needs something put into it", "use it as {% call name() %} … {% endcall %}"),
    (r"non-namespace object", "a value's inside can't be set", "write {% set name = value %}"),
    (r"empty list of templates", "there is no name here", 'write {{ part("safety") }}'),
    (r"cycling", "there is nothing to go through", 'write {{ loop.cycle("left", "right") }}'),
)  # fmt: skip

_USES = {
    "after": 'write {{ name | after(", ") }}',
    "default": 'write {{ name | default("friend") }}',
    "divisibleby": "write {% if number is divisibleby 2 %}",
    "every_point": "write {{ every_point(points, each) }}",
    "join": 'write {{ these | join(", ") }}',
    "part": 'write {{ part("safety") }}',
    "pick": 'write {{ pick("one wording", "another") }}',
    "points_time": "write points_time(points, each)",
    "spoken": "write {{ length | spoken }}, without brackets",
}
