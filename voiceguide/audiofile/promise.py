"""A session laid out -> what its recording promises, as the JSON it carries; and back, for whoever verifies it.

Nothing of the listener is in it but the words that are spoken: files and sounds are named without their folders.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import PurePath
from typing import Any, assert_never

from voiceguide.cues import Chime, Say, Silence
from voiceguide.durations import Ms
from voiceguide.timeline import Chapter, Placed, Timeline

_VERSION = 1
_NONE = Ms(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What is heard from one moment on, and the line of a script that asks for it."""

    kind: str
    """say, chime or silence"""
    start: Ms
    length: Ms
    file: str
    line: int
    text: str = ""
    """Of what is said."""
    sound: str = ""
    """Of a chime: its name."""
    times: int = 1
    every: Ms = _NONE
    """From stroke to stroke."""
    gain_db: float = 0.0
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


def promise(title: str, timeline: Timeline, loudest: Mapping[str, float]) -> Promise:
    """Say what the recording of a session should hold; `loudest` is each sound's momentary loudness in LUFS."""
    events = tuple(_event(placed, loudest) for placed in timeline.events)
    return Promise(title=title, length=timeline.length, chapters=timeline.chapters, events=events)


def promise_to_json(promised: Promise) -> bytes:
    """Write it compactly, without what is as it is by default. The same promise gives the same bytes."""
    data = asdict(promised) | {"version": _VERSION, "events": [_told(event) for event in promised.events]}
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def promise_from_json(data: bytes) -> Promise:
    """Read what `promise_to_json` wrote. Raises ValueError for anything else."""
    try:
        read = json.loads(data)
        if read["version"] != _VERSION:
            raise ValueError(f"its plan is of version {read['version']}, and this program reads {_VERSION}")
        return Promise(
            title=str(read["title"]),
            length=Ms(int(read["length"])),
            chapters=tuple(Chapter(**chapter) for chapter in read["chapters"]),
            events=tuple(Event(**event) for event in read["events"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"its plan can't be read: {error!r}") from error


def _event(placed: Placed, loudest: Mapping[str, float]) -> Event:
    cue = placed.cue
    common: dict[str, Any] = {
        "start": placed.start,
        "length": placed.length,
        "file": PurePath(cue.at.path).name,
        "line": cue.at.line,
    }
    match cue:
        case Say():
            return Event(kind="say", text=cue.utterance.text, **common)
        case Chime():
            return Event(
                kind="chime",
                sound=PurePath(cue.sound).name,
                times=cue.times,
                every=cue.every,
                gain_db=cue.gain_db,
                loudest=round(loudest[cue.sound] + cue.gain_db, 2),
                **common,
            )
        case Silence():
            return Event(kind="silence", **common)
        case _:
            assert_never(cue)


def _told(event: Event) -> dict[str, object]:
    return {name: value for name, value in asdict(event).items() if value != _DEFAULTS.get(name)}


_DEFAULTS = {field.name: field.default for field in fields(Event)}
