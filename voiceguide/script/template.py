"""A template and its values -> its text, with marks that tell where each piece of it was written.

A script may be a stranger's: what its template can use is listed here, and nothing else is there.
"""

import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, cast
from zlib import crc32

import jinja2
from jinja2 import nodes
from jinja2.runtime import Context, LoopContext, Macro, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace, pass_environment
from jinja2.visitor import NodeTransformer

from voiceguide import points, shipped
from voiceguide.durations import Duration, Ms, spoken
from voiceguide.errors import Refusal, ScriptError, did_you_mean
from voiceguide.script.compiled import compiled
from voiceguide.script.faults import AS_SPOKEN, AS_WRITTEN, CAUGHT, in_words
from voiceguide.script.marks import CHOICE, DURATION, MARKED, NUMBER, PICKED, TEXT, File, Ledger, Marker
from voiceguide.script.parameters import Chosen, Value
from voiceguide.script.text import SourceText, plain, read_text, stood_in

_log = logging.getLogger(__name__)

_MOST_OUTPUT = 1_000_000
_MOST_REPEATS = 100_000
_MOST_STEPS = 10_000
_MOST_UNLIMITED = 1000
"""Of repeats, and of steps: the most that is made of a few characters where nothing is limited."""
_MOST_BITS = 256
_LONGEST_NAME = 200
"""Bytes: a file's name has at most 255."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a template is expanded for, besides its values."""

    language: str
    position: str
    """As the script writes it: what `every_point` makes of points depends on it."""
    shelves: tuple[Path, ...]
    """The folders `part` looks through, in this order."""
    seed: int
    """Decides which of its texts each `pick` gives."""
    limited: bool = False
    """Whether the process has limits of time and memory: only there may parts be others than the shipped ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What a template came to."""

    text: str
    """With the marks of the ledger."""
    ledger: Ledger
    varies: bool
    """Whether another seed gives other words."""


class NotHereError(Exception):
    """A template does what may take much time or memory: it is to be filled in where both have an end."""


def fill_in(source: SourceText, body: int, values: Mapping[str, Value], setting: Setting) -> Filled:
    """Fill in the text from `body` on. Raises ScriptError, or NotHereError where nothing is limited."""
    environment = _Environment(setting)
    environment.globals.update(values)
    environment.ledger.files[None] = File(source=source, base=body)
    try:
        output = _counted(environment.from_string(source.text[body:]).generate())
    except CAUGHT as error:
        fault = in_words(error, environment, environment.ledger)
        if fault is None:
            raise
        raise fault from error
    return Filled(text=output, ledger=environment.ledger, varies=environment.picks)


def _counted(pieces: Iterator[str]) -> str:
    kept, size = [], 0
    for piece in pieces:
        size += len(piece)
        if size > _MOST_OUTPUT:
            raise ScriptError(f"the script comes to more than {_MOST_OUTPUT:,} characters", hint="repeat less of it")
        kept.append(piece)
    return "".join(kept)


