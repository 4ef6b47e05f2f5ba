"""Cues and the lengths of what they sound -> a Timeline: what is heard when, exactly as long as it should be.

All times are whole milliseconds. Between them lie silences that give like springs: to meet a target, first every quiet,
then every rest, then every gap of the pace is stretched or shrunk by one factor for all of its kind, each held to its
bounds. The factor is found directly, as a fraction, and each start is that exact position rounded down: so the sum is
exact to the millisecond and no silence leaves its bounds. A bed takes no time: it begins where it stands and lasts
until the next one, whatever is heard over it. Nor does what is heard in a silence: it is put there at last.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import assert_never

from voiceguide.cues import Bed, Chime, Cue, Mark, Moment, Say, Silence, Utterance
from voiceguide.durations import Ms, written
from voiceguide.errors import TimelineError
from voiceguide.timeline.inside import in_line, with_moments, with_strokes
from voiceguide.timeline.kinds import Chapter, Placed, Ringing, Spoken, Timeline
from voiceguide.timeline.springs import end_of, lengths_of, reach, starts_of
from voiceguide.timeline.steps import Step, shortened, steps

__all__ = ["Chapter", "Placed", "Ringing", "Spoken", "Timeline", "lay_out"]

_NONE = Ms(0)


def lay_out(
    cues: Sequence[Cue],
    clips: Mapping[Utterance, Spoken],
    sounds: Mapping[str, Ringing],
    target: Ms | None,
    *,
    head: Ms = _NONE,
    tail: Ms = _NONE,
    lead_in: Ms = _NONE,
    longest_silence: Ms | None = None,
) -> Timeline:
    """Place every cue; with a target, so that the session lasts exactly that.

    `head` is the silence before all that is heard and `tail` the one after its last tail; they count, while `lead_in`,
    before both, does not: the recording is the target and that long. With `longest_silence` no silence of the script is
    longer, nor a chime's wait or the time between its strokes, so that its words can be listened through: an `[at]`
    line then stands where it is written.
    Raises TimelineError: a `[for]` line too short for what is in it, a target out of reach, or an `[at]` line that
    finds no silence at its moment.
    """
    made = _steps(cues, clips, sounds, longest_silence)
    shortest, longest = (Ms(bound + head + tail) for bound in reach(made))
    if target is not None and not shortest <= target <= longest:
        raise _out_of_reach(target, shortest, longest, around=Ms(head + tail))
    lengths = lengths_of(made, None if target is None else target - head - tail)
    first = Ms(lead_in + head)
    starts = [Ms(first + math.floor(start)) for start in starts_of(lengths)]
    last = Ms(first + end_of(made, lengths))
    end = Ms(last + tail)
    timeline = Timeline(
        events=tuple(_events(made, starts, end)),
        chapters=tuple(_chapters(made, starts, end)),
        length=end,
        shortest=shortest,
        longest=longest,
        lead_in=lead_in,
    )
    timeline = with_strokes(timeline, sounds, last)
    moments = [cue for cue in cues if isinstance(cue, Moment)] if longest_silence is None else []
    return with_moments(timeline, moments, clips, sounds, within=(first, last))


def _steps(
    cues: Sequence[Cue],
    clips: Mapping[Utterance, Spoken],
    sounds: Mapping[str, Ringing],
    longest_silence: Ms | None,
) -> tuple[Step, ...]:
    if longest_silence is None:
        return steps(cues, clips, sounds)
    return tuple(shortened(step, longest_silence) for step in steps(tuple(in_line(cues)), clips, sounds))


def _out_of_reach(target: Ms, shortest: Ms, longest: Ms, *, around: Ms) -> TimelineError:
    reach = written(shortest) if shortest == longest else f"from {written(shortest)} to {written(longest)}"
    room = f"with this voice the session lasts {reach}"
    room += f", {written(around)} of it before its first sound and after its last" if around else ""
    if target < shortest:
        advice = "ask for more, speak faster (--rate), change a parameter (-p), or shorten a [pause] or a 'from'"
    else:
        advice = (
            "ask for less, speak slower (--rate), change a parameter (-p), add lines, or give a [quiet] a higher 'to'"
        )
    return TimelineError(f"{written(target)} is out of reach: {room}", hint=advice)


def _events(steps: Sequence[Step], starts: Sequence[Ms], end: Ms) -> list[Placed]:
    """All that is heard, and the silences between, in order; of what starts together, beds come first."""
    return sorted([*_beds(steps, starts, end), *_placed(steps, starts)], key=lambda event: event.start)


def _beds(steps: Sequence[Step], starts: Sequence[Ms], end: Ms) -> Iterator[Placed]:
    begun = [(step.cue, start) for step, start in zip(steps, starts, strict=False) if isinstance(step.cue, Bed)]
    stops = [*(start for _, start in begun[1:]), end]
    for (bed, start), stop in zip(begun, stops, strict=False):
        length = stop - start if bed.sound is not None else min(bed.fade, end - start)
        if length > 0:  # another takes its place at once, or nothing follows
            yield Placed(cue=bed, start=start, length=Ms(length))


def _placed(steps: Sequence[Step], starts: Sequence[Ms]) -> Iterator[Placed]:
    for step, start, after in zip(steps, starts, starts[1:], strict=False):
        match step.cue:
            case Say() | Chime():
                yield Placed(cue=step.cue, start=start, length=Ms(step.sounds))
            case Silence() if after > start:
                yield Placed(cue=step.cue, start=start, length=Ms(after - start))
            case Silence() | Mark() | Bed():
                pass
            case _:
                assert_never(step.cue)


def _chapters(steps: Sequence[Step], starts: Sequence[Ms], end: Ms) -> Iterator[Chapter]:
    marks: list[tuple[str, Ms]] = []
    title: str | None = None
    for step, start in zip(steps, starts, strict=False):
        match step.cue:
            case Mark():
                title = step.cue.title
            case Say() | Chime() if title is not None:
                marks.append((title, start if marks else Ms(0)))
                title = None
            case _:
                pass
    for (name, start), (_, stop) in pairwise([*marks, ("", end)]):
        yield Chapter(title=name, start=start, end=stop)
