"""A finished recording -> what is wrong with it, held against the plan it carries: by other code than what made it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from voiceguide import levels
from voiceguide.audiofile.promise import Promise, promise_from_json
from voiceguide.audiofile.tags import Tag, read_tag
from voiceguide.durations import Ms
from voiceguide.errors import OutputError
from voiceguide.verify import checks, contents
from voiceguide.verify.contents import Contents
from voiceguide.verify.faults import Fault, fault_at
from voiceguide.verify.frames import AGAIN, ID3_HEAD, Walk, id3_size, read_info, walk
from voiceguide.verify.hearing import Hearing, events_of
from voiceguide.verify.sound import Heard, UndecodableError, listen

__all__ = ["Fault", "Verified", "check_unheard", "verify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was found out about a recording."""

    path: Path
    planned: bool
    """Whether it carries a plan: without one, only what needs none was looked at."""
    length: Ms
    """As decoded, rounded."""
    lines: int
    """That were planned."""
    loudness: float | None
    """LUFS, of all lines under which no chime rings, as if none had been made softer; None where there is none."""
    checks: tuple[str, ...]
    """The names of those that were made."""
    faults: tuple[Fault, ...]


def verify(path: Path) -> Verified:
    """Decode a recording and hold it against its plan. Raises OutputError if it can't be read."""
    is_mp3 = path.suffix.lower() == ".mp3"
    if torn := _torn(path, is_mp3=is_mp3):
        return Verified(path=path, planned=False, length=Ms(0), lines=0, loudness=None, checks=(), faults=torn)
    held, trouble = _contents(path) if is_mp3 else (None, [])
    heard, silent = _heard(path, held.promise if held else None)
    if silent and not is_mp3:
        raise OutputError(
            f"{path} can't be verified: {silent[0].message}", hint="render it as an MP3, which carries its plan"
        )
    planned = held.promise if held else None
    promise = planned or Promise(title="", length=Ms(0), chapters=(), events=())
    hearing = Hearing(heard, promise) if heard else None
    found: dict[str, list[Fault]] = {}
    if held:
        found |= {name: [*check(held)] for name, check in contents.OF_FILE.items()}
        found |= {"length": [*contents.length(held, heard)]}
    if hearing:
        tables = {**checks.OF_SOUND, **(checks.OF_PLAN if planned else {})}
        found |= {name: [*check(hearing)] for name, check in tables.items()}
    return Verified(
        path=path,
        planned=planned is not None,
        length=Ms(round(heard.samples * 1000 / levels.RATE)) if heard else Ms(0),
        lines=len(events_of("say", promise)),
        loudness=checks.speech_loudness(hearing) if hearing else None,
        checks=tuple(found),
        faults=(*trouble, *silent, *(fault for faults in found.values() for fault in faults)),
    )


def check_unheard(file: BinaryIO) -> None:
    """Hold an MP3 just made against its plan as far as that needs neither its sound nor all of its frames.

    Raises OutputError.
    """
    tag = read_tag(file)
    info, _ = read_info(file, tag.size)
    size = file.seek(0, os.SEEK_END) - tag.size
    met = Walk(info=info, frames=sum(count for count, _ in tag.sums), size=size, flaws=(), sums=())
    held = Contents(tag=tag, walk=met, promise=promise_from_json(tag.plan))
    faults = [*contents.info(held), *contents.length(held), *contents.chapters(held)]
    if faults:
        told = "; ".join(f"{fault.check}: {fault.message}" for fault in faults)
        raise OutputError(
            f"the recording came out wrong, and was not kept ({told})", hint="this is a bug: please report it"
        )


def _torn(path: Path, *, is_mp3: bool) -> tuple[Fault, ...]:
    """Tell of a file that ends before any sound. Raises OutputError."""
    try:
        with path.open("rb") as file:
            head = file.read(ID3_HEAD)
            size = file.seek(0, os.SEEK_END)
    except OSError as error:
        raise OutputError(f"{path} can't be read: {error.strerror}") from error
    if not size:
        return (Fault(check="decoder", message=f"the file is empty: {AGAIN}"),)
    tagged = id3_size(head) if is_mp3 else 0
    if size >= tagged:
        return ()
    told = f"{size} of {tagged}" if size >= ID3_HEAD else f"{size}"
    return (
        Fault(check="tags", message=f"the file ends within them, after {told} bytes: {AGAIN}"),
        Fault(check="decoder", message="there is no sound in it"),
    )


def _contents(path: Path) -> tuple[Contents, list[Fault]]:
    """Read all but the sound, and tell what can't be read."""
    tag, promise, trouble = Tag(), None, []
    with path.open("rb") as file:
        try:
            tag = read_tag(file)
            promise = promise_from_json(tag.plan) if tag.plan else None
        except ValueError as error:
            tag = tag if tag.size else Tag(size=_tag_size(file))
            trouble.append(Fault(check="tags", message=f"they can't be read: {str(error) or type(error).__name__}"))
        met = walk(file, tag.size, [count for count, _ in tag.sums])
        other = _other_stretches(file, tag, met)
    return Contents(tag=tag, walk=met, promise=promise, other=other), trouble


def _tag_size(file: BinaryIO) -> int:
    file.seek(0)
    return id3_size(file.read(ID3_HEAD))


def _other_stretches(file: BinaryIO, tag: Tag, met: Walk) -> tuple[int, ...]:
    """Number the stretches whose frames are not those that were written.

    Where frames are gone, or too many, those behind are found again: counted from the end they are where they were.
    """
    planned = [count for count, _ in tag.sums]
    other = _wrong(tag, met)
    if other and met.frames != sum(planned):
        counted = walk(file, tag.size, _shifted(planned, other[0], met.frames - sum(planned)))
        other = sorted({*other} & {*_wrong(tag, counted)})
    return tuple(other)


def _wrong(tag: Tag, met: Walk) -> list[int]:
    return [number for number, (_, wanted) in enumerate(tag.sums) if met.sums[number : number + 1] != (wanted,)]


def _shifted(counts: Sequence[int], first: int, more: int) -> list[int]:
    """Let a stretch hold so many frames more; or fewer, and where it has not as many, those behind it too."""
    result = list(counts)
    for number in range(first, len(result)):
        held = max(0, result[number] + more)
        more -= held - result[number]
        result[number] = held
    return result


def _heard(path: Path, promise: Promise | None) -> tuple[Heard | None, list[Fault]]:
    try:
        return listen(path), []
    except UndecodableError as error:
        if error.at is None:
            return None, [Fault(check="decoder", message=str(error))]
        return None, [fault_at(promise, error.at, "decoder", str(error))]
