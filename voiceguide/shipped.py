"""A name -> the script or sound it means: where `scripts/` and `sounds/` are, ours and the user's."""

import os
from collections.abc import Iterator
from pathlib import Path

from voiceguide.errors import ScriptError, did_you_mean

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """Give the shipped `scripts` or `sounds`: inside the package in a wheel, beside it in a checkout.

    `importlib.resources` can't: it fails on folders that an editable install maps into the package.
    """
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def user_folder(name: str) -> Path:
    """Give the user's own `scripts` or `sounds`, under `VOICEGUIDE_HOME` or where this system keeps data."""
    from platformdirs import user_data_path  # noqa: PLC0415  -- `--help` need not pay for it

    named = os.environ.get("VOICEGUIDE_HOME")
    return (Path(named) if named else user_data_path("voiceguide", appauthor=False)) / name


def shelves(name: str) -> tuple[Path, ...]:
    """Give the folders where a bare name is looked for, first match wins: `./scripts`, the user's, the shipped ones."""
    return (Path(name), user_folder(name), folder(name))


def scripts() -> dict[str, Path]:
    """Give every script that can be named, by name; the nearest folder wins."""
    return {path.stem: path for shelf in reversed(shelves("scripts")) for path in _scripts_in(shelf)}


def find_script(name: str) -> Path:
    """Find a script by path or by name. Raises ScriptError, with the nearest name there is."""
    path = Path(name)
    if path.is_file():
        return path
    known = scripts()
    if name in known:
        return known[name]
    if path.suffix or len(path.parts) > 1:
        raise ScriptError(f"there is no script at {name}", hint="`voiceguide list` shows those that have a name")
    beside = path.with_suffix(".md")
    hint = f"did you mean the file {beside}? Write its whole name" if beside.is_file() else did_you_mean(name, known)
    raise ScriptError(f"there is no script called '{name}'", hint=hint)


def _scripts_in(shelf: Path) -> Iterator[Path]:
    return (path for path in sorted(shelf.glob("*.md")) if path.is_file() and path.name != "README.md")
