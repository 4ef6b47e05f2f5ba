"""What can be heard, and what was planned -> faults. Each check has a name and stands by itself."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from voiceguide import levels
from voiceguide.audiofile.promise import Event
from voiceguide.durations import Ms
from voiceguide.verify.beds import RISE_DB, PlannedBed
from voiceguide.verify.faults import Fault, fault_at, fault_of
from voiceguide.verify.hearing import EARLY_MS, LATE_MS, SPREAD_MS, Hearing, Mask, events_of, steps
from voiceguide.verify.sound import HOP_MS, SLOT_MS, WINDOW_MS, Heard, Windows, lufs, power

_SPEECH_OFF_LU, _LINE_OFF_LU, _UNHEARD_LU = 0.7, 4.0, 15.0
"""From what was planned: all lines together; one line; and one of which nothing can be made out."""
_MEASURABLE_MS = 1000
"""A shorter line has too few windows for a loudness."""
_BEGUN_DB, _SAID_DB = -31.0, -21.0
"""Peaks over a line's loudness: it has begun, it is there."""
_QUIET_DB, _AIR_PEAKS_DB = -60.0, 14.0
"""Peaks in a silence: dBFS, and over the air's own level, where they are decoded at 11 dB."""
_SWINGS_LU = 8.0
"""Over its mean: 400 ms of a bed. The shipped ones reach 3 LU."""
_BED_OFF_LU, _BED_SWINGS_LU = 1.0, 8.0
"""From its level: a bed, and by so much more if it was heard for only a second, falling with the square root of time: a
few seconds of an ocean are one wave, or none. The shipped ones keep within it."""
_BED_APART_MS = 500
"""From words: where a bed is measured."""
_BED_PIECE = 200
"""Windows that are judged together, at least, if there are as many: 20 s. A bed may be off for a part of a session."""
_OVER_AIR_DB = 14.0
"""A softer bed can't be told from the air."""
_ALONE = 0.9
"""Of all beds' power: a bed of which there is less is not measured, for another one is coming or going."""
_CHIME_LU, _CHIME_OFF_LU, _FAINT_LU = -3.0, 1.5, 8.0
"""Over the voice: the loudest a chime rings, unless its script says so. From that: one too loud, and one too faint."""
_STROKE_MS = 2000
"""In which a chime can be made out, if no words are spoken."""
_MOST_DBTP = -1.0
_STILL_LUFS, _STILL_MS, _AFTER_MS = -50.0, 1000, 2000
_STARTLING_WORDS_LU, _STARTLING_LU = 7.0, 1.0
"""Over the voice, after stillness: words, and all else."""
_SUDDEN_LU, _SUDDEN_MS, _SUDDEN_LUFS = 12.0, 400, -40.0
_TOGETHER_MS = 1000
"""Noises less apart are one fault, and so are complaints of the decoder."""


def decoder(hearing: Hearing) -> Iterator[Fault]:
    """The decoder never stumbles."""
    last: dict[str, int] = {}
    for start, said in hearing.heard.complaints:
        if start - last.get(said, -_TOGETHER_MS) >= _TOGETHER_MS:
            yield fault_at(hearing.promise, start, "decoder", f"it stumbles here: {said}")
        last[said] = start


