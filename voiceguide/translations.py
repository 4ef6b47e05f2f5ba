"""A translation's cues and its original's -> where the two first part: all but the words must be the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import assert_never

from voiceguide.cues import Bed, Chime, Cue, Mark, Moment, Say, Silence, Slot
from voiceguide.durations import Ms, written
from voiceguide.errors import Place, ScriptError


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What a translation must have in the same place."""

    what: tuple[object, ...]
    """Equal where two languages may not differ."""
    told: str
    """For people: `a rest of 12s`."""
    at: Place


def first_difference(original: Sequence[Cue], translation: Sequence[Cue]) -> ScriptError | None:
    """Hold a translation to its original, both made with the same values and for the same length.

    Chapters, lines, silences, chimes, beds and what is marked as safety must follow each other in the same way; a line
    may have more sentences or fewer. The error stands at the translation's place, its hint names the original's.
    """
    for theirs, ours in zip_longest(_steps(original), _steps(translation)):
        if theirs is None:
            return ScriptError(f"the original has ended before {ours.told}", at=ours.at, hint="take it out")
        there = f"{theirs.at.path}:{theirs.at.line}"
        if ours is None:
            hint = f"{there} still has {theirs.told}"
            return ScriptError(
                "the translation ends too soon", at=translation[-1].at if translation else None, hint=hint
            )
        if theirs.what != ours.what:
            return ScriptError(f"the original has {theirs.told} here, not {ours.told}", at=ours.at, hint=f"see {there}")
    return None


def _steps(cues: Iterable[Cue]) -> list[_Step]:
    """Give what must be the same, sentences of a line as one."""
    steps: list[_Step] = []
    for cue in cues:
        step = _step(cue)
        if isinstance(cue, Say) and _go_on(steps, step):
            del steps[-1]
        else:
            steps.append(step)
    return steps


def _go_on(steps: list[_Step], step: _Step) -> bool:
    """Tell whether words go on with the line before them, only a gap between."""
    if len(steps) < 2 or steps[-1].what[0] != "gap" or steps[-2].what != step.what:
        return False
    before = steps[-2].at
    return (before.path, before.line) == (step.at.path, step.at.line)


def _step(cue: Cue) -> _Step:
    match cue:
        case Say():
            return _Step(what=("words", cue.safety), told=_WORDS[cue.safety], at=cue.at)
        case Silence():
            rings = (*_ringing(cue.interval.chime), cue.interval.every) if cue.interval else ()
            what = (cue.kind, cue.least, cue.natural, cue.most, *rings)
            return _Step(what=what, told=f"a {cue.kind} of {_from_to(cue)}", at=cue.at)
        case Chime():
            told = f"the chime '{cue.sound}'{_level(cue.gain_db)}"
            return _Step(what=("chime", *_ringing(cue)), told=told, at=cue.at)
        case Slot():
            told, held = _held(cue)
            lengths = (cue.least, cue.natural, cue.most)
            return _Step(what=("slot", *lengths, held), told=f"a line of {_from_to(cue)} with {told}", at=cue.at)
        case Moment():
            told, held = _held(cue)
            return _Step(what=("moment", cue.left, held), told=f"{told} {_when(cue.left)}", at=cue.at)
        case Bed():
            told = f"the bed '{cue.sound}'{_level(cue.level_db)}" if cue.sound else "the end of the bed"
            return _Step(what=("bed", cue.sound, cue.level_db, cue.fade), told=told, at=cue.at)
        case Mark():
            return _Step(what=("chapter",), told=f"the chapter '{cue.title}'", at=cue.at)
        case _:
            assert_never(cue)


_WORDS = {False: "words", True: "words marked as safety"}


def _held(cue: Slot | Moment) -> tuple[str, tuple[object, ...]]:
    """Tell what is heard in a line, for people and to compare."""
    steps = _steps(cue.cues)
    return ", ".join(step.told for step in steps) or "nothing", tuple(step.what for step in steps)


def _ringing(chime: Chime) -> tuple[object, ...]:
    return chime.sound, chime.gain_db, chime.times, chime.every, chime.wait


def _level(level_db: float) -> str:
    return f" at {level_db:g}dB" if level_db else ""


def _from_to(cue: Silence | Slot) -> str:
    bounds = "" if cue.least == cue.most else f" from {written(cue.least)} to {written(cue.most)}"
    return f"{written(cue.natural)}{bounds}"


def _when(left: Ms | None) -> str:
    return "halfway" if left is None else f"with {written(left)} left"
