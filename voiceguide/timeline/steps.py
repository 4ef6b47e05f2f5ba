"""Cues and the lengths of what they sound -> steps: how far each moves on what follows, at least and at most."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from voiceguide.cues import Bed, Chime, Cue, Mark, Moment, Say, Silence, Slot, Utterance
from voiceguide.durations import Ms, written
from voiceguide.errors import TimelineError, VoiceguideError, raise_all
from voiceguide.timeline.kinds import Ringing, Spoken

ORDER = (0, 1, 2)
"""In which springs give: quiet, rest, gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A cue, how far it moves on what follows, and how long it sounds itself."""

    cue: Say | Silence | Chime | Mark | Bed
    least: int
    natural: int
    most: int
    gives: int | None
    """Its place in `ORDER`; None if it never gives."""
    sounds: int
    """From its start, in ms; may reach over what follows."""


def steps(cues: Sequence[Cue], clips: Mapping[Utterance, Spoken], sounds: Mapping[str, Ringing]) -> tuple[Step, ...]:
    """Make a step of every cue that takes time or marks it. Raises TimelineError for `[for]` lines too short."""
    made: list[Step] = []
    errors: list[VoiceguideError] = []
    for cue in cues:
        match cue:
            case Say() | Silence() | Chime():
                made.append(step(cue, clips, sounds))
            case Mark() | Bed():
                made.append(_fixed(cue, 0))
            case Slot():
                try:
                    made += _slot(cue, clips, sounds)
                except TimelineError as error:
                    errors.append(error)
            case Moment():
                pass  # it has no place of its own
            case _:
                assert_never(cue)
    raise_all(errors)
    return tuple(made)


def step(
    cue: Say | Silence | Chime, clips: Mapping[Utterance, Spoken], sounds: Mapping[str, Ringing], *, waits: bool = True
) -> Step:
    """Make one cue a step; what follows a chime that does not wait comes with its last stroke."""
    match cue:
        case Say():
            return _fixed(cue, clips[cue.utterance].length)
        case Chime():
            return _chime(cue, sounds[cue.sound], waits=waits)
        case Silence():
            return _silence(cue)
        case _:
            assert_never(cue)


def shortened(step: Step, most: Ms) -> Step:
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


def _fixed(cue: Say | Mark | Bed, length: int) -> Step:
    return Step(cue=cue, least=length, natural=length, most=length, gives=None, sounds=length)


def _silence(cue: Silence) -> Step:
    gives = {"quiet": 0, "rest": 1, "gap": 2, "pause": None}[cue.kind]
    return Step(cue=cue, least=cue.least, natural=cue.natural, most=cue.most, gives=gives, sounds=0)


def _chime(cue: Chime, sound: Ringing, *, waits: bool) -> Step:
    strokes = (cue.times - 1) * cue.every
    wait = cue.wait if cue.wait is not None else sound.fade if waits else Ms(0)
    advance = strokes + wait
    return Step(cue=cue, least=advance, natural=advance, most=advance, gives=None, sounds=strokes + sound.length)


def _slot(slot: Slot, clips: Mapping[Utterance, Spoken], sounds: Mapping[str, Ringing]) -> Iterator[Step]:
    """What a `[for]` line holds, then its silence. A chime that ends the line does not wait: the line's end does."""
    content = 0
    for number, cue in enumerate(slot.cues, start=1):
        held = step(cue, clips, sounds, waits=number < len(slot.cues))
        content += held.natural
        yield held
    if content > slot.most:
        recorded = any(isinstance(cue, Say) and cue.utterance.recording for cue in slot.cues)
        shorter = "or record it shorter" if recorded else "say less, or speak faster with [rate]"
        raise TimelineError(
            f"this line takes {written(Ms(content))}, more than its {written(slot.most)}",
            at=slot.at,
            hint=f"give it [for {written(Ms(-(-content // 100) * 100))}], {shorter}",
        )
    least, natural, most = (Ms(max(content, bound) - content) for bound in (slot.least, slot.natural, slot.most))
    yield _silence(
        Silence(kind="rest" if least < most else "pause", least=least, natural=natural, most=most, at=slot.at)
    )
