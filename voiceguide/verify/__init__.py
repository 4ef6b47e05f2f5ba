"""A finished recording -> what is wrong with it, held against the plan it carries: by other code than what made it."""

import os
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
from voiceguide.verify.faults import Fault
from voiceguide.verify.frames import Walk, read_info, walk
from voiceguide.verify.hearing import Hearing, events_of
from voiceguide.verify.sound import Heard, listen

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
    held, trouble = _contents(path) if is_mp3 else (None, [])
    heard, silent = _heard(path)
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


def _contents(path: Path) -> tuple[Contents, list[Fault]]:
    """Read all but the sound, and tell what can't be read."""
    tag, promise, trouble = Tag(), None, []
    try:
        with path.open("rb") as file:
            try:
                tag = read_tag(file)
                promise = promise_from_json(tag.plan) if tag.plan else None
            except ValueError as error:
                trouble.append(Fault(check="tags", message=f"they can't be read: {error}"))
            met = walk(file, tag.size, [count for count, _ in tag.sums])
    except OSError as error:
        raise OutputError(f"{path} can't be read: {error.strerror}") from error
    return Contents(tag=tag, walk=met, promise=promise), trouble


def _heard(path: Path) -> tuple[Heard | None, list[Fault]]:
    try:
        return listen(path), []
    except ValueError as error:
        return None, [Fault(check="decoder", message=str(error))]
