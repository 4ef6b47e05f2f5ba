"""A name -> a script of one's own to start from: our model, another script, or a text that was pasted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from voiceguide import shipped
from voiceguide.errors import OutputError, ScriptError
from voiceguide.pasted import Note, script_of

_NAME = re.compile(r"\w[\w -]{0,59}")
_FENCE = re.compile(r"^---[ \t]*\n", re.MULTILINE)
_TITLE = "title: A session of your own\n"
"""In the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A script that was written, to go on from."""

    path: Path
    name: str
    """What to call it by: its bare name if it is found by it from here, else its path."""
    hides: Path | None = None
    """What had this name until now."""
    notes: Sequence[Note] = ()
    """What was not understood of a pasted text."""


def start_script(name: str, *, source: Path | None = None, text: str | None = None, language: str = "en") -> Started:
    """Write a new script: like our model, like the one at `source`, or of the words of a pasted text.

    A bare name is one in `./scripts`. Raises OutputError where a file is there already or can't be written, and
    ScriptError for a text without words.
    """
    path = _path(name)
    title = path.stem.replace("-", " ").replace("_", " ").strip().capitalize()
    notes: Sequence[Note] = ()
    if text is not None:
        pasted = script_of(text, title=title, language=language)
        script, notes = pasted.text, pasted.notes
    elif source is not None:
        script = _copied(source)
    else:
        script = _model(title)
    before = shipped.scripts().get(path.stem)
    _write(path, script)
    found = shipped.scripts().get(path.stem) == path
    return Started(path=path, name=path.stem if found else str(path), hides=before if found else None, notes=notes)


def _path(name: str) -> Path:
    path = Path(name)
    if path.suffix != ".md" and len(path.parts) == 1:
        path = Path("scripts") / f"{name}.md"
    if path.suffix != ".md" or not _NAME.fullmatch(path.stem) or path.name == "README.md":
        hint = "write a name such as evening-at-home, or a path that ends in .md"
        raise OutputError(f"a script can't be called '{name}'", hint=hint)
    return path


def _model(title: str) -> str:
    model = (Path(__file__).parent / "model.md").read_text(encoding="utf-8")
    return model.replace(_TITLE, f'title: "{title}"\n')


def _copied(source: Path) -> str:
    """Copy a script, with a note below its front matter; the parts it includes stay those it has."""
    try:
        text = source.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptError(f"'{source}' can't be read: {error}") from error
    fences = list(_FENCE.finditer(text))
    if len(fences) < 2:
        raise ScriptError(f"'{source}' has no front matter", hint="`voiceguide list` shows scripts that have")
    after = fences[1].end()
    return f"{text[:after]}{{# Copied from '{source.stem}' to be changed. #}}\n{text[after:]}"


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise OutputError(f"there is a file at '{path}' already", hint="take another name, or move it away") from error
    except OSError as error:
        raise OutputError(f"'{path}' can't be written: {error}") from error