class _Environment(ImmutableSandboxedEnvironment):
    """What a script may do: no file outside its shelves, no method but a few harmless ones, nothing that grows."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self, setting: Setting) -> None:
        super().__init__(
            undefined=jinja2.StrictUndefined,
            keep_trailing_newline=True,
            extensions=[Marker],
            loader=_Parts(setting),
            finalize=_finalize,
            optimized=False,
            autoescape=False,
        )
        self.setting = setting
        self.ledger = Ledger()
        self.picks = False
        cast("Marker", self.extensions[Marker.identifier]).ledger = self.ledger
        self.filters = {name: self.filters[name] for name in _PLAIN_FILTERS} | _OWN_FILTERS
        self.tests = {name: self.tests[name] for name in _PLAIN_TESTS}
        self.globals = {
            "every_point": _every_point,
            "namespace": Namespace,
            "part": _part,
            "pick": _pick,
            "points_table": _PointsTable(setting.language),
            "points_time": _points_time,
            "range": _range,
            "refuse": _refuse,
            "you": _you,
        }

    def compile(self, source: Any, name: str | None = None, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  -- Jinja's
        compile_now = partial(super().compile, source, name, *args, **kwargs)
        return compiled(compile_now, self.ledger.files[name], self.ledger, name, self.setting.language)

    def handle_exception(self, source: str | None = None) -> NoReturn:  # noqa: ARG002  -- Jinja's signature
        raise  # noqa: PLE0704  -- inside Jinja's `except`: its rewriting of tracebacks would undo our line numbers

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        for kind, names in _ATTRIBUTES:
            if isinstance(obj, kind):
                return attr in names
        return isinstance(obj, _OPEN) and super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: object) -> None:  # noqa: ARG002  -- `is_safe_attribute` allows no formatting
        return None

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401  -- Jinja's
        self.check_size(_check_growth(operator, left, right))
        _check_kinds(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def check_size(self, count: int) -> None:
        """Leave what becomes large to where there are limits."""
        if count > _MOST_UNLIMITED and not self.setting.limited:
            raise NotHereError

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:  # noqa: ANN401  -- Jinja's own
        _Adapted().visit(source)
        return super()._generate(source, *args, **kwargs)


class _Adapted(NodeTransformer):
    """Gives expressions the meaning they have here."""

    def visit_Const(self, node: nodes.Const) -> nodes.Expr:  # noqa: N802  -- Jinja's own
        """Let a text of the template, as long as it is not changed, be as good as a choice: `breathe("4s", "6s")`."""
        if not isinstance(node.value, str):
            return node
        return nodes.Filter(node, AS_WRITTEN, [], [], None, None, lineno=node.lineno)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:  # noqa: N802  -- Jinja's own
        """Join with `~` what can be spoken, written as it would be alone: not `None`, nor all digits of a third."""
        self.generic_visit(node)
        node.nodes = [nodes.Filter(one, AS_SPOKEN, [], [], None, None, lineno=node.lineno) for one in node.nodes]
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:  # noqa: N802  -- Jinja's own
        """Let `part` see loop variables too, as `include` does."""
        self.generic_visit(node)
        if isinstance(node.node, nodes.Name) and node.node.name in _IN_CONTEXT:
            node.args.insert(0, nodes.DerivedContextReference())
        return node


# --- what a template may use --------------------------------------------------------------------------------------


class _Parts(jinja2.BaseLoader):
    """Finds `_parts/NAME.md`, in the script's language first; a link never leads out of a shelf."""

    def __init__(self, setting: Setting) -> None:
        tongues = dict.fromkeys((setting.language, setting.language.partition("-")[0]))
        self.shelves = setting.shelves
        self.folders = [(shelf, shelf / sub) for shelf in self.shelves for sub in (*tongues, "")]
        self.limited = setting.limited

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, None, None]:
        name = template.removesuffix(".md")
        if len(name.encode()) > _LONGEST_NAME or not re.fullmatch(r"\w[\w-]*(/\w[\w-]*)*", name):
            raise ScriptError(f"a part can't be called '{template}'", hint='write its name alone, as in part("safety")')
        source = self._read(name)
        if source is None:
            raise ScriptError(f"there is no part called '{template}'", hint=self._hint(name))
        cast("_Environment", environment).ledger.files[template] = File(source=source)
        return source.text, None, None

    def _read(self, name: str) -> SourceText | None:
        for shelf, folder in self.folders:
            path = folder / f"{name}.md"
            if os.path.isfile(path):  # noqa: PTH113  -- Path's raises for a folder that is not ours to read
                if not path.resolve().is_relative_to(shelf.resolve()):
                    message = f"the part '{name}' is a link that leads out of its folder"
                    raise ScriptError(message, hint="copy the file there instead")
                if not (self.limited or is_shipped(path)):
                    raise NotHereError
                return read_text(path)
        return None

    def _hint(self, name: str) -> str:
        """Say what was meant, or in which languages there is such a part."""
        elsewhere = {path.relative_to(shelf).parts[0] for shelf in self.shelves for path in shelf.glob(f"*/{name}.md")}
        if languages := [language for code in sorted(elsewhere) if (language := _language(code))]:
            return f"it is there in {' and '.join(languages)} only; put your own into _parts/"
        return did_you_mean(name, {path.stem for _, folder in self.folders for path in folder.glob("*.md")})


def is_shipped(path: Path) -> bool:
    """Tell whether a script or part came with this package."""
    return path.resolve().is_relative_to(shipped.folder("scripts").resolve())


