"""Sessions and recordings -> the JSON the page shows of them: times in milliseconds."""

from collections.abc import Iterator
from typing import Any

from voiceguide.cues import Bed, Chime, Say, Silence
from voiceguide.errors import SeveralErrors, VoiceguideError
from voiceguide.picture import picture
from voiceguide.script import Parameter, Source
from voiceguide.studio.desk import Entry, Json, Outline
from voiceguide.studio.editor import is_own
from voiceguide.studio.phone import Shared
from voiceguide.studio.shelf import Recording

_OFF = "off"


def groups(entries: tuple[Entry, ...]) -> Iterator[Json]:
    listed = [entry for entry in entries if isinstance(entry.source, Source)]
    names = {entry.name for entry in listed}
    heads = [entry for entry in listed if _original(entry.name) not in names - {entry.name}]
    yield {"title": "Yours", "scripts": [_listed(one, listed) for one in heads if is_own(one.path)]}
    shipped = [one for one in heads if not is_own(one.path)]
    yield {"title": "On the mat", "scripts": [_listed(one, listed) for one in shipped if one.is_on_the_mat]}
    yield {"title": "Without the mat", "scripts": [_listed(one, listed) for one in shipped if not one.is_on_the_mat]}


def _original(name: str) -> str:
    """`evening` of `de/evening`."""
    return name.rpartition("/")[2]


def _listed(entry: Entry, entries: list[Entry]) -> Json:
    source = entry.source
    if not isinstance(source, Source):
        raise TypeError("a script that can't be read is listed apart")
    versions = [one for one in entries if _original(one.name) == _original(entry.name)]
    return {
        "name": entry.name,
        "title": source.title,
        "summary": source.summary,
        "position": source.position,
        "language": source.language,
        "minutes": length_range(source),
        "versions": [
            {
                "name": one.name,
                "language": one.source.language,
                "title": one.source.title,
                "reviewed": one.source.reviewed,
            }
            for one in versions
            if isinstance(one.source, Source)
        ],
    }


def unread(entries: tuple[Entry, ...]) -> Iterator[Json]:
    for entry in entries:
        if isinstance(entry.source, VoiceguideError):
            yield {
                "name": entry.name,
                "own": is_own(entry.path),
                "errors": [told_error(one) for one in each_error(entry.source)],
            }


def length_range(source: Source) -> Json | None:
    """Say how long a script may be made, in milliseconds."""
    allowed = source.minutes
    return {"usual": allowed.default, "least": allowed.least, "most": allowed.most} if allowed else None


def parameter(one: Parameter, usual: Any, sounds: list[Json]) -> Json:  # noqa: ANN401  -- a mapping of texts
    choices = list(one.choices)
    if one.type == "sound":
        fitting = [sound["name"] for sound in sounds if sound["kind"] in (one.kind, None)]
        choices = [*([_OFF] if one.kind == "bed" else []), *fitting]
    return {
        "name": one.name,
        "label": one.label or one.name.replace("_", " ").capitalize(),
        "type": one.type,
        "kind": one.kind,
        "value": usual.get(one.name, one.default),
        "choices": choices,
        "least": one.least,
        "most": one.most,
        "whole": one.whole,
    }


def outlined(outline: Outline, *, wanted: int | None) -> Json:
    timeline, source = outline.timeline, outline.source
    allowed = source.minutes
    least = max(timeline.shortest, (allowed and allowed.least) or 0)
    most = min(timeline.longest, (allowed and allowed.most) or timeline.longest)
    return {
        "picture": picture(timeline, outline.title, source.language),
        "milliseconds": timeline.length,
        "lead_in": timeline.lead_in,
        "wanted": wanted,
        "shortest": least,
        "longest": max(least, most),
        "reckoned": outline.reckoned,
        "chapters": [{"title": one.title, "start": one.start} for one in timeline.chapters],
        "heard": list(_heard_lines(outline)),
    }


def _heard_lines(outline: Outline) -> Iterator[Json]:
    """Give what is heard, in order, but for the gaps between lines."""
    for event in outline.timeline.events:
        cue = event.cue
        match cue:
            case Say():
                told = {"kind": "say", "text": cue.utterance.text, "safety": cue.safety}
            case Chime():
                told = {"kind": "chime", "text": cue.sound}
            case Bed(sound=str(sound)):
                told = {"kind": "bed", "text": sound}
            case Silence(kind="rest" | "quiet" | "pause"):
                told = {"kind": "silence", "text": ""}
            case _:
                continue
        yield {"start": event.start, "length": event.length} | told


def brief(recording: Recording) -> Json:
    promise = recording.promise()
    return {
        "identity": recording.identity,
        "file": recording.path.name,
        "format": recording.format,
        "title": promise.title if promise else recording.path.stem,
        "milliseconds": promise.length if promise else None,
        "made": round(recording.made * 1000),
        "size": recording.size,
    }


def heard_in(recording: Recording) -> Json:
    promise = recording.promise()
    if promise is None:
        return {"chapters": [], "lines": []}
    return {
        "chapters": [{"title": one.title, "start": one.start, "end": one.end} for one in promise.chapters],
        "lines": [
            {"start": one.start, "end": one.end, "text": one.text} for one in promise.events if one.kind == "say"
        ],
    }


def told_sharing(shared: Shared | None) -> Json:
    if shared is None:
        return {"shared": None}
    sharing, found = shared.sharing, shared.found
    return {
        "shared": {
            "address": sharing.url,
            "code": sharing.qr_svg,
            "until": round(shared.until.timestamp() * 1000),
            "public": sharing.is_public,
            "recordings": [{"title": one.title, "milliseconds": one.length} for one in found.recordings],
            "left_out": [{"file": one.path.name, "why": one.why} for one in found.left_out],
        }
    }


def each_error(error: VoiceguideError) -> tuple[VoiceguideError, ...]:
    return error.errors if isinstance(error, SeveralErrors) else (error,)


def told_error(error: VoiceguideError) -> Json:
    at = error.at
    return {
        "message": error.message,
        "hint": error.hint,
        "line": at.line if at else None,
        "file": at.path if at else None,
    }
