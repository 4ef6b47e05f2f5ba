"""Cues and the lengths of what they sound -> a Timeline: what is heard when, exactly as long as it should be.

All times are whole milliseconds. Between them lie silences that give like springs: to meet a target, first every quiet,
then every rest, then every gap of the pace is stretched or shrunk by one factor for all of its kind, each held to its
bounds. The factor is found directly, as a fraction, and each start is that exact position rounded down: so the sum is
exact to the millisecond and no silence leaves its bounds. A bed takes no time: it begins where it stands and lasts
until the next one, whatever is heard over it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Protocol, assert_never

from voiceguide.cues import Bed, Chime, Cue, Mark, Say, Silence, Slot, Utterance
from voiceguide.durations import Ms, written
from voiceguide.errors import TimelineError, VoiceguideError, raise_all

_NONE = Ms(0)


class Spoken(Protocol):
    """What is spoken, as far as time goes."""

    @property
    def length(self) -> Ms: ...


class Ringing(Protocol):
    """A sound, as far as time goes."""

    @property
    def length(self) -> Ms:
        """Until it has faded 60 dB."""
        ...

    @property
    def fade(self) -> Ms:
        """Until it has faded 20 dB."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A cue at its place: a clip, a chime to its last -60 dB, a silence, or a bed until the next one or the end.

    A bed that ends has the length of its fade, or of what is left of the recording if that is less.
    """

    cue: Say | Silence | Chime | Bed
    start: Ms
    length: Ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    title: str
    start: Ms
    end: Ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A whole session in time."""

    events: tuple[Placed, ...]
    """In the order of their starts; a bed comes before what starts with it."""
    chapters: tuple[Chapter, ...]
    length: Ms
    """Of the whole recording, with the time to lie down."""
    shortest: Ms
    """The least this session could last with these clips, without that time."""
    longest: Ms
    lead_in: Ms
    """The time to lie down, before all else."""


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
    longer, nor a chime's wait or the time between its strokes, so that its words can be listened through.
    Raises TimelineError: a `[for]` line too short for what is in it, or a target out of reach.
    """
    steps = _steps(cues, clips, sounds)
    if longest_silence is not None:
        steps = tuple(_shortened(step, longest_silence) for step in steps)
    shortest, longest = (_end(steps, [bound(step) for step in steps]) + head + tail for bound in (_least, _most))
    if target is not None and not shortest <= target <= longest:
        raise _out_of_reach(target, Ms(shortest), Ms(longest), around=Ms(head + tail))
    lengths = _lengths(steps, None if target is None else target - head - tail)
    starts = [Ms(lead_in + head + math.floor(start)) for start in _starts(lengths)]
    end = Ms(lead_in + head + _end(steps, lengths) + tail)
    return Timeline(
        events=tuple(_events(steps, starts, end)),
        chapters=tuple(_chapters(steps, starts, end)),
        length=end,
        shortest=Ms(shortest),
        longest=Ms(longest),
        lead_in=lead_in,
    )


_ORDER = (0, 1, 2)
"""In which springs give: quiet, rest, gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A cue, how far it moves on what follows, and how long it sounds itself."""

    cue: Say | Silence | Chime | Mark | Bed
    least: int
    natural: int
    most: int
    gives: int | None
    """Its place in `_ORDER`; None if it never gives."""
    sounds: int
    """From its start, in ms; may reach over what follows."""


def _steps(cues: Sequence[Cue], clips: Mapping[Utterance, Spoken], sounds: Mapping[str, Ringing]) -> tuple[_Step, ...]:
    steps: list[_Step] = []
    errors: list[VoiceguideError] = []
    for cue in cues:
        match cue:
            case Say():
                steps.append(_fixed(cue, clips[cue.utterance].length))
            case Chime():
                steps.append(_chime(cue, sounds[cue.sound]))
            case Silence():
                steps.append(_silence(cue))
            case Mark() | Bed():
                steps.append(_fixed(cue, 0))
            case Slot():
                try:
                    steps += _slot(cue, clips, sounds)
                except TimelineError as error:
                    errors.append(error)
            case _:
                assert_never(cue)
    raise_all(errors)
    return tuple(steps)


def _fixed(cue: Say | Mark | Bed, length: int) -> _Step:
    return _Step(cue=cue, least=length, natural=length, most=length, gives=None, sounds=length)


def _silence(cue: Silence) -> _Step:
    gives = {"quiet": 0, "rest": 1, "gap": 2, "pause": None}[cue.kind]
    return _Step(cue=cue, least=cue.least, natural=cue.natural, most=cue.most, gives=gives, sounds=0)


def _chime(cue: Chime, sound: Ringing, *, waits: bool = True) -> _Step:
    strokes = (cue.times - 1) * cue.every
    wait = cue.wait if cue.wait is not None else sound.fade if waits else Ms(0)
    advance = strokes + wait
    return _Step(cue=cue, least=advance, natural=advance, most=advance, gives=None, sounds=strokes + sound.length)


def _slot(slot: Slot, clips: Mapping[Utterance, Spoken], sounds: Mapping[str, Ringing]) -> Iterator[_Step]:
    """What a `[for]` line holds, then its silence. A chime that ends the line does not wait: the line's end does."""
    content = 0
    for number, cue in enumerate(slot.cues, start=1):
        match cue:
            case Say():
                step = _fixed(cue, clips[cue.utterance].length)
            case Chime():
                step = _chime(cue, sounds[cue.sound], waits=number < len(slot.cues))
            case Silence():
                step = _silence(cue)
            case _:
                assert_never(cue)
        content += step.natural
        yield step
    if content > slot.most:
        raise TimelineError(
            f"this line takes {written(Ms(content))}, more than its {written(slot.most)}",
            at=slot.at,
            hint=f"give it [for {written(Ms(-(-content // 100) * 100))}], say less, or speak faster with [rate]",
        )
    least, natural, most = (Ms(max(content, bound) - content) for bound in (slot.least, slot.natural, slot.most))
    yield _silence(
        Silence(kind="rest" if least < most else "pause", least=least, natural=natural, most=most, at=slot.at)
    )


