"""A change someone typed -> the settings file with it, all else in it as it was: comments, order, blank lines.

tomlkit lives here and nowhere else.
"""

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from voiceguide import files
from voiceguide.durations import Ms, written
from voiceguide.errors import SettingsError, VoiceguideError, did_you_mean
from voiceguide.settings.file import read_text, settings_path
from voiceguide.settings.wishes import KEYS, Settings, Wishes

_FIRST_DAY = date(1900, 1, 1).toordinal()
"""Seeds from here on were days."""


def set_value(
    key: str, text: str, *, voices: Collection[str], chimes: Collection[str], beds: Collection[str]
) -> Settings:
    """Write a setting as it would be typed: `bell`, `voices.de`, `params.name`, `presets.evening.minutes`.

    The voices and sounds are those there are. Raises SettingsError for what can't be set so; then nothing is changed.
    """
    *tables, name = _parted(key)
    what = "voice" if tables == ["voices"] else name
    known = {"voice": voices, "bell": chimes, "bed": {*beds, "off"}}.get(what, {text})
    if tables[-1:] != ["params"] and text not in known:
        raise SettingsError(f"there is no {what} called '{text}'", hint=_nearest(text, known))

    def change(table: Any) -> None:  # noqa: ANN401  -- tomlkit's tables and documents have no type in common
        for part in tables:
            table = table.setdefault(part, {})
        table[name] = text if tables[-1:] in (["params"], ["voices"]) else _as_toml(name, text)

    return _changed(change)


def unset_value(key: str) -> Settings:
    """Take a setting out, or a whole preset. Raises SettingsError for one that is not there."""
    *tables, name = _parted(key)

    def change(table: Any) -> None:  # noqa: ANN401  -- as above
        for part in tables:
            table = table.get(part, {})
        if name not in table:
            raise SettingsError(f"'{key}' is not set", hint="`voiceguide settings` shows what is")
        del table[name]

    return _changed(change)


def save_as_preset(name: str, script: str, wishes: Wishes) -> Settings:
    """Keep what was asked for under a name, in the place of what the name meant before. Raises SettingsError."""

    def change(document: Any) -> None:  # noqa: ANN401  -- as above
        presets = document.setdefault("presets", {})
        presets[name] = {"script": script, **_as_settings(wishes)}

    return _changed(change)


def _nearest(name: str, known: Collection[str]) -> str:
    """Say the nearest name, or how to list them: there may be hundreds."""
    nearest = did_you_mean(name, known)
    lists = "`voiceguide voices` and `voiceguide sounds` list what there is"
    return nearest if nearest.startswith("did you mean") else lists


def _parted(key: str) -> list[str]:
    *tables, name = key.split(".")
    as_written = name.replace("-", "_")  # the command line has --lead-in
    parts = [*tables, as_written if as_written in KEYS else name]
    if not all(parts):
        raise SettingsError(f"there is no setting called '{key}'", hint="write one such as bell or voices.de")
    return parts


def _as_toml(name: str, text: str) -> object:
    """Give what was typed the type it has in the file."""
    if name == "captions":
        return [one.strip() for one in text.split(",")]
    if name in _NUMBERS:
        with suppress(ValueError):
            return float(text) if "." in text else int(text)
    return text


_NUMBERS = {"rate", "minutes", "seed"}


def _as_settings(wishes: Wishes) -> dict[str, object]:
    """Say wishes as a preset does. Where a recording goes is not kept: the next would take its place."""
    asked: dict[str, object] = {}
    for name, value in wishes.items():
        match name, value:
            case "values", dict():
                params = {key: one for key, one in value.items() if key != "bell"}
                asked |= {key: one for key, one in value.items() if key == "bell"}
                asked |= {"params": params} if params else {}
            case "target", int():
                asked |= {"minutes": value // 60_000} if value % 60_000 == 0 else {"length": written(Ms(value))}
            case "bed_level_db" | "bell_level_db", float():
                asked[name.removesuffix("_db")] = f"{value:g}dB"
            case "lead_in", int():
                asked[name] = written(Ms(value))
            case "seed", _:
                asked[name] = _seed(value)
            case "out" | "proof", _:
                pass
            case "air" | "sleep" | "varying_rate", bool():
                asked[_IN_THE_FILE.get(name, name)] = "on" if value else "off"
            case _:
                asked[_IN_THE_FILE.get(name, name)] = list(value) if isinstance(value, tuple) else value
    return asked


_IN_THE_FILE = {"varying_rate": "vbr", "purpose": "for"}


def _seed(seed: object) -> object:
    if seed is None:
        return "today"
    return date.fromordinal(seed) if isinstance(seed, int) and _FIRST_DAY <= seed <= date.max.toordinal() else seed


def _changed(change: Callable[[Any], None]) -> Settings:
    """Write the file with a change, if what comes of it can be read."""
    import tomlkit  # noqa: PLC0415  -- these take 0.2 s, which only a change need pay

    from voiceguide.settings.schema import settings_of  # noqa: PLC0415

    path = settings_path()
    text = read_text(path)
    settings_of(text, path)
    document = tomlkit.parse(text)
    change(document)
    changed = tomlkit.dumps(document)
    try:
        settings = settings_of(changed, path)
    except VoiceguideError as error:
        raise SettingsError(str(error), hint=error.hint) from error  # without its place, which was never written
    _write(path.resolve(), changed)  # a link to a file among others of one's own stays one
    return settings


def _write(path: Path, text: str) -> None:
    """Put a file in place, whole or not at all."""
    try:
        with files.whole(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise SettingsError(f"the settings can't be written: {error}", hint=_OTHER_FOLDER) from error


_OTHER_FOLDER = "VOICEGUIDE_HOME=FOLDER in the environment names another folder"
