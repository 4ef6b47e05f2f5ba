"""The text of a front matter -> texts, lists and dicts, and where each of them stands. PyYAML lives here."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

from voiceguide.errors import Place, ScriptError
from voiceguide.script.text import SourceText, unfit_character

_DEEPEST = 16
_MOST_NODES = 2000

KeyPath = tuple[str | int, ...]
"""Keys and positions, from the outermost."""


class Quoted(str):
    """A text that was written in quotes: it means nothing but itself."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """YAML as text, lists and dicts, and where each of them stands."""

    source: SourceText
    start: int
    data: dict[str, Any] = field(default_factory=dict)
    keys: dict[KeyPath, tuple[int, int]] = field(default_factory=dict)
    values: dict[KeyPath, tuple[int, int]] = field(default_factory=dict)

    def place(self, path: KeyPath, *, key: bool = False) -> Place:
        """Give the place of a value or its key; of the nearest that has one, where it is missing."""
        spans = self.keys if key else self.values
        while path and path not in spans:
            path = path[:-1]
            spans = self.keys if path in self.keys else self.values
        start, end = spans.get(path, (0, 3))
        if start == end and path in self.keys:
            start, end = self.keys[path]
        return self.source.place(start, end)

    def span(self, node: yaml.Node) -> tuple[int, int]:
        return self.start + node.start_mark.index, self.start + node.end_mark.index


class _Loader(yaml.SafeLoader):
    """Refuses whatever makes a short text large or means more than it shows."""

    nodes = 0
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:  # noqa: ANN401  -- PyYAML's own
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it out
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _refused(event, "anchors (&) and aliases (*) can't be used here", 'put the text in quotes: "&", "*"')
        if getattr(event, "tag", None):
            raise _refused(event, "tags (!) can't be used here", 'put the text in quotes: "!"')
        self.nodes += 1
        self.depth += 1
        if self.depth > _DEEPEST or self.nodes > _MOST_NODES:
            raise _refused(event, "the front matter holds too much", f"at most {_MOST_NODES} values, {_DEEPEST} deep")
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _refused(at: yaml.Event | yaml.Node, problem: str, hint: str) -> yaml.MarkedYAMLError:
    mark: Any = at.start_mark  # the stubs give it one type here and another there
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark, note=hint)


@lru_cache(maxsize=64)
def read_tree(source: SourceText, start: int, end: int) -> Tree:
    """Read the YAML in a stretch of a text; the tree is shared: don't write to it. Raises ScriptError.

    Kept in mind, as it takes longer than all else of a front matter, and a studio reads one with each step of a slider.
    """
    tree = Tree(source=source, start=start)
    loader = _Loader(source.text[start:end])
    try:
        node = loader.get_single_node()
        if node is None:
            return tree
        if not isinstance(node, yaml.MappingNode):
            raise _refused(
                node, "the front matter is made of lines such as title: Ten minutes for the back", "write name: value"
            )
        tree.data.update(_read_mapping(node, tree, ()))
    except yaml.MarkedYAMLError as error:
        raise _yaml_error(source, start, error) from error
    except ValueError as error:  # an escape such as "\U00110000", beyond Unicode
        at = start + loader.get_mark().index
        raise ScriptError("this escape is no character", at=source.place(at, at + 1), hint="write it itself") from error
    return tree


def _read_node(node: yaml.Node, tree: Tree, path: KeyPath) -> Any:  # noqa: ANN401  -- YAML's own shape
    tree.values[path] = tree.span(node)
    if isinstance(node, yaml.MappingNode):
        return _read_mapping(node, tree, path)
    if isinstance(node, yaml.SequenceNode):
        return [_read_node(item, tree, (*path, number)) for number, item in enumerate(node.value)]
    if not isinstance(node, yaml.ScalarNode):
        raise AssertionError("YAML has no fourth kind of node")  # noqa: TRY004  -- it can't happen
    if unfit := unfit_character(node.value):
        raise _refused(node, f"{unfit} can't be seen or spoken", "delete this escape")
    return Quoted(node.value) if node.style in {"'", '"'} else node.value


def _read_mapping(node: yaml.MappingNode, tree: Tree, path: KeyPath) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or unfit_character(key.value):
            raise _refused(key, "this is no name", "write a word before the colon")
        here = (*path, key.value)
        if key.value in mapping:
            first = tree.source.text.count("\n", 0, tree.keys[here][0]) + 1
            at = tree.source.place(*tree.span(key))
            raise ScriptError(
                f"'{key.value}' stands here a second time", at=at, hint=f"line {first} has it too: keep one"
            )
        tree.keys[here] = tree.span(key)
        mapping[key.value] = _read_node(value, tree, here)
    return mapping


def _yaml_error(source: SourceText, start: int, error: yaml.MarkedYAMLError) -> ScriptError:
    problem = error.problem or "this can't be read"
    if problem.startswith(("expected ',' or ']'", "expected ',' or '}'")):
        return _list_error(source, start, error)
    began = error.context_mark if any(part in problem for part in _NOT_ENDED) else None
    mark = began or error.problem_mark or error.context_mark
    at = min(start + (mark.index if mark else 0), len(source.text) - 1)
    message, hint = next(
        (words for part, words in _YAML_WORDS.items() if part in problem),
        (problem, error.note or "write each line as name: value"),
    )
    if source.text[at] == "\t":
        message, hint = "a tab can't stand here", "indent with spaces"
    return ScriptError(message, at=source.place(at, at + 1), hint=hint)


def _list_error(source: SourceText, start: int, error: yaml.MarkedYAMLError) -> ScriptError:
    """Show a list or braces where they begin, unless what can't be read in them stands on the same line."""
    opened, noticed = error.context_mark, error.problem_mark
    if opened is None or noticed is None:
        raise AssertionError("PyYAML marks both")
    what, hint = (
        ("the list", "write it as [BL23, GV4]")
        if "']'" in str(error.problem)
        else ("the braces", "write them as {label: Your name, type: text}")
    )
    if opened.line == noticed.line and source.text[start + noticed.index] not in "]}":
        at = start + noticed.index
        return ScriptError("a comma is missing before this", at=source.place(at, at + 1), hint=hint)
    at = start + opened.index
    closed = "is not closed" if what == "the list" else "are not closed"
    return ScriptError(f"{what} {closed}", at=source.place(at, at + 1), hint=hint)


_NOT_ENDED = ("could not find expected ':'", "unexpected end of stream", "unexpected document separator")
"""Better shown where they begin than where they are noticed."""


_YAML_WORDS = {
    "mapping values are not allowed": ("a second colon can't be read here", 'put the text in quotes: "One: two"'),
    "could not find expected ':'": ("this line has no colon", "write it as name: value"),
    "cannot start any token": ("this character can't begin a value", "put the text in quotes"),
    "unexpected end of stream": ("this is not closed", "close the quotes or brackets"),
    "unexpected document separator": ("this is not closed", "close the quotes or brackets"),
    "expected <block end>": ("this line begins at another depth than the one before", "line up its first letter"),
    "but found another document": ("the front matter ends here", "take this line out"),
}
