"""Settings, the cache and what works here -> what people and programs read of them."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from voiceguide.cache import Cache
from voiceguide.report.words import Json, count, size, table
from voiceguide.settings import KEYS, Preset, Settings

if TYPE_CHECKING:
    from voiceguide.doctor import Tried


def settings_json(settings: Settings) -> Json:
    """Describe settings and presets, each value as it would be typed."""
    return {
        "path": str(settings.path),
        "settings": {
            key: {"value": one.value, "from": "file" if one.said else "default", "meaning": one.meaning}
            for key, one in _set(settings)
        },
        "presets": {name: dict(preset.said) for name, preset in settings.presets.items()},
    }


def settings_text(settings: Settings) -> str:
    """List what is set and what holds where nothing is, then the presets."""
    there = "" if settings.path.is_file() else " (not there yet: `voiceguide settings set KEY VALUE` makes it)"
    rows = [("  KEY", "VALUE", "FROM", "MEANING")]
    rows += [(f"  {key}", one.value, "the file" if one.said else "", one.meaning) for key, one in _set(settings)]
    presets = [(f"  {name}", _preset(preset)) for name, preset in settings.presets.items()]
    lines = [f"{settings.path}{there}", table(rows)]
    return "\n".join([*lines, *(["Presets", table(presets)] if presets else [])])


def _preset(preset: Preset) -> str:
    """`evening; minutes 20, bell tingsha`"""
    others = ", ".join(f"{key} {value}" for key, value in preset.said.items() if key != "script")
    return "; ".join(filter(None, (preset.script or "any script", others)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Set:
    """A setting, as it holds."""

    value: str
    said: bool
    meaning: str


def _set(settings: Settings) -> Iterator[tuple[str, _Set]]:
    """Give every setting; those of a table, such as `voices.de`, one by one if there are any."""
    for key, (meaning, default) in KEYS.items():
        said = {one: value for one, value in settings.said.items() if one.partition(".")[0] == key}
        for one, value in (said or {key: default}).items():
            yield one, _Set(value=value, said=bool(said), meaning=meaning)


def tried_json(tried: "Sequence[Tried]") -> Json:
    """Tell what works here; `works` is whether an MP3 can be made."""
    from voiceguide.doctor import can_render  # noqa: PLC0415  -- as above

    return {"works": can_render(tried), "tried": [asdict(one) for one in tried]}


def tried_text(tried: "Sequence[Tried]") -> str:
    """Say what works here, and what to do about what does not."""
    rows = table([(_how_well(one), one.about, one.told) for one in tried]).splitlines()
    lines: list[str] = []
    for row, one in zip(rows, tried, strict=True):
        lines += [row] if one.works or not one.advice else [row, f"       {one.advice}"]
    lacking = [one.about for one in tried if one.needed and not one.works]
    end = f"no MP3 can be made: see {', '.join(lacking)}" if lacking else "recordings can be made"
    return "\n".join([*lines, "", end])


def _how_well(one: "Tried") -> str:
    """Keep what may well be missing from looking like a fault."""
    if one.works:
        return "works"
    return "fails" if one.needed else "lacks"


def cache_json(cache: Cache) -> Json:
    shelves = {shelf.kind: {"entries": shelf.entries, "bytes": shelf.size} for shelf in cache.shelves()}
    return {"folder": str(cache.folder), "shelves": shelves}


def cache_text(cache: Cache) -> str:
    rows = [(f"  {shelf.kind}", count(shelf.entries, "entry"), size(shelf.size)) for shelf in cache.shelves()]
    return f"{cache.folder}\n{table(rows) if rows else '  empty'}"
