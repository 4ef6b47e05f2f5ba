"""What is in an MP3, and what was planned -> faults of its tags, its frames, its length and its chapters."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

from voiceguide import levels
from voiceguide.audiofile.promise import Promise
from voiceguide.audiofile.tags import Tag
from voiceguide.durations import Ms, clock
from voiceguide.verify.faults import Fault, fault_at
from voiceguide.verify.frames import FRAME, Walk, moment
from voiceguide.verify.sound import Heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """An MP3, and what it promises if it promises anything."""

    tag: Tag
    walk: Walk
    promise: Promise | None
    other: tuple[int, ...] = ()
    """The numbers of the stretches whose frames are not those that were written."""


def tags(contents: Contents) -> Iterator[Fault]:
    """The plan is this sound's, not another session's."""
    walk, planned = contents.walk, contents.tag.sums
    if contents.promise and not planned:
        yield Fault(check="tags", message="the sums of the frames, which belong to the plan, are missing")
    if len(contents.other) <= len(planned) / 2:
        return
    if _is_another(contents):
        yield Fault(check="tags", message="the tags belong to another recording")
    elif walk.info is not None and walk.info.frames == walk.frames:
        yield Fault(check="tags", message="most of the sound is not what was written with these tags")


def frames(contents: Contents) -> Iterator[Fault]:
    """Every frame is sound, nothing lies between or behind them, and they are those that were written."""
    for flaw in contents.walk.flaws:
        yield fault_at(contents.promise, moment(flaw.frame), "frames", flaw.message)
    yield from info(contents)
    if not _is_another(contents):
        yield from _damaged_stretches(contents)


def info(contents: Contents) -> Iterator[Fault]:
    """What the Info frame says of the others is so."""
    walk, info = contents.walk, contents.walk.info
    if not walk.frames and walk.flaws:
        return  # what is said of these says it all
    if info is None:
        yield Fault(check="frames", message="there is no Info frame: players guess the length")
        return
    if not info.intact:
        yield Fault(check="frames", message="the Info frame is damaged: its checksum does not fit")
    if walk.frames < info.frames:
        yield Fault(check="frames", message=f"{info.frames - walk.frames} of {info.frames} frames are missing")
    elif walk.frames > info.frames:
        at = Ms(moment(info.frames))
        yield Fault(check="frames", message=f"{walk.frames - info.frames} frames follow the last one", at=at)
    elif walk.size != info.size:
        yield Fault(check="frames", message=f"they are {walk.size} bytes, and {info.size} by the Info frame")


def length(contents: Contents, heard: Heard | None = None) -> Iterator[Fault]:
    """The recording lasts as long as planned, to the sample: by its Info frame, and as decoded."""
    info, promise = contents.walk.info, contents.promise
    wanted = levels.frames(promise.length) if promise else info.samples if info else None
    if wanted is None:
        return
    if info is not None and info.samples != wanted:
        yield Fault(check="length", message=f"its Info frame says {_seconds(info.samples)}, not {_seconds(wanted)}")
    if heard is not None and heard.samples != wanted:
        yield Fault(check="length", message=f"it lasts {_seconds(heard.samples)}, not {_seconds(wanted)}")


def chapters(contents: Contents) -> Iterator[Fault]:
    """Chapters come in order, none overlaps or passes the end, the table of contents names each, all as planned."""
    marks, promise = contents.tag.marks, contents.promise
    for mark in marks:
        if mark.end <= mark.start:
            yield Fault(check="chapters", message=f"'{mark.title}' ends before it begins", at=mark.start)
    for one, other in pairwise(marks):
        if other.start < one.end:
            message = f"'{other.title}' begins before '{one.title}' is over"
            yield Fault(check="chapters", message=message, at=other.start)
    if contents.tag.contents != tuple(mark.name for mark in marks):
        yield Fault(check="chapters", message="the table of contents does not name each chapter once, in order")
    end = promise.length if promise else _end(contents.walk)
    yield from (
        Fault(check="chapters", message=f"'{mark.title}' passes the end", at=mark.end)
        for mark in marks
        if mark.end > end
    )
    if promise and [(mark.title, mark.start, mark.end) for mark in marks] != [
        (chapter.title, chapter.start, chapter.end) for chapter in promise.chapters
    ]:
        yield Fault(check="chapters", message="they are not the chapters that were planned")


def _is_another(contents: Contents) -> bool:
    """Whether the frames are as many as their Info frame says, and not as many as the tag does."""
    walk, planned = contents.walk, sum(count for count, _ in contents.tag.sums)
    return walk.info is not None and walk.info.frames == walk.frames != planned > 0


def _damaged_stretches(contents: Contents) -> Iterator[Fault]:
    starts = [0, *accumulate(count for count, _ in contents.tag.sums)]
    for first, last in _runs(contents.other):
        begun, over = moment(starts[first]), moment(starts[last + 1])
        message = f"somewhere between here and {_clock(over)} the sound is not what was written"
        if last + 1 == len(contents.tag.sums) and starts[first] <= contents.walk.frames < starts[first + 1]:
            begun, message = moment(contents.walk.frames), "from here on the sound is missing"
        yield fault_at(contents.promise, begun, "frames", message)


def _end(walk: Walk) -> int:
    return math.ceil((walk.info.samples if walk.info else walk.frames * FRAME) * 1000 / levels.RATE)


def _seconds(samples: int) -> str:
    return f"{samples / levels.RATE:.3f} s"


def _clock(ms: int) -> str:
    return f"{clock(Ms(ms))}.{ms % 1000 // 100}"


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Give the first and last of each unbroken row of numbers."""
    for _, row in groupby(enumerate(numbers), lambda counted: counted[1] - counted[0]):
        whole = [number for _, number in row]
        yield whole[0], whole[-1]


OF_FILE: Mapping[str, Callable[[Contents], Iterator[Fault]]] = {"tags": tags, "frames": frames, "chapters": chapters}
