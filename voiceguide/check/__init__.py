"""A script -> what keeps it from being rendered, and what would disturb or harm its listener. Nothing is spoken.

It is laid out as long as its words would take at its own rate: at its shortest, usual and longest, and at its usual
length with every other value of its yes-or-no parameters and choices.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from voiceguide import shipped
from voiceguide.cache import Cache
from voiceguide.check.heard import hear
from voiceguide.check.rules import FIT, NO_SAFETY, RULES, TRANSLATION, Rule
from voiceguide.check.words import languages, words_of
from voiceguide.cues import Cue, Mark, Say, Utterance, opened, read_cues
from voiceguide.durations import Ms, clock
from voiceguide.errors import (
    Place,
    Refusal,
    ScriptError,
    SeveralErrors,
    TimelineError,
    VoiceguideError,
    did_you_mean,
    raise_all,
)
from voiceguide.job import Job
from voiceguide.script import Known, Source, expand, read_script
from voiceguide.sounds import Sounds, open_all
from voiceguide.speech import Cast
from voiceguide.timeline import Spoken, Timeline, lay_out
from voiceguide.translations import first_difference

__all__ = ["RULES", "Allowed", "Checked", "Finding", "Rule", "check", "missing_safety", "rule_names"]

_FIT_SLACK = 0.1
"""How far a length may be out of reach: voices keep a rate within a tenth."""
_YES_OR_NO = ("yes", "no")
_LETTERS = 5.6
"""Of a word with the space behind it, in a language without words of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What would disturb or harm a listener."""

    rule: str
    message: str
    at: Place
    why: str
    """The reason, and what to do."""
    ways: tuple[str, ...] = ()
    """At which lengths and with which values, as in `8:00` or `mat=yes`, if not in every way that was tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """A finding that its script allows."""

    finding: Finding
    reason: str
    """As the script gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A script and what was found in it."""

    path: Path
    errors: tuple[VoiceguideError, ...] = ()
    """What keeps it from being rendered."""
    findings: tuple[Finding, ...] = ()
    """In the order of their places."""
    allowed: tuple[Allowed, ...] = ()
    note: str | None = None
    """What could not be checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """One way to make a session."""

    name: str
    target: Ms | None
    values: Mapping[str, str]
    seed: int
    """Another for each way, so that most wordings of a script are read."""


@dataclass(frozen=True, slots=True)
class _Reckoned:
    """The time of a line that was never spoken."""

    length: Ms


def check(path: Path, *, text: str | None = None, cache: Cache | None = None) -> Checked:
    """Find what is wrong with a script, or with a text as if it stood at that path. Errors are found, not raised."""
    sounds = Sounds(shipped.home_of(path), cache=cache or Cache())
    with Cast(cache) as cast:
        known = Known(chimes=sounds, voices=cast.names, beds=sounds.beds, recordings=sounds.recordings)
        try:
            source = read_script(path, known, text=text)
            _check_allowed(source)
        except VoiceguideError as error:
            return Checked(path=path, errors=_each(error))
        return _checked(path, source, known, sounds)


def missing_safety(timeline: Timeline, source: Source) -> str | None:
    """Say what of safety a session leaves unsaid; None if nothing, or if its script allows that."""
    if any(one.rule == NO_SAFETY for one in source.allowed):
        return None
    heard = hear(timeline, source, words_of(source.language))
    return next(
        (f"{message}: {rule.why}" for rule in RULES if rule.name == NO_SAFETY for _, message in rule.breaches(heard)),
        None,
    )


def rule_names() -> tuple[str, ...]:
    return (*(rule.name for rule in RULES), TRANSLATION.name, FIT.name)


def _check_allowed(source: Source) -> None:
    names = rule_names()
    raise_all(
        [
            ScriptError(f"there is no rule called '{one.rule}'", at=one.at, hint=did_you_mean(one.rule, names))
            for one in source.allowed
            if one.rule not in names
        ]
    )


def _each(error: VoiceguideError) -> tuple[VoiceguideError, ...]:
    return error.errors if isinstance(error, SeveralErrors) else (error,)


def _checked(path: Path, source: Source, known: Known, sounds: Sounds) -> Checked:
    errors: dict[str, VoiceguideError] = {}
    found: dict[str, list[Finding]] = {}
    for way in _ways(source):
        try:
            found[way.name] = list(_found(way, source, known, sounds))
        except Refusal as refusal:
            errors |= {} if way.values else {refusal.explain(): refusal}
        except VoiceguideError as error:
            errors |= {one.explain(): one for one in _each(error)}
    merged = sorted(_merged(found), key=lambda one: (one.at.path != str(path), one.at.path, one.at.line, one.at.column))
    reasons = {one.rule: one.reason for one in source.allowed}
    return Checked(
        path=path,
        errors=tuple(errors.values()),
        findings=tuple(one for one in merged if one.rule not in reasons),
        allowed=tuple(Allowed(finding=one, reason=reasons[one.rule]) for one in merged if one.rule in reasons),
        note=None if words_of(source.language) else _unheard(source.language),
    )


def _unheard(language: str) -> str:
    return f"rules about words know {', '.join(languages())}, not '{language}': only the others were tried"


def _ways(source: Source) -> Iterator[_Way]:
    """Give a script's lengths, and each value of its yes-or-no parameters and choices but their defaults."""
    seeds = itertools.count()
    for length in _lengths(source):
        name = "its own length" if length is None else clock(length)
        yield _Way(name=name, target=length, values={}, seed=next(seeds))
    for parameter in source.parameters:
        choices = _YES_OR_NO if parameter.type == "yesno" else parameter.choices if parameter.type == "choice" else ()
        for value in choices:
            if value != parameter.default:
                values = {parameter.name: value}
                yield _Way(name=f"{parameter.name}={value}", target=None, values=values, seed=next(seeds))


