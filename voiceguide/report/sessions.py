"""Scripts, and sessions laid out -> what people and programs read of them: lists, timelines, what `check` found."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, assert_never

from voiceguide.check import Checked, Finding
from voiceguide.cues import Bed, Chime, Say, Silence
from voiceguide.durations import clock, written
from voiceguide.errors import VoiceguideError
from voiceguide.render import Plan
from voiceguide.report.words import WIDTH, Json, chapters_json, count, length, placed_json, rounded, table
from voiceguide.script import Parameter, Source, bounds
from voiceguide.timeline import Placed, Timeline

if TYPE_CHECKING:
    from voiceguide.new import Started


def checked_json(checked: Checked) -> Json:
    """Tell what is wrong with a script; `ways` says in which ways to make it something was found, if not in all."""
    return {
        "path": str(checked.path),
        "errors": [placed_json(error.at) | {"message": error.message, "hint": error.hint} for error in checked.errors],
        "findings": [_finding_json(one) for one in checked.findings],
        "allowed": [_finding_json(one.finding) | {"reason": one.reason} for one in checked.allowed],
        "note": checked.note,
    }


def _finding_json(one: Finding) -> Json:
    return {"rule": one.rule, "message": one.message, "why": one.why, "ways": list(one.ways)} | placed_json(one.at)


def checked_text(checked: Sequence[Checked], *, verbose: bool = False) -> str:
    """Show errors and warnings as they are shown elsewhere, what is allowed if asked for, and how many there are."""
    texts = [text for one in checked for text in _checked(one, verbose=verbose)]
    errors, warnings = sum(len(one.errors) for one in checked), sum(len(one.findings) for one in checked)
    allowed = sum(len(one.allowed) for one in checked)
    found = (
        f"{count(errors, 'error')}, {count(warnings, 'warning')}" if errors or warnings else "nothing to complain of"
    )
    with_reason = f"; {allowed} allowed, with a reason" if allowed else ""
    return "\n\n".join([*texts, f"{count(len(checked), 'script')}: {found}{with_reason}"])


def _checked(one: Checked, *, verbose: bool) -> Iterator[str]:
    if one.note:
        yield f"note: {one.path}: {one.note}"
    yield from (error.explain() for error in one.errors)
    yield from (_warning(finding, finding.why).explain("warning") for finding in one.findings)
    if verbose:
        yield from (_warning(it.finding, it.reason).explain("allowed") for it in one.allowed)


def _warning(finding: Finding, hint: str) -> VoiceguideError:
    ways = f" ({', '.join(finding.ways)})" if finding.ways else ""
    return VoiceguideError(f"{finding.rule}: {finding.message}{ways}", at=finding.at, hint=hint)


def plan_json(plan: Plan) -> Json:
    """Describe a session: all times in milliseconds."""
    timeline = plan.timeline
    return {
        "name": plan.script.name,
        "title": plan.script.title,
        "language": plan.script.language,
        "reviewed": plan.source.reviewed,
        "parameters": [_parameter_json(one, dict(plan.script.values)) for one in plan.source.parameters],
        "seed": plan.script.seed,
        "milliseconds": timeline.length,
        "lead_in": timeline.lead_in,
        "shortest": timeline.shortest,
        "longest": timeline.longest,
        "chapters": chapters_json(timeline.chapters),
        "events": [_event(placed) for placed in timeline.events],
    }


def plan_text(plan: Plan) -> str:
    """Show a script's parameters and its timeline: when, in which chapter, what is heard."""
    timeline, source = plan.timeline, plan.source
    reach = f"made for {_reach(source)}"
    if source.minutes is None:
        reach = f"with this voice anything from {length(timeline.shortest)} to {length(timeline.longest)}"
    head = [source.title, *([f"  {source.summary}"] if source.summary else [])]
    lying_down = f", {length(timeline.lead_in)} of it to lie down" if timeline.lead_in else ""
    head.append(f"  {length(timeline.length)} long{lying_down}; {reach}")
    if plan.script.varies:
        head.append(f"  wording {_wording(plan.script.seed)}; --seed keeps one")
    head += [] if source.reviewed else [f"  in {source.language}, {_AWAITING}"]
    parameters = [_parameter(one) for one in source.parameters]
    return "\n".join([*head, *(["", "Parameters", *parameters] if parameters else []), "", *_lines(timeline)])


def _wording(seed: int) -> str:
    """`of 2026-11-22`, or `number 7` for what is no day of our time."""
    is_day = _FIRST_DAY <= seed <= _LAST_DAY
    return f"of {date.fromordinal(seed)}" if is_day else f"number {seed}"


_FIRST_DAY, _LAST_DAY = date(1900, 1, 1).toordinal(), date(2199, 12, 31).toordinal()


def source_json(name: str, source: Source, translations: Mapping[str, Source]) -> Json:
    minutes = source.minutes
    return {
        "name": name,
        "title": source.title,
        "summary": source.summary,
        "language": source.language,
        "reviewed": source.reviewed,
        "translations": [
            {"name": one, "language": other.language, "title": other.title, "reviewed": other.reviewed}
            for one, other in translations.items()
        ],
        "position": source.position,
        "minutes": None
        if minutes is None
        else {"default": minutes.default, "least": minutes.least, "most": minutes.most},
    }