def _language(code: str) -> str | None:
    """Name the language of a code, as in `German (de)`; None for what is no code."""
    from babel.core import Locale, UnknownLocaleError  # noqa: PLC0415  -- 0.1 s that most scripts need not pay

    try:
        return f"{Locale.parse(code, sep='-').get_display_name('en')} ({code})"
    except (UnknownLocaleError, ValueError):  # Babel's, for a language it does not know, and for what is no code
        return None


_IN_CONTEXT = frozenset({"every_point", "part", "points_time", "you"})
"""Functions that are told what a template's variables are where they are called."""


@pass_environment
def _part(environment: _Environment, context: Context, name: object = None, *rest: object) -> str:
    if not isinstance(name, str) or rest:
        raise ScriptError("part() takes one name", hint='write {{ part("safety") }}')
    return _included(environment, plain(name), context.get_all())


def _included(environment: _Environment, name: str, variables: dict[str, Any]) -> str:
    template = environment.get_template(name)
    return "".join(template.root_render_func(template.new_context(variables, shared=True)))


class _Picked(str):
    """A text that another seed would have given another for."""

    __slots__ = ()


class _PickedChoice(_Picked, Chosen):
    """The same, of texts that may stand inside a cue."""

    __slots__ = ()


@pass_environment
def _pick(environment: _Environment, *texts: object) -> _Picked:
    """Give one of several wordings. Neighbouring seeds give different ones, and no two picks go in step."""
    wordings = [_wording(text) for text in texts]
    if len(wordings) < 2:
        raise ScriptError("pick() chooses from two texts or more", hint=_PICK)
    if len(set(wordings)) < len(wordings):
        raise ScriptError("two texts of pick() are the same", hint="let each be another, or take one out")
    environment.picks = True
    chosen = wordings[_turn(environment.setting.seed, wordings)]
    return _PickedChoice(chosen) if all(isinstance(one, Chosen) for one in wordings) else _Picked(chosen)


def _turn(seed: int, wordings: Sequence[str]) -> int:
    """Count on by one from seed to seed; of three or more now and then by two, each pick at its own times."""
    own = crc32("\n".join(wordings).encode())  # not `hash`, which is another one in each process
    skipped = seed * (own % _SKIPS) // _SKIPS if len(wordings) > 2 else 0
    return (seed + own + skipped) % len(wordings)


_SKIPS = 31
"""A prime: so the whole of a session comes again only after that many times as many days as the picks alone need."""
_PICK = 'write {{ pick("one wording", "another") }}'


def _wording(text: object) -> str:
    if not isinstance(text, str) or MARKED.search(text):
        raise ScriptError("pick() takes texts", hint=_PICK)
    _refuse_cue(text)
    return text


def _you(context: Context, *forms: object) -> str:
    """Give the form for someone who is addressed in the familiar way, or the one for the formal way."""
    if len(forms) != 2 or not all(isinstance(form, str) for form in forms):
        raise ScriptError("you() takes two texts, for a familiar and for a formal address", hint=_YOU)
    address = context.get("address")
    if address not in _ADDRESSES:
        raise ScriptError("you() goes by the parameter 'address', familiar or formal", hint=f"declare {_ADDRESS}")
    return cast("str", forms[_ADDRESSES.index(address)])


_ADDRESSES = ("familiar", "formal")
_ADDRESS = "address: {type: choice, choices: [familiar, formal], default: familiar}"
_YOU = 'write {{ you("Leg dich", "Legen Sie sich") }}'


class _PointsTable:
    """The points by code or name: `points_table.BL23`, `points_table["EX-HN3"]`."""

    def __init__(self, language: str) -> None:
        self._language = language

    def __getitem__(self, name: object) -> points.Point:
        return points.resolve(plain(str(name)), self._language)


def _refuse(message: str, hint: str | None = None) -> NoReturn:
    """Stop, in the script's own words, and say what to ask for instead."""
    raise Refusal(plain(message), hint=None if hint is None else plain(hint))


@pass_environment
def _every_point(
    environment: _Environment, context: Context, these: object = (), each: object = None, within: object = None,
    *, again: bool = False, position: object = None,
) -> str:  # fmt: skip
    """Make the blocks for points, by the part `every-point`."""
    planned = _round(environment, context, these, each, within, again=again, position=position)
    if planned.another_day:
        names = ", ".join(point.code for point in planned.another_day)
        _log.warning("there is no time for %s: make the session longer, or choose fewer points", names)
    own = {name: getattr(planned, name) for name in ("visits", "avoided", "another_day")}
    return _included(environment, "every-point", context.get_all() | own | {"again": again})