def peak(hearing: Hearing) -> Iterator[Fault]:
    """No peak, those between samples included, is over -1 dBTP."""
    promise = hearing.promise
    loud = hearing.heard.peaks > levels.gain(_MOST_DBTP)
    found = bool(loud.any())
    for event in (*hearing.says, *hearing.chimes):
        inside = steps(event, SLOT_MS)
        if loud[inside].any():
            yield fault_of(event, "peak", f"it clips, or nearly: samples are over {_MOST_DBTP:g} dBFS")
            loud[inside] = False
    for start in _beginnings(loud, _TOGETHER_MS // SLOT_MS):
        yield fault_at(promise, start * SLOT_MS, "peak", f"samples are over {_MOST_DBTP:g} dBFS")
    for at, dbtp in () if found else hearing.heard.true_peaks:
        if dbtp > _MOST_DBTP:
            yield fault_at(promise, at, "peak", f"the true peak is {dbtp:.1f} dBTP, over {_MOST_DBTP:g}")


def startle(hearing: Hearing) -> Iterator[Fault]:
    """What comes after a second of stillness comes softly, and nothing comes suddenly but words and strokes.

    Under a bed, still is where there is nothing else.
    """
    loudness, planned, of_beds = hearing.loudness, hearing.promise.events, _most_of_beds(hearing)
    quiet = (loudness < _STILL_LUFS) | (hearing.clear(SPREAD_MS) & (loudness < of_beds))
    still = _run_lengths(quiet) >= _STILL_MS // HOP_MS
    after = np.convolve(still, np.ones(_AFTER_MS // HOP_MS), "full")[: len(still)] > 0
    words = hearing.during(hearing.says, before=EARLY_MS + WINDOW_MS)
    softly = hearing.promise.voice_lufs + np.where(words | (not planned), _STARTLING_WORDS_LU, _STARTLING_LU)
    most = np.maximum(softly, of_beds)
    for start in _beginnings(after & (loudness > most), _AFTER_MS // HOP_MS):
        message = f"after stillness it comes at {loudness[start]:.1f} LUFS, more than {most[start]:g}"
        yield fault_at(hearing.promise, start * HOP_MS, "startle", message)
    if planned:
        yield from _sudden_noises(hearing)


def _sudden_noises(hearing: Hearing) -> Iterator[Fault]:
    """Find what rises steeply: from the 400 ms before to the next. Within a line, that is how words are."""
    loudness, apart = hearing.loudness, _SUDDEN_MS // HOP_MS
    before = np.concatenate([np.full(min(apart, len(loudness)), -math.inf), loudness[:-apart]])
    sudden = (loudness - before > _SUDDEN_LU) & (loudness > np.maximum(_SUDDEN_LUFS, _most_of_beds(hearing)))
    begun = [*hearing.says, *(replace(stroke, length=Ms(0)) for stroke in hearing.strokes)]
    due = hearing.during(begun, before=EARLY_MS + _SUDDEN_MS, after=LATE_MS + WINDOW_MS)
    for start in _beginnings(sudden & ~due, _TOGETHER_MS // HOP_MS):
        message = f"a sudden noise: it rises to {loudness[start]:.1f} LUFS within {_SUDDEN_MS} ms"
        yield fault_at(hearing.promise, start * HOP_MS, "startle", message)


def lines(hearing: Hearing) -> Iterator[Fault]:
    """Every line is heard, begins when it should as far as a bed lets that be told, and is as loud as planned."""
    for say in hearing.says:
        wanted = hearing.promise.voice_lufs + say.gain_db
        if not _is_heard(hearing.over, say, wanted):
            yield fault_of(say, "lines", "it is not heard")
            continue
        begun = hearing.heard.peak(say.start - EARLY_MS, say.start + LATE_MS) > levels.gain(wanted + _BEGUN_DB)
        if not begun and not hearing.rung_over(say):
            yield fault_of(say, "lines", f"it does not begin within {LATE_MS} ms")
        loudness = levels.integrated(hearing.over.windows(say.start, say.end))
        if say.length >= _MEASURABLE_MS and abs(loudness - wanted) > _LINE_OFF_LU:
            yield fault_of(say, "lines", f"it is at {loudness:.1f} LUFS, where {wanted:g} was planned")


def _is_heard(over: Heard, say: Event, wanted: float) -> bool:
    """Whether a line is there: by its peak, and by what its loudest window has over beds and air."""
    windows = over.windows(say.start, max(say.end, say.start + WINDOW_MS + HOP_MS))
    spoken = bool(windows.max(initial=0.0) > power(wanted - _UNHEARD_LU))
    return spoken and over.peak(say.start, say.end) > levels.gain(wanted + _SAID_DB)


def loudness(hearing: Hearing) -> Iterator[Fault]:
    """All speech under which no chime rings is at the voice's loudness."""
    measured, wanted = speech_loudness(hearing), hearing.promise.voice_lufs
    if measured is not None and abs(measured - wanted) > _SPEECH_OFF_LU:
        yield Fault(check="loudness", message=f"speech is at {measured:.1f} LUFS, not at {wanted:g}")


def speech_loudness(hearing: Hearing) -> float | None:
    """Measure in LUFS all lines under which no chime rings, as if none had been made softer; None if there is none."""
    clear = [say for say in hearing.says if not hearing.rung_over(say)]
    windows = [hearing.over.windows(say.start, say.end) / levels.gain(say.gain_db) ** 2 for say in clear]
    measured = levels.integrated(np.concatenate([np.zeros(0), *windows]))
    return measured if math.isfinite(measured) else None


def silence(hearing: Hearing) -> Iterator[Fault]:
    """Where neither a line nor a chime is, nothing is heard but the air, and beds no louder than they may be."""
    promise, peaks = hearing.promise, hearing.heard.peaks
    quiet_db = _QUIET_DB if promise.air_db is None else max(_QUIET_DB, promise.air_db + _AIR_PEAKS_DB)
    sounding = [event for event in promise.events if event.kind != "silence"]
    covered = hearing.slots_during(sounding, before=EARLY_MS + SPREAD_MS, after=SPREAD_MS)
    for start in _beginnings((peaks > levels.gain(quiet_db)) & ~covered, _TOGETHER_MS // SLOT_MS):
        message = f"something is heard in a silence, at {levels.decibels(float(peaks[start])):.0f} dBFS"
        yield fault_at(promise, start * SLOT_MS, "silence", message)
    only_bed = hearing.during(events_of("bed", promise)) & hearing.clear(SPREAD_MS)
    for start in _beginnings(only_bed & (hearing.loudness > _most_of_beds(hearing)), _TOGETHER_MS // HOP_MS):
        message = f"something is heard over the bed in a silence, at {hearing.loudness[start]:.1f} LUFS"
        yield fault_at(promise, start * HOP_MS, "silence", message)


def _most_of_beds(hearing: Hearing) -> Windows:
    """Give the LUFS that 400 ms of beds may reach in each window, as they come and go and vary by themselves."""
    background = np.maximum(hearing.background, power(_QUIET_DB))
    near = np.pad(background, WINDOW_MS // HOP_MS, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(near, 2 * WINDOW_MS // HOP_MS + 1)
    return lufs(windows.max(axis=1)) + _SWINGS_LU


def beds(hearing: Hearing) -> Iterator[Fault]:
    """Where only a bed is heard, it is as far under the voice as planned: between words, and in long silences."""
    clear, risen = hearing.clear(_BED_APART_MS), hearing.rises > RISE_DB / 2
    for bed in hearing.beds:
        alone = clear & _told_apart(hearing, bed)
        for event in bed.events:
            here = alone & hearing.during([event], after=-WINDOW_MS)
            yield from _off_level(hearing, bed, event, here & ~risen, where="between words")
            yield from _off_level(hearing, bed, event, here & risen, where="in long silences")


def _told_apart(hearing: Hearing, bed: PlannedBed) -> Mask:
    """Say of each window whether it has hardly any air and other beds in it."""
    air_db, others = hearing.promise.air_db, sum(one.powers for one in hearing.beds)
    least = power(-math.inf if air_db is None else air_db + _OVER_AIR_DB)
    told: Mask = (bed.powers > least) & (bed.powers > _ALONE * others)
    return told


def _off_level(hearing: Hearing, bed: PlannedBed, event: Event, here: Mask, *, where: str) -> Iterator[Fault]:
    """Find where a bed begins to be off its level, on average: waves and drops come and go by themselves."""
    windows = np.flatnonzero(here)
    pieces = np.array_split(windows, max(1, len(windows) // _BED_PIECE))
    for piece in (*pieces, windows):
        message = _off(hearing, bed, piece) if len(piece) else None
        if message:
            at = Ms(int(piece[0]) * HOP_MS)
            yield replace(fault_of(event, "beds", f"{where} '{event.sound}' {message}"), at=at)
            break


def _off(hearing: Hearing, bed: PlannedBed, windows: NDArray[np.int64]) -> str | None:
    """Say how a bed is off in some windows; None if it is not."""
    most_off = _BED_OFF_LU + _BED_SWINGS_LU / math.sqrt(len(windows) * HOP_MS / 1000)
    found, wanted = (float(lufs(powers[windows].mean())) for powers in (hearing.heard.powers, bed.powers))
    if abs(found - wanted) <= most_off:
        return None
    if found < wanted - _UNHEARD_LU:
        return "is not heard"
    voice = hearing.promise.voice_lufs
    return f"is {voice - found:.1f} dB under the voice, not {voice - wanted:.1f}"


def chimes(hearing: Hearing) -> Iterator[Fault]:
    """Every chime is heard, and none is louder than planned; strokes that ring together may add up."""
    voice_lufs, loudness = hearing.promise.voice_lufs, hearing.loudness
    words = hearing.during(hearing.says, before=EARLY_MS + WINDOW_MS, after=SPREAD_MS)
    allowed = hearing.background.copy()
    for stroke in hearing.strokes:
        most = min(stroke.loudest, voice_lufs + _CHIME_LU + stroke.gain_db)
        allowed[steps(stroke, HOP_MS, before=EARLY_MS + WINDOW_MS)] += power(most)
    over = loudness - lufs(allowed)
    for chime in hearing.chimes:
        ring = hearing.during([chime]) & ~words
        excess = over[ring].max(initial=-math.inf)
        if excess > _CHIME_OFF_LU:
            yield fault_of(chime, "chimes", f"'{chime.sound}' rings {excess:.1f} LU louder than it should")
        opening = words[steps(replace(chime, length=Ms(_STROKE_MS)), HOP_MS)]
        if not opening.any() and loudness[ring].max(initial=-math.inf) < chime.loudest - _FAINT_LU:
            yield fault_of(chime, "chimes", f"'{chime.sound}' is not heard, or hardly")


def _run_lengths(mask: Mask) -> NDArray[np.int64]:
    """Count, for each, how many up to it are true without a break."""
    index = np.arange(1, len(mask) + 1)
    return index - np.maximum.accumulate(np.where(mask, 0, index))


def _beginnings(mask: Mask, apart: int) -> list[int]:
    """Give where each group begins of what is true, if it lies more than so far apart."""
    indices = np.flatnonzero(mask)
    return [int(index) for index in indices[np.diff(indices, prepend=-apart - 1) > apart]]


OF_SOUND: Mapping[str, Callable[[Hearing], Iterator[Fault]]] = {"decoder": decoder, "peak": peak, "startle": startle}
"""Those that need no plan, but tell more with one."""
OF_PLAN: Mapping[str, Callable[[Hearing], Iterator[Fault]]] = {
    "lines": lines, "loudness": loudness, "silence": silence, "beds": beds, "chimes": chimes,
}  # fmt: skip
