"""A script's text on the page -> what is wrong with it, and a script of one's own."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from voiceguide import audiofile, shipped
from voiceguide.cache import Cache
from voiceguide.check import Checked, check
from voiceguide.errors import OutputError, ScriptError

_NAME = re.compile(r"\w[\w -]{0,59}")


class TakenError(Exception):
    """There is another script of that name, or it was changed since it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A script as it is written."""

    text: str
    state: str
    """Names what was read: whoever replaces it must have seen it."""


def read(path: Path) -> Text:
    """Read a script's text. Raises ScriptError."""
    try:
        data = path.read_bytes()
        return Text(text=data.decode("utf-8-sig"), state=hashlib.sha256(data).hexdigest())
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptError(f"'{path}' can't be read: {error}") from error


def checked(text: str, path: Path, cache: Cache) -> Checked:
    """Find what is wrong with a text as if it stood in a script's place, beside the sounds and parts it uses."""
    return check(path, text=text, cache=cache)


def is_own(path: Path) -> bool:
    """Tell whether a script is the user's, and did not come with this."""
    return not path.resolve().is_relative_to(shipped.folder("scripts").resolve())


def save(name: str, text: str, replaces: str | None) -> str:
    """Keep a text as a script of one's own, found by a name that no other has; give its state.

    One's own script is replaced where it stands, if `replaces` names what is there. Raises TakenError, or OutputError.
    """
    path = shipped.scripts().get(name)
    if path is None:
        path = _new_path(name)
    elif replaces is None or not is_own(path) or read(path).state != replaces:
        raise TakenError
    with audiofile.whole(path) as file:
        file.write(text.encode())
    return read(path).state


def _new_path(name: str) -> Path:
    if not _NAME.fullmatch(name) or name.casefold() == "readme":
        hint = "use letters, digits, spaces, - and _, as in evening-at-home"
        raise OutputError(f"a script can't be called '{name}'", hint=hint)
    return shipped.user_folder("scripts") / f"{name}.md"