def sources_json(listed: Mapping[str, Source | VoiceguideError]) -> list[Json]:
    return [
        {"name": name, "error": one.explain()}
        if isinstance(one, VoiceguideError)
        else source_json(name, one, translations)
        for name, one, translations in _sessions(listed)
    ]


def _sessions(
    listed: Mapping[str, Source | VoiceguideError],
) -> Iterator[tuple[str, Source | VoiceguideError, Mapping[str, Source]]]:
    """Give each session once, with its translations by their names; what can't be read stands alone."""
    translations: dict[str, dict[str, Source]] = {}
    for name, one in listed.items():
        original = name.rpartition("/")[2]
        if original != name and isinstance(one, Source) and isinstance(listed.get(original), Source):
            translations.setdefault(original, {})[name] = one
    told = {name for ones in translations.values() for name in ones}
    yield from ((name, one, translations.get(name, {})) for name, one in listed.items() if name not in told)


def sources_text(listed: Mapping[str, Source | VoiceguideError]) -> str:
    """List scripts, one a line with its languages; one that can't be read says why."""
    rows = [("NAME", "TITLE", "LENGTH", "LANGUAGE", "POSITION")]
    for name, one, translations in _sessions(listed):
        if isinstance(one, VoiceguideError):
            rows.append((name, f"(can't be read: {one.message})", "", "", ""))
        else:
            languages = " ".join(map(_language, (one, *translations.values())))
            rows.append((name, one.title, _reach(one), languages, one.position))
    unread = any(isinstance(one, Source) and not one.reviewed for one in listed.values())
    return table(rows) + (f"\n* {_AWAITING}" if unread else "")


_AWAITING = "awaiting a native reader"


def _language(source: Source) -> str:
    return source.language if source.reviewed else f"{source.language}*"


def started_text(started: "Started") -> str:
    """Say where a new script is, what was not understood of a text, and what to do next."""
    name = f"'{started.name}'" if " " in started.name else started.name
    lines = [str(started.path), *(f"  line {note.line}: {note.message}" for note in started.notes)]
    if started.hides is not None:
        lines.append(f"  from here, '{started.name}' is this one now, and no longer {started.hides}")
    lines += ["next:", f"  voiceguide show {name}", f"  voiceguide render {name} --proof"]
    return "\n".join(lines)


def _reach(source: Source) -> str:
    """`10:00 (8:00 to 30:00)`, or `natural` for a script without a length of its own."""
    minutes = source.minutes
    if minutes is None:
        return "natural"
    if minutes.least is None or minutes.most is None:
        return clock(minutes.default)
    return f"{clock(minutes.default)} ({clock(minutes.least)} to {clock(minutes.most)})"


def _event(placed: Placed) -> Json:
    cue = placed.cue
    kind = {Say: "say", Chime: "chime", Silence: "silence", Bed: "bed"}[type(cue)]
    return {
        "kind": kind,
        "start": placed.start,
        "length": placed.length,
        "text": cue.utterance.text if isinstance(cue, Say) else None,
        "sound": cue.utterance.recording if isinstance(cue, Say) else _sound(cue),
        "level_db": cue.level_db if isinstance(cue, Bed) and cue.sound is not None else None,
        "file": cue.at.path,
        "line": cue.at.line,
    }


def _sound(cue: Chime | Bed | Silence) -> str | None:
    return None if isinstance(cue, Silence) else cue.sound


def _lines(timeline: Timeline) -> Iterator[str]:
    chapters = list(timeline.chapters)
    for placed in timeline.events:
        while chapters and chapters[0].start <= placed.start:
            chapter = chapters.pop(0)
            yield f"{clock(chapter.start):>7}  {chapter.title}"
        yield from _line(placed)
    yield f"{clock(timeline.length):>7}  (end)"


def _line(placed: Placed) -> Iterator[str]:
    start = f"{clock(placed.start):>7}    "
    match placed.cue:
        case Say():
            said = placed.cue.utterance
            text = f"▸ {said.recording}: {said.text}" if said.recording else said.text
            yield from textwrap.wrap(text, WIDTH, initial_indent=start, subsequent_indent=" " * len(start))
        case Chime():
            times = f", {placed.cue.times} times" if placed.cue.times > 1 else ""
            yield f"{start}♪ {placed.cue.sound}{times}"
        case Silence():
            if placed.cue.kind != "gap":
                yield f"{start}· {placed.cue.kind} {rounded(placed.length)}"
        case Bed():
            yield f"{start}{_bed(placed.cue)}"
        case _:
            assert_never(placed.cue)


def _bed(cue: Bed) -> str:
    if cue.sound is None:
        return f"bed: off, over {written(cue.fade)}"
    return f"bed: {cue.sound}, {-cue.level_db:g} dB under the voice"


def _parameter_json(one: Parameter, values: Mapping[str, str]) -> Json:
    """Describe a parameter; a duration's bounds are in milliseconds."""
    return {
        "name": one.name,
        "label": one.label,
        "type": one.type,
        "kind": one.kind,
        "default": one.default,
        "value": values[one.name],
        "choices": list(one.choices),
        "least": one.least,
        "most": one.most,
    }


def _parameter(one: Parameter) -> str:
    choices = f", of {', '.join(one.choices)}" if one.choices else ""
    reach = f", {bounds(one)}" if one.least is not None or one.most is not None else ""
    label = f": {one.label}" if one.label else ""
    return f"  -p {one.name}={one.default}  ({one.kind or one.type}{choices}{reach}){label}"
