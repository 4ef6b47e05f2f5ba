"""What is in a file, what can be heard, and what was planned -> faults. Each check has a name and stands by itself."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from voiceguide import levels
from voiceguide.audiofile.promise import Event, Promise
from voiceguide.audiofile.tags import Tag
from voiceguide.durations import Ms, clock
from voiceguide.verify.frames import FRAME, Walk, moment
from voiceguide.verify.sound import HOP_MS, SLOT_MS, WINDOW_MS, Heard

_SPEECH_LUFS, _SPEECH_OFF_LU, _LINE_OFF_LU = -19.0, 0.7, 4.0
_MEASURABLE_MS = 1000
"""A shorter line has too few windows for a loudness."""
_EARLY_MS, _LATE_MS = 30, 60
"""A start is rounded down to the grid of frames, 26 ms; a clip keeps 30 ms before its first sound."""
_SPREAD_MS = 25
"""How far encoding spreads a sound."""
_BEGUN_DBFS, _SAID_DBFS, _QUIET_DBFS = -50.0, -40.0, -60.0
_CHIME_LUFS, _CHIME_OFF_LU = -22.0, 1.5
_MOST_DBTP = -1.0
_STILL_LUFS, _STILL_MS, _AFTER_MS = -50.0, 1000, 2000
_STARTLING_WORDS_LUFS, _STARTLING_LUFS = -12.0, -18.0
_NOTHING = 1e-20
"""A power far under all that can be heard, in the place of 0."""
_TOGETHER_MS = 1000
"""Noises less apart are one fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something wrong with a recording."""

    check: str
    message: str
    at: Ms | None = None
    """When it is heard."""
    file: str | None = None
    """The script that asked for what should be there, if anything did."""
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """An MP3, and what it promises if it promises anything."""

    tag: Tag
    walk: Walk
    promise: Promise | None


def tags(contents: Contents) -> Iterator[Fault]:
    """The plan is this sound's, not another session's."""
    walk, planned = contents.walk, contents.tag.sums
    if contents.promise and not planned:
        yield Fault(check="tags", message="the sums of the frames, which belong to the plan, are missing")
    if len(_other_stretches(contents)) <= len(planned) / 2:
        return
    if _is_another(contents):
        yield Fault(check="tags", message="the tags belong to another recording")
    elif walk.info is not None and walk.info.frames == walk.frames:
        yield Fault(check="tags", message="most of the sound is not what was written with these tags")


def frames(contents: Contents) -> Iterator[Fault]:
    """Every frame is sound, nothing lies between or behind them, and they are those that were written."""
    for flaw in contents.walk.flaws:
        yield _at(contents.promise, moment(flaw.frame), "frames", flaw.message)
    yield from info(contents)
    if not _is_another(contents):
        yield from _damaged_stretches(contents)


def info(contents: Contents) -> Iterator[Fault]:
    """What the Info frame says of the others is so."""
    walk, info = contents.walk, contents.walk.info
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


def decoder(heard: Heard, promise: Promise) -> Iterator[Fault]:
    """The decoder never stumbles."""
    for start, said in heard.complaints:
        yield _at(promise, start, "decoder", f"within the next ten seconds it stumbles: {said}")


def peak(heard: Heard, promise: Promise) -> Iterator[Fault]:
    """No peak, those between samples included, is over -1 dBTP."""
    loud = heard.peaks > levels.gain(_MOST_DBTP)
    found = bool(loud.any())
    for event in (*says(promise), *_chimes(promise)):
        inside = _steps(event, SLOT_MS)
        if loud[inside].any():
            yield _of(event, "peak", f"it clips, or nearly: samples are over {_MOST_DBTP:g} dBFS")
            loud[inside] = False
    for start in _beginnings(np.flatnonzero(loud), _TOGETHER_MS // SLOT_MS):
        yield _at(promise, start * SLOT_MS, "peak", f"samples are over {_MOST_DBTP:g} dBFS")
    for at, dbtp in () if found else heard.true_peaks:
        if dbtp > _MOST_DBTP:
            yield _at(promise, at, "peak", f"the true peak is {dbtp:.1f} dBTP, over {_MOST_DBTP:g}")


def startle(heard: Heard, promise: Promise) -> Iterator[Fault]:
    """What comes after a second of stillness comes softly.

    What comes after anything else is held to its own level, by `lines`, `chimes` and `silence`.
    """
    loudness = _lufs(heard.powers)
    words = _covered(len(loudness), says(promise), HOP_MS, before=_EARLY_MS + WINDOW_MS)
    still = _run_lengths(loudness < _STILL_LUFS) >= _STILL_MS // HOP_MS
    after = np.convolve(still, np.ones(_AFTER_MS // HOP_MS), "full")[: len(still)] > 0
    most = np.where(words | (not promise.events), _STARTLING_WORDS_LUFS, _STARTLING_LUFS)
    for start in _beginnings(np.flatnonzero(after & (loudness > most)), _AFTER_MS // HOP_MS):
        message = f"after stillness it comes at {loudness[start]:.1f} LUFS, more than {most[start]:g}"
        yield _at(promise, start * HOP_MS, "startle", message)


def lines(heard: Heard, promise: Promise) -> Iterator[Fault]:
    """Every line is heard, begins when it should, and is as loud as speech should be."""
    for say in says(promise):
        if heard.peak(say.start, say.end) < levels.gain(_SAID_DBFS):
            yield _of(say, "lines", "it is not heard")
            continue
        begun = heard.peak(Ms(say.start - _EARLY_MS), Ms(say.start + _LATE_MS)) > levels.gain(_BEGUN_DBFS)
        if not begun and not _rings(promise, say):
            yield _of(say, "lines", f"it does not begin within {_LATE_MS} ms")
        loudness = levels.integrated(heard.windows(say.start, say.end))
        if say.length >= _MEASURABLE_MS and abs(loudness - _SPEECH_LUFS) > _LINE_OFF_LU:
            yield _of(say, "lines", f"it is at {loudness:.1f} LUFS, where speech is at {_SPEECH_LUFS:g}")


def loudness(heard: Heard, promise: Promise) -> Iterator[Fault]:
    """All speech under which no chime rings is at its loudness."""
    measured = speech_loudness(heard, promise)
    if measured is not None and abs(measured - _SPEECH_LUFS) > _SPEECH_OFF_LU:
        yield Fault(check="loudness", message=f"speech is at {measured:.1f} LUFS, not at {_SPEECH_LUFS:g}")


def silence(heard: Heard, promise: Promise) -> Iterator[Fault]:
    """Nothing is heard where neither a line nor a chime is."""
    sounding = [event for event in promise.events if event.kind != "silence"]
    covered = _covered(len(heard.peaks), sounding, SLOT_MS, before=_EARLY_MS + _SPREAD_MS, after=_SPREAD_MS)
    loud = np.flatnonzero((heard.peaks > levels.gain(_QUIET_DBFS)) & ~covered)
    for start in _beginnings(loud, _TOGETHER_MS // SLOT_MS):
        level = levels.decibels(float(heard.peaks[start]))
        yield _at(promise, start * SLOT_MS, "silence", f"something is heard in a silence, at {level:.0f} dBFS")


def chimes(heard: Heard, promise: Promise) -> Iterator[Fault]:
    """No chime is louder than planned; strokes that ring together may add up."""
    words = _covered(len(heard.powers), says(promise), HOP_MS, before=_EARLY_MS + WINDOW_MS, after=_SPREAD_MS)
    allowed = np.zeros(len(heard.powers))
    for chime in _chimes(promise):
        for stroke in _strokes(chime):
            most = min(chime.loudest, _CHIME_LUFS + chime.gain_db)
            allowed[_steps(stroke, HOP_MS, before=_EARLY_MS + WINDOW_MS)] += 10 ** (most / 10)
    over = _lufs(heard.powers) - _decibels(allowed)
    for chime in _chimes(promise):
        ring = _steps(chime, HOP_MS)
        excess = over[ring][~words[ring]].max(initial=-math.inf)
        if excess > _CHIME_OFF_LU:
            yield _of(chime, "chimes", f"'{chime.sound}' rings {excess:.1f} LU louder than it should")


def says(promise: Promise) -> list[Event]:
    return [event for event in promise.events if event.kind == "say"]


def speech_loudness(heard: Heard, promise: Promise) -> float | None:
    """Measure in LUFS all lines under which no chime rings; None if there is none."""
    clear = [heard.windows(say.start, say.end) for say in says(promise) if not _rings(promise, say)]
    measured = levels.integrated(np.concatenate([np.zeros(0), *clear]))
    return measured if math.isfinite(measured) else None


def _chimes(promise: Promise) -> list[Event]:
    return [event for event in promise.events if event.kind == "chime"]


def _strokes(chime: Event) -> Iterator[Event]:
    rings = Ms(chime.length - (chime.times - 1) * chime.every)
    for number in range(chime.times):
        yield replace(chime, start=Ms(chime.start + number * chime.every), length=rings, times=1)


def _rings(promise: Promise, say: Event) -> bool:
    """Whether a chime is heard while a line begins or is spoken."""
    return any(chime.start < say.end and say.start - _EARLY_MS < chime.end for chime in _chimes(promise))


def _other_stretches(contents: Contents) -> list[int]:
    """The numbers of the stretches whose frames are not those that were written."""
    planned, found = contents.tag.sums, contents.walk.sums
    return [number for number, (_, wanted) in enumerate(planned) if found[number : number + 1] != (wanted,)]


def _is_another(contents: Contents) -> bool:
    """Whether the frames are as many as their Info frame says, and not as many as the tag does."""
    walk, planned = contents.walk, sum(count for count, _ in contents.tag.sums)
    return walk.info is not None and walk.info.frames == walk.frames != planned > 0


def _damaged_stretches(contents: Contents) -> Iterator[Fault]:
    starts = [0, *accumulate(count for count, _ in contents.tag.sums)]
    for first, last in _runs(_other_stretches(contents)):
        message = "the sound from here on is not what was written"
        if last + 1 < len(contents.tag.sums):
            message = f"the sound from here to {_clock(moment(starts[last + 1]))} is not what was written"
        yield _at(contents.promise, moment(starts[first]), "frames", message)


def _end(walk: Walk) -> int:
    return math.ceil((walk.info.samples if walk.info else walk.frames * FRAME) * 1000 / levels.RATE)


def _seconds(samples: int) -> str:
    return f"{samples / levels.RATE:.3f} s"


def _clock(ms: int) -> str:
    return f"{clock(Ms(ms))}.{ms % 1000 // 100}"


def _of(event: Event, check: str, message: str) -> Fault:
    return Fault(check=check, message=message, at=event.start, file=event.file, line=event.line)


def _at(promise: Promise | None, ms: int, check: str, message: str) -> Fault:
    """Name the line of the script whose words, else whose chime, else whose silence is due."""
    due = [event for event in promise.events if event.start <= ms < event.end] if promise else []
    due.sort(key=lambda event: ("say", "chime", "silence").index(event.kind))
    file, line = (due[0].file, due[0].line) if due else (None, None)
    return Fault(check=check, message=message, at=Ms(ms), file=file, line=line)


def _steps(event: Event, step_ms: int, *, before: int = 0, after: int = 0) -> slice:
    """Number the steps of a measure in which an event is heard."""
    return slice(max(0, (event.start - before) // step_ms), max(0, -(-(event.end + after) // step_ms)))


def _covered(count: int, events: Iterable[Event], step_ms: int, *, before: int, after: int = 0) -> NDArray[np.bool_]:
    covered = np.zeros(count, np.bool_)
    for event in events:
        covered[_steps(event, step_ms, before=before, after=after)] = True
    return covered


def _run_lengths(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count, for each, how many up to it are true without a break."""
    index = np.arange(1, len(mask) + 1)
    return index - np.maximum.accumulate(np.where(mask, 0, index))