@pass_environment
def _points_time(
    environment: _Environment, context: Context, these: object = (), each: object = None, within: object = None,
    *, again: bool = False, position: object = None,
) -> Duration:  # fmt: skip
    """Say how long `every_point` takes for the same, about."""
    return _round(environment, context, these, each, within, again=again, position=position).time


def _round(
    environment: _Environment, context: Context, these: object, each: object, within: object, *, again: bool,
    position: object,
) -> points.Round:  # fmt: skip
    names = these.split(",") if isinstance(these, str) else these
    if not isinstance(names, list | tuple):
        raise ScriptError("these are no points", hint='write a list of them, as in every_point(["BL23", "GV4"])')
    setting = environment.setting
    return points.plan_round(
        [points.resolve(plain(str(name)).strip(), setting.language) for name in names],
        setting.position if position is None else plain(str(position)),
        each=_time(each, "each") or None,
        within=_time(within, "within"),
        pregnant=bool(context.get("pregnant")),
        again=again,
    )


def _time(value: object, name: str) -> Duration | None:
    """Read a duration, or a number of minutes; None where nothing is given."""
    match value:
        case Duration():
            return value
        case None | Undefined():
            return None
        case int() | float() if not isinstance(value, bool):
            return Duration(Ms(max(0, round(value * 60_000))))
    raise ScriptError(f"'{name}' is a time", hint="give it a duration, or a number of minutes")


@pass_environment
def _range(environment: _Environment, *bounds: object) -> range:
    numbers = [int(bound) for bound in bounds if isinstance(bound, int | float) and bound % 1 == 0]
    if not 1 <= len(numbers) == len(bounds) <= 3 or numbers[2:] == [0]:
        hint = "write range(3) for 0, 1, 2, or range(1, 4) for 1, 2, 3"
        raise ScriptError("range() takes one, two or three whole numbers", hint=hint)
    steps = range(*numbers)
    if len(steps) > _MOST_STEPS:
        raise ScriptError(f"range() has more than {_MOST_STEPS:,} steps", hint="count to less")
    environment.check_size(len(steps))
    return steps


def _after(value: object, prefix: str) -> str:
    """Put a prefix before a value, if there is a value."""
    text = _shown(value) if value else ""
    return f"{prefix}{text}" if MARKED.sub("", text).strip() else ""


@pass_environment
def _spoken(environment: _Environment, value: object) -> str:
    """Say a duration or number in the script's language."""
    from babel.core import UnknownLocaleError  # noqa: PLC0415  -- 0.1 s that most scripts need not pay
    from babel.numbers import format_decimal  # noqa: PLC0415  -- the same

    locale = environment.setting.language.replace("-", "_")
    try:
        if isinstance(value, Duration):
            return spoken(value.ms, locale)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return format_decimal(value, locale=locale)
    except UnknownLocaleError as error:
        raise ScriptError(
            f"no numbers are known in the language '{environment.setting.language}'", hint="write them out"
        ) from error
    raise ScriptError(f"only a duration or a number can be spoken so, not '{_shown(value)}'", hint="take | spoken out")


def _join(values: object, separator: str = "") -> str:
    parts = [_shown(value) for value in cast("list[object]", values)]
    if sum(map(len, parts)) + len(separator) * len(parts) > _MOST_REPEATS:
        raise ScriptError("this text becomes too long", hint="join less")
    return separator.join(parts)


def _capitalize(text: object) -> str:
    lead, rest = _leading_marks(_shown(text))
    return lead + rest[:1].upper() + rest[1:]


def _trim(text: object) -> str:
    lead, rest = _leading_marks(_shown(text))
    return lead + rest.strip()


def _leading_marks(text: str) -> tuple[str, str]:
    length = len(text) - len(text.lstrip("".join(set(MARKED.findall(text)))))
    return text[:length], text[length:]


_PLAIN_FILTERS = str.split(
    "abs d default count first float int last length list lower max min reject reverse round select sort sum "
    "unique upper"
)
_PLAIN_TESTS = str.split(
    "defined divisibleby eq equalto even false ge gt greaterthan in integer le lessthan lt ne none number odd "
    "string true undefined == != > >= < <="
)