def _lengths(source: Source) -> tuple[Ms | None, ...]:
    allowed = source.minutes
    if allowed is None:
        return (None,)
    lengths = (allowed.least, allowed.default, allowed.most)
    return tuple(dict.fromkeys(length for length in lengths if length is not None))


def _found(way: _Way, source: Source, known: Known, sounds: Sounds) -> Iterator[Finding]:
    """Find what breaks a rule in one way to make a session. Raises VoiceguideError where it can't be made."""
    script = expand(source, way.values, way.target, known, seed=way.seed)
    cues = read_cues(script, known)
    if parted := _parted(way, source, cues, known):
        at = parted.at or next(cue.at for cue in cues)
        yield Finding(rule=TRANSLATION.name, message=parted.message, at=at, why=f"{parted.hint}: {TRANSLATION.why}")
    open_all(cues, sounds)
    words = words_of(source.language)
    timeline, misfit = _laid_out(cues, source, script.target, sounds, words.letters if words else _LETTERS)
    if misfit:
        at = misfit.at or source.minutes_at or next(cue.at for cue in cues)
        yield Finding(rule=FIT.name, message=misfit.message, at=at, why=FIT.why)
    if timeline:
        heard = hear(timeline, source, words, (cue for cue in cues if isinstance(cue, Mark)))
        for rule in RULES:
            for at, message in rule.breaches(heard):
                yield Finding(rule=rule.name, message=message, at=at, why=rule.why)


def _parted(way: _Way, source: Source, cues: Sequence[Cue], known: Known) -> ScriptError | None:
    """Find where a translation leaves its original, made in the same way."""
    if source.original is None:
        return None
    original = read_script(source.original, known)
    shared = {parameter.name for parameter in original.parameters}
    values = {name: value for name, value in way.values.items() if name in shared}
    script = expand(original, values, way.target, known, seed=way.seed)
    return first_difference(read_cues(script, known), cues)


def _laid_out(
    cues: Sequence[Cue], source: Source, target: Ms | None, sounds: Sounds, letters: float
) -> tuple[Timeline | None, TimelineError | None]:
    """Lay a session out as long as its words would take; where its length is out of reach, as near as it comes."""
    letter_ms = 60_000 / (source.rate * letters)
    clips: dict[Utterance, Spoken] = {
        cue.utterance: _reckoned(cue.utterance, sounds, letter_ms) for cue in opened(cues) if isinstance(cue, Say)
    }
    job = Job(script=Path(source.name))
    try:
        natural = lay_out(cues, clips, sounds, None, head=job.head, tail=job.tail)
        reached = natural.length if target is None else min(max(target, natural.shortest), natural.longest)
        timeline = lay_out(cues, clips, sounds, Ms(reached), head=job.head, tail=job.tail)
    except TimelineError as error:
        return None, error
    off = 0 if target is None else abs(reached - target) / target
    return timeline, _out_of_reach(natural, target) if target is not None and off > _FIT_SLACK else None


def _reckoned(line: Utterance, sounds: Sounds, letter_ms: float) -> Spoken:
    if line.recording is not None:
        return sounds.recordings[line.recording]
    return _Reckoned(Ms(round(letter_ms * (len(line.text) + 1))))


def _out_of_reach(natural: Timeline, target: Ms) -> TimelineError:
    reach = f"{clock(natural.shortest)} to {clock(natural.longest)}"
    return TimelineError(f"at {clock(target)} its words and silences come to {reach}")


def _merged(found: Mapping[str, Sequence[Finding]]) -> Iterator[Finding]:
    """Give each rule and place once, with the ways it was found in unless these are all of them."""
    places: dict[tuple[str, Place], dict[str, Finding]] = {}
    for way, findings in found.items():
        for one in findings:
            places.setdefault((one.rule, one.at), {}).setdefault(way, one)
    for by_way in places.values():
        first = next(iter(by_way.values()))
        everywhere = len(by_way) == len(found) or first.at.gave is not None
        yield replace(first, ways=() if everywhere else tuple(by_way))
