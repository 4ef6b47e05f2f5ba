"""A session laid out -> the same with what is heard inside its silences: interval chimes, and `[at]` lines.

Neither takes time: the session stays as long as it was, and all else stays where it is.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from voiceguide.cues import Bed, Chime, Cue, Interval, Moment, Say, Silence, Utterance
from voiceguide.durations import Ms, clock, written
from voiceguide.errors import TimelineError, VoiceguideError, raise_all
from voiceguide.timeline.kinds import Placed, Ringing, Spoken, Timeline
from voiceguide.timeline.springs import end_of, starts_of
from voiceguide.timeline.steps import Step, step

_OFF_PART = 10
"""Of what is left at its moment, a line may come one part earlier or later: "three minutes left" with 2:42 to 3:18, and
"halfway" between 45 and 55 % of the session."""
_LEAST_OFF = Ms(5000)
"""Where that part is less."""
_QUOTED = 40
"""Characters of a line that an error tells."""


def in_line(cues: Sequence[Cue]) -> Iterator[Cue]:
    """Let every `[at]` line stand where it is written, and take time there."""
    for cue in cues:
        if isinstance(cue, Moment):
            gap = Silence(kind="gap", least=cue.apart, natural=cue.apart, most=cue.apart, at=cue.at)
            yield from (gap, *cue.cues, gap)
        else:
            yield cue


def with_strokes(timeline: Timeline, sounds: Mapping[str, Ringing], last: Ms) -> Timeline:
    """Ring the chimes of every silence, but those whose tail would end after `last`, where all else has faded."""
    strokes = [stroke for event in timeline.events for stroke in _strokes(event, sounds)]
    return _with(timeline, [stroke for stroke in strokes if stroke.end <= last])


def with_moments(
    timeline: Timeline,
    moments: Sequence[Moment],
    clips: Mapping[Utterance, Spoken],
    sounds: Mapping[str, Ringing],
    *,
    within: tuple[Ms, Ms],
) -> Timeline:
    """Put each line at its moment, or at the nearest one in a silence that holds it: one after the other, as written.

    `within` is from the first sound of all to where the last one has faded. Raises TimelineError for lines that find no
    silence.
    """
    errors: list[VoiceguideError] = []
    for moment in moments:
        try:
            line = _line(moment, timeline, clips, sounds)
            timeline = _with(timeline, line.at(_start(line, timeline, sounds, within)))
        except TimelineError as error:
            errors.append(error)
    raise_all(errors)
    return timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """An `[at]` line whose moment is known."""

    moment: Moment
    asked: Ms
    most_off: Ms
    """How far from there it may begin."""
    steps: tuple[Step, ...]

    @property
    def lengths(self) -> list[int]:
        return [part.natural for part in self.steps]

    @property
    def length(self) -> Ms:
        """Until its last word is said, or its last chime has faded 20 dB."""
        return Ms(sum(self.lengths))

    @property
    def sounds(self) -> Ms:
        """Until its last tail has faded."""
        return Ms(end_of(self.steps, self.lengths))

    def at(self, start: Ms) -> Iterator[Placed]:
        """Give what is heard of it if it begins there; its silences are parts of the one it stands in."""
        for part, offset in zip(self.steps, starts_of(self.lengths), strict=False):
            if isinstance(part.cue, Say | Chime):
                yield Placed(cue=part.cue, start=Ms(start + int(offset)), length=Ms(part.sounds))


def _with(timeline: Timeline, more: Iterator[Placed] | Sequence[Placed]) -> Timeline:
    return replace(timeline, events=tuple(sorted([*timeline.events, *more], key=lambda event: event.start)))


def _strokes(event: Placed, sounds: Mapping[str, Ringing]) -> Iterator[Placed]:
    match event.cue:
        case Silence(interval=Interval() as interval):
            length = sounds[interval.chime.sound].length
            for start in range(event.start + interval.every, event.end - interval.before_end + 1, interval.every):
                yield Placed(cue=interval.chime, start=Ms(start), length=length)
        case _:
            pass


def _line(
    moment: Moment, timeline: Timeline, clips: Mapping[Utterance, Spoken], sounds: Mapping[str, Ringing]
) -> _Line:
    length = Ms(timeline.length - timeline.lead_in)
    left = Ms(length // 2) if moment.left is None else moment.left
    if left > length:
        message = f"there are never {written(left)} left: the session lasts {written(length)}"
        raise TimelineError(message, at=moment.at, hint="keep this line for longer sessions, with {% if minutes > … %}")
    return _Line(
        moment=moment,
        asked=Ms(timeline.length - left),
        most_off=Ms(max(left // _OFF_PART, _LEAST_OFF)),
        steps=tuple(step(cue, clips, sounds) for cue in moment.cues),
    )


def _start(line: _Line, timeline: Timeline, sounds: Mapping[str, Ringing], within: tuple[Ms, Ms]) -> Ms:
    """Find where a line begins: of two places that are as near, the earlier one."""
    busy = [(event, end) for event in timeline.events if (end := _busy_until(event, sounds)) is not None]
    starts = (_nearest(line, silence, within[1]) for silence in _silences(busy, within))
    found = min(
        (start for start in starts if start is not None), key=lambda start: abs(start - line.asked), default=None
    )
    if found is None or abs(found - line.asked) > line.most_off:
        raise _no_room(line, found, _in_the_way(line, busy))
    return found


def _busy_until(event: Placed, sounds: Mapping[str, Ringing]) -> Ms | None:
    """Tell until when nothing may be said over an event: its words, or its strokes until they have faded 20 dB."""
    match event.cue:
        case Say():
            return event.end
        case Chime():
            return Ms(event.start + (event.cue.times - 1) * event.cue.every + sounds[event.cue.sound].fade)
        case Silence() | Bed():
            return None
        case _:
            assert_never(event.cue)


def _silences(busy: Sequence[tuple[Placed, Ms]], within: tuple[Ms, Ms]) -> Iterator[tuple[Ms, Ms]]:
    opens, last = within
    for event, end in busy:
        if event.start > opens:
            yield opens, event.start
        opens = max(opens, end)
    yield opens, last


def _nearest(line: _Line, silence: tuple[Ms, Ms], last: Ms) -> Ms | None:
    """Give the place in a silence that is nearest to a line's moment; None if the silence can't hold it."""
    opens, closes = silence
    earliest = opens + line.moment.apart
    latest = min(closes - line.moment.apart - line.length, last - line.sounds)
    return Ms(min(max(line.asked, earliest), latest)) if earliest <= latest else None


def _in_the_way(line: _Line, busy: Sequence[tuple[Placed, Ms]]) -> str:
    """Say what keeps a line from its moment: what is heard then, or nearest to it."""
    first, last = line.asked - line.moment.apart, line.asked + line.length + line.moment.apart
    near = [(event, end) for event, end in busy if event.start < last and end > first]
    if not near:
        return "the session begins or ends there"
    event, end = min(near, key=lambda one: max(one[0].start - line.asked, line.asked - one[1], 0))
    when = "then" if event.start <= line.asked < end else "too near"
    if isinstance(event.cue, Say):
        return f"'{textwrap.shorten(event.cue.utterance.text, _QUOTED, placeholder=' …')}' is said {when}"
    return f"a chime rings {when}"


def _no_room(line: _Line, found: Ms | None, in_the_way: str) -> TimelineError:
    moment = line.moment
    when = "halfway" if moment.left is None else f"with {written(moment.left)} left"
    nearest = "no silence is that long" if found is None else f"the nearest room is at {clock(found)}, too far off"
    return TimelineError(
        f"this line finds no silence {when}, at {clock(line.asked)}: {in_the_way}",
        at=moment.at,
        hint=f"it takes {written(line.length)} with {written(moment.apart)} on either side, and {nearest}:"
        " put a [rest] or [quiet] there, or say less",
    )
