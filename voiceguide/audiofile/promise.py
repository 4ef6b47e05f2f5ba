"""A session laid out -> what its recording promises, as the JSON it carries; and back, for whoever verifies it.

Nothing of the listener is in it but the words that are spoken: files and sounds are named without their folders.
"""

import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import repeat
from operator import attrgetter
from pathlib import PurePath
from typing import Any, assert_never

from voiceguide.cues import FADE_OUT, Bed, Chime, Say, Silence
from voiceguide.durations import Ms
from voiceguide.levels import VOICE_LUFS
from voiceguide.timeline import Chapter, Placed, Timeline

_VERSION = 2
_READ = (1, _VERSION)
"""Version 1 has no beds, no air, and one loudness for every line: what each of these is by default."""
_NONE = Ms(0)
_MOST_MS = 0xFFFFFFFF
"""What the tag's own chapters can hold: 49 days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What is heard from one moment on, and the line of a script that asks for it."""

    kind: str
    """say, chime, bed or silence"""
    start: Ms
    length: Ms
    file: str
    line: int
    text: str = ""
    """Of what is said."""
    sound: str = ""
    """Of a chime or bed: its name; of a bed that ends, nothing."""
    times: int = 1
    every: Ms = _NONE
    """From stroke to stroke."""
    gain_db: float = 0.0
    """Of a chime, from what it is by itself; of a line, from the voice's loudness: less than 0 is softer."""
    level_db: float = 0.0
    """Of a bed, relative to the voice, while words are spoken."""
    fade: Ms = _NONE
    """Of a bed: how long it takes to come in, to change or to end."""
    loudest: float = 0.0
    """LUFS, momentary: of one stroke of a chime, its gain included."""

    @property
    def end(self) -> Ms:
        return Ms(self.start + self.length)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What a recording should hold."""

    title: str
    length: Ms
    chapters: tuple[Chapter, ...]
    events: tuple[Event, ...]
    """In the order of their starts."""
    voice_lufs: float = VOICE_LUFS
    """Integrated, over the lines alone."""
    air_db: float | None = None
    """dBFS, of the tone under everything; None is digital silence."""
    ending: Ms = FADE_OUT
    """How long a bed takes to go at the end."""


def promise(
    title: str,
    timeline: Timeline,
    loudest: Mapping[str, float],
    *,
    gains: Sequence[float] | None = None,
    voice_lufs: float = VOICE_LUFS,
    air_db: float | None = None,
    ending: Ms = FADE_OUT,
) -> Promise:
    """Say what the recording of a session should hold.

    `loudest` is each chime's momentary loudness in LUFS; `gains` are in dB and of each event: how much louder a line,
    a chime or a bed is made than the script says.
    """
    events = zip(timeline.events, gains if gains is not None else repeat(0.0, len(timeline.events)), strict=True)
    return Promise(
        title=title,
        length=timeline.length,
        chapters=timeline.chapters,
        events=tuple(_event(placed, loudest, gain_db) for placed, gain_db in events),
        voice_lufs=voice_lufs,
        air_db=air_db,
        ending=ending,
    )


def promise_to_json(promised: Promise) -> bytes:
    """Write it compactly, without what is as it is by default. The same promise gives the same bytes."""
    data = asdict(replace(promised, events=())) | {"version": _VERSION}
    data["events"] = [_told(event) for event in promised.events]
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def promise_from_json(data: bytes) -> Promise:
    """Read what `promise_to_json` wrote. Raises ValueError for anything else."""
    try:
        read = json.loads(data)
        if read["version"] not in _READ:
            raise ValueError(f"its plan is of version {read['version']}, and this program reads up to {_VERSION}")
        air_db = read.get("air_db")
        return Promise(
            title=str(read["title"]),
            length=_value(Ms, read["length"]),
            chapters=tuple(Chapter(**_values(Chapter, chapter)) for chapter in read["chapters"]),
            events=tuple(Event(**_values(Event, event)) for event in read["events"]),
            voice_lufs=_value(float, read.get("voice_lufs", VOICE_LUFS)),
            air_db=None if air_db is None else _value(float, air_db),
            ending=_value(Ms, read.get("ending", FADE_OUT)),
        )
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"its plan can't be read: {error!r}") from error


def _values(kind: type[Chapter | Event], told: object) -> dict[str, Any]:
    """Check what is told of a chapter or event: a tag may hold anything. Raises TypeError or ValueError."""
    if not isinstance(told, dict):
        raise TypeError(f"{told!r} is of a wrong type")
    types = _TYPES[kind]
    return {name: _value(types.get(name), value) for name, value in told.items()}


_TYPES = {kind: {field.name: field.type for field in fields(kind)} for kind in (Chapter, Event)}


def _value(wanted: object, value: object) -> Any:  # noqa: ANN401  -- of the type wanted
    if not isinstance(value, str if wanted is str else float | int if wanted is float else int):
        raise TypeError(f"{value!r} is of a wrong type")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is no number that can be measured")
    if wanted is Ms and not 0 <= value <= _MOST_MS:  # type: ignore[operator]  # it is a number by now
        raise ValueError(f"{value} ms are no time in a recording")
    return value


def _event(placed: Placed, loudest: Mapping[str, float], gain_db: float) -> Event:
    cue = placed.cue
    common: dict[str, Any] = {
        "start": placed.start,
        "length": placed.length,
        "file": _name(cue.at.path),
        "line": cue.at.line,
    }
    match cue:
        case Say():
            return Event(kind="say", text=cue.utterance.text, gain_db=gain_db, **common)
        case Chime():
            return Event(
                kind="chime",
                sound=_name(cue.sound),
                times=cue.times,
                every=cue.every,
                gain_db=cue.gain_db + gain_db,
                loudest=round(loudest[cue.sound] + cue.gain_db + gain_db, 2),
                **common,
            )
        case Bed():
            sound = _name(cue.sound) if cue.sound is not None else ""
            return Event(kind="bed", sound=sound, level_db=cue.level_db + gain_db, fade=cue.fade, **common)
        case Silence():
            return Event(kind="silence", **common)
        case _:
            assert_never(cue)


@functools.lru_cache
def _name(path: str) -> str:
    return PurePath(path).name


def _told(event: Event) -> dict[str, object]:
    """As `asdict` would, in a tenth of the time."""
    told = zip(_DEFAULTS, _values_of(event), strict=True)
    return {name: value for name, value in told if value != _DEFAULTS[name]}


_DEFAULTS = {field.name: field.default for field in fields(Event)}
_values_of = attrgetter(*_DEFAULTS)
