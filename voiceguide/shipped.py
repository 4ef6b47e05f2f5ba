"""A name -> the script or sound it means: where `scripts/` and `sounds/` are, ours and the user's."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from voiceguide.errors import ScriptError, did_you_mean

_PACKAGE = Path(__file__).parent
_CODE = re.compile(r"[a-z]{2,3}(-([A-Z]{2}|\d{3}))?")
"""A language's code, and the name of a folder for scripts in it."""
_OWN_LANGUAGE = re.compile(r"^language:[ \t]*[\"']?([A-Za-z]+(?:[-_]\w+)?)", re.MULTILINE)
_FRONT_MATTER_BYTES = 64 * 1024


def folder(name: str) -> Path:
    """Give the shipped `scripts` or `sounds`: inside the package in a wheel, beside it in a checkout.

    `importlib.resources` can't: it fails on folders that an editable install maps into the package.
    """
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def home() -> Path:
    """Give the user's own folder: `VOICEGUIDE_HOME`, or where this system keeps data."""
    from platformdirs import user_data_path  # noqa: PLC0415  -- `--help` need not pay for it

    named = os.environ.get("VOICEGUIDE_HOME")
    return Path(named) if named else user_data_path("voiceguide", appauthor=False)


def user_folder(name: str) -> Path:
    """Give the user's own `scripts` or `sounds`."""
    return home() / name


def shelves(name: str) -> tuple[Path, ...]:
    """Give the folders where a bare name is looked for, first match wins: `./scripts`, the user's, the shipped ones."""
    return (Path(name), user_folder(name), folder(name))


def scripts() -> dict[str, Path]:
    """Give every script that can be named, by name; the nearest folder wins. A translation's name is `de/evening`."""
    return {name: path for shelf in reversed(shelves("scripts")) for name, path in _scripts_in(shelf)}


def find_script(name: str, language: str | None = None) -> Path:
    """Find a script by path or by name, and in a language if one is asked for.

    Raises ScriptError, with the nearest name there is, or the languages.
    """
    path = _found(name)
    return path if language is None else in_language(path, language)


def in_language(script: Path, language: str) -> Path:
    """Give a script in a language: itself, or its translation. Raises ScriptError that says which languages there are.

    `de-AT` is also looked for under `de`.
    """
    there = languages(script)
    for code in (language, re.split("[-_]", language)[0]):
        if code in there:
            return there[code]
    codes = ", ".join(there)
    raise ScriptError(f"'{script.stem}' is not there in '{language}'", hint=f"it is there in {codes}")


def languages(script: Path) -> Mapping[str, Path]:
    """Give a script in every language it is there in, by its code, the original's first.

    Translations stand in folders named for their language, beside the original; if a script is found by its name alone,
    in those of all the folders where names are looked for.
    """
    home, named = home_of(script), scripts()
    found = {path.parent.name: path for path in sorted(home.glob(f"*/{script.name}")) if language_folder(path)}
    original = home / script.name
    if script in named.values():
        found |= {name.partition("/")[0]: path for name, path in named.items() if name.endswith(f"/{script.stem}")}
        original = named.get(script.stem, original)
    own = {_language_of(original): original} if original.is_file() else {}
    return own | found


def language_folder(script: Path) -> str | None:
    """Give the language a script's folder is named for: `de` of `scripts/de/evening.md`, beside `evening.md` or in a
    folder where names are looked for; None for any other folder, as `tmp` and `my` might be codes too.
    """
    around = script.parent.parent
    if not _CODE.fullmatch(script.parent.name):
        return None
    named = (around / script.name).is_file() or around.resolve() in [shelf.resolve() for shelf in shelves("scripts")]
    return script.parent.name if named else None


def home_of(script: Path) -> Path:
    """Give the folder a script stands in; of one in a folder named for its language, the one around that."""
    return script.parent.parent if language_folder(script) else script.parent


def lasting_name(script: Path) -> str:
    """Name a script so that it is found from everywhere: by its name if it has one there, else by its whole path."""
    names = (name for name, path in scripts().items() if path == script and path.is_absolute())
    return next(names, str(script.absolute()))


def _found(name: str) -> Path:
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


def _scripts_in(shelf: Path) -> Iterator[tuple[str, Path]]:
    for path in (*sorted(shelf.glob("*.md")), *sorted(shelf.glob("*/*.md"))):
        code = None if path.parent == shelf else path.parent.name
        if path.is_file() and path.name != "README.md" and (code is None or _CODE.fullmatch(code)):
            yield (f"{code}/{path.stem}" if code else path.stem), path


def _language_of(script: Path) -> str:
    """Read the language a script says it is in, without all that reading a script takes; `en` if it says nothing."""
    with script.open("rb") as file:
        front = file.read(_FRONT_MATTER_BYTES).decode("utf-8", "replace").partition("\n---")[0]
    says = _OWN_LANGUAGE.search(front)
    return says[1].replace("_", "-") if says else "en"