_ATTRIBUTES: tuple[tuple[type, frozenset[str]], ...] = (
    (str, frozenset({"capitalize", "endswith", "lower", "startswith", "strip", "upper"})),
    (dict, frozenset({"get", "items", "keys", "values"})),
    (Duration, frozenset({"minutes", "seconds"})),
    (points.Point, frozenset(points.Point.__slots__)),
    (points.Visit, frozenset({*points.Visit.__slots__, "announced", "halfway", "most"})),
    (points.Stay, frozenset(points.Stay.__slots__)),
)
_OPEN = (LoopContext, Macro, Namespace, jinja2.runtime.TemplateReference, jinja2.environment.TemplateModule)


def _check_growth(operator: str, left: object, right: object) -> int:
    """Refuse `'a' * 10**9`, `10**(10**8)`, `'%9999d' % 1` and their like before they are worked out.

    Gives how long a text or list becomes by being repeated.
    """
    if operator == "%" and isinstance(left, str):
        raise ScriptError("% can't be used with text", hint="use {{ }} inside the text")
    repeated = 0
    for text, times in ((left, right), (right, left)):
        if isinstance(text, str | list | tuple) and isinstance(times, int):
            repeated = len(text) * times
    if repeated > _MOST_REPEATS:
        raise ScriptError(f"this repeats to more than {_MOST_REPEATS:,}", hint="repeat less")
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * abs(right) if operator == "**" else left.bit_length() + right.bit_length()
        if operator != "%" and bits > _MOST_BITS:
            raise ScriptError("this number becomes too large", hint="use smaller numbers")
    return repeated


def _check_kinds(operator: str, left: object, right: object) -> None:
    """Refuse `each + 1`, and what would be less than nothing."""
    match left, operator, right:
        case Duration(), "+", Duration():
            return
        case Duration(), "-", Duration():
            if right > left:
                message = f"{left} less {right} would be less than nothing"
                raise ScriptError(message, hint="check the values with {% if %}")
        case (Duration(), "*" | "/" | "//", int() | float()) | (int() | float(), "*", Duration()):
            return
        case (Duration(), _, _) | (_, _, Duration()):
            hint = "add it to another, or multiply and divide it by a number"
            raise ScriptError(f"{operator} can't be used so with a duration", hint=hint)


# --- what comes out of {{ }} --------------------------------------------------------------------------------------


def _finalize(value: object) -> str:
    """Turn what a `{{ }}` came to into text that can't form a cue, marked with its kind."""
    match value:
        case str() if MARKED.search(value):
            return value  # template text, by `part`, a macro or a block: each piece in it is marked already
        case str():
            _refuse_cue(value)
            picked = PICKED if isinstance(value, _Picked) else ""
            return picked + (CHOICE if isinstance(value, Chosen) else TEXT) + stood_in(value)
        case Undefined():
            return TEXT + str(value)  # nothing, where {{ … if … }} has no else; all else is strict
        case Duration():
            return DURATION + _shown(value)
        case _:
            return NUMBER + _shown(value)


def _refuse_cue(text: str) -> None:
    if "[" in text or "]" in text:  # only a text of the template still has them
        hint = "write the cue as text, with {% if %} around it"
        raise ScriptError("a cue can't come out of {{ }}", hint=hint)


def _shown(value: object) -> str:
    """Write a value as text. Raises ScriptError for what has no text of its own."""
    match value:
        case str() | Duration() | Undefined():
            return str(value)  # an undefined one raises here, but for {{ … if … }} without else
        case bool():
            raise ScriptError("this is yes or no, which can't be spoken", hint="use it in {% if %}")
        case int():
            return str(value)
        case float() if abs(value) < 1e15:
            return f"{value:.3f}".rstrip("0").rstrip(".")
        case list() | tuple():
            hint = '{% for one in these %} … {% endfor %} goes through them; {{ these | join(", ") }} lists them'
            raise ScriptError("these are several values", hint=hint)
        case _:
            raise ScriptError("this is nothing that can be spoken", hint="write a text, a number or a duration")


_OWN_FILTERS = {
    AS_SPOKEN: _shown,
    AS_WRITTEN: Chosen,
    "after": _after,
    "capitalize": _capitalize,
    "join": _join,
    "spoken": _spoken,
    "trim": _trim,
}