def _shortened(step: _Step, most: Ms) -> _Step:
    """Let no silence of a step be longer; a `[for]` line's own is one of them by now."""
    match step.cue:
        case Silence():
            least, natural, longest = (min(length, most) for length in (step.least, step.natural, step.most))
            return replace(step, least=least, natural=natural, most=longest)
        case Chime():
            every = min(step.cue.every, most)
            strokes, before = ((step.cue.times - 1) * each for each in (every, step.cue.every))
            advance = strokes + min(step.natural - before, most)
            sounds = step.sounds - before + strokes
            cue = replace(step.cue, every=every)
            return replace(step, cue=cue, least=advance, natural=advance, most=advance, sounds=sounds)
        case Say() | Mark() | Bed():
            return step
        case _:
            assert_never(step.cue)


def _least(step: _Step) -> int:
    return step.least


def _most(step: _Step) -> int:
    return step.most


def _starts(lengths: Sequence[Fraction | int]) -> Iterator[Fraction | int]:
    """Where each step starts, and as one more where the last one ends."""
    position: Fraction | int = 0
    for length in lengths:
        yield position
        position += length
    yield position


def _end(steps: Sequence[_Step], lengths: Sequence[Fraction | int]) -> int:
    """When the last step is over and the last tail has faded."""
    *starts, end = _starts(lengths)
    tails = (math.floor(start) + step.sounds for step, start in zip(steps, starts, strict=True))
    return max(math.floor(end), *tails, 0)


def _lengths(steps: Sequence[_Step], target: int | None) -> Sequence[Fraction | int]:
    lengths = [step.natural for step in steps]
    if target is None or target == _end(steps, lengths):
        return lengths
    stretch = _end(steps, lengths) < target
    for kind in _ORDER:
        bounds = [_bound(step, stretch=stretch) for step in steps]
        at_bound = [
            bound if step.gives == kind else length for step, bound, length in zip(steps, bounds, lengths, strict=True)
        ]
        end = _end(steps, at_bound)
        if end >= target if stretch else end <= target:
            factor = _factor(steps, lengths, kind, target)
            return [
                _scaled(step, factor) if step.gives == kind else length
                for step, length in zip(steps, lengths, strict=True)
            ]
        lengths = at_bound
    raise AssertionError("a target between the shortest and the longest length is met by one of the kinds")


def _bound(step: _Step, *, stretch: bool) -> int:
    return step.most if stretch else step.least


def _scaled(step: _Step, factor: Fraction) -> Fraction:
    """A silence of 0 ms counts as one of 1 ms, or no factor could move it."""
    wanted = max(step.natural, 1) * factor
    return min(max(wanted, Fraction(step.least)), Fraction(step.most))


def _factor(steps: Sequence[_Step], lengths: Sequence[int], kind: int, target: int) -> Fraction:
    """The one factor for all springs of a kind that makes the session end at the target.

    Each tail could be what ends it. The session is the longest of these ends, so the factor is the least of those that
    bring one of them to the target; each end is solved over the springs that stand before it.
    """
    springs: list[_Step] = []
    fixed: int = 0
    factors: list[Fraction] = []
    for step, length in zip(steps, lengths, strict=True):
        if step.sounds > step.natural:
            factors += _solved(springs, target - fixed - step.sounds)
        if step.gives == kind:
            springs.append(step)
        else:
            fixed += length
    factors += _solved(springs, target - fixed)
    return min(factors)


def _solved(springs: Sequence[_Step], room: int) -> list[Fraction]:
    """The factor at which springs take up `room` together; nothing if they can't, even at their most.

    Their sum grows along straight pieces between the factors at which one of them leaves or meets a bound.
    """
    total, slope, last = sum(spring.least for spring in springs), 0, Fraction(0)
    bends = [(Fraction(spring.least, max(spring.natural, 1)), max(spring.natural, 1)) for spring in springs]
    bends += [(Fraction(spring.most, max(spring.natural, 1)), -max(spring.natural, 1)) for spring in springs]
    taken = Fraction(total)
    for bend, change in sorted(bends):
        reach = taken + slope * (bend - last)
        if reach >= room and slope:
            return [last + (room - taken) / slope]
        taken, last, slope = reach, bend, slope + change
    return []


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


def _events(steps: Sequence[_Step], starts: Sequence[Ms], end: Ms) -> list[Placed]:
    """All that is heard, and the silences between, in order; of what starts together, beds come first."""
    return sorted([*_beds(steps, starts, end), *_placed(steps, starts)], key=lambda event: event.start)


def _beds(steps: Sequence[_Step], starts: Sequence[Ms], end: Ms) -> Iterator[Placed]:
    begun = [(step.cue, start) for step, start in zip(steps, starts, strict=False) if isinstance(step.cue, Bed)]
    stops = [*(start for _, start in begun[1:]), end]
    for (bed, start), stop in zip(begun, stops, strict=False):
        length = stop - start if bed.sound is not None else min(bed.fade, end - start)
        if length > 0:  # another takes its place at once, or nothing follows
            yield Placed(cue=bed, start=start, length=Ms(length))


def _placed(steps: Sequence[_Step], starts: Sequence[Ms]) -> Iterator[Placed]:
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


def _chapters(steps: Sequence[_Step], starts: Sequence[Ms], end: Ms) -> Iterator[Chapter]:
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