def _beginnings(indices: NDArray[np.int64], apart: int) -> list[int]:
    """Give the first of each group whose members lie at most so far apart."""
    return [int(index) for index in indices[np.diff(indices, prepend=-apart - 1) > apart]]


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Give the first and last of each unbroken row of numbers."""
    for _, row in groupby(enumerate(numbers), lambda counted: counted[1] - counted[0]):
        whole = [number for _, number in row]
        yield whole[0], whole[-1]


def _lufs(powers: NDArray[np.float64]) -> NDArray[np.float64]:
    return -0.691 + _decibels(powers)


def _decibels(powers: NDArray[np.float64]) -> NDArray[np.float64]:
    return 10 * np.log10(np.maximum(powers, _NOTHING))


OF_FILE: Mapping[str, Callable[[Contents], Iterator[Fault]]] = {"tags": tags, "frames": frames, "chapters": chapters}
OF_SOUND: Mapping[str, Callable[[Heard, Promise], Iterator[Fault]]] = {
    "decoder": decoder, "peak": peak, "startle": startle,
}  # fmt: skip
"""Those that need no plan, but tell more with one."""
OF_PLAN: Mapping[str, Callable[[Heard, Promise], Iterator[Fault]]] = {
    "lines": lines, "loudness": loudness, "silence": silence, "chimes": chimes,
}  # fmt: skip
