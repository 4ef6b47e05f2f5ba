"""Plans, results and lists -> what people and programs read of them: text for a terminal, plain data for JSON."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from voiceguide.cache import Cache
from voiceguide.check import Checked, Finding
from voiceguide.cues import Bed, Chime, Say, Silence
from voiceguide.durations import Ms, clock, written
from voiceguide.errors import Place, VoiceguideError
from voiceguide.points import Mode, Point, spellings, whole_table
from voiceguide.render import Plan, Rendered
from voiceguide.script import Parameter, Source, bounds
from voiceguide.settings import KEYS, Preset, Settings
from voiceguide.sounds import Description
from voiceguide.speech import Listed, Voice, speaks
from voiceguide.timeline import Chapter, Placed, Timeline
from voiceguide.verify import Fault, Verified

if TYPE_CHECKING:  # each belongs to a command of its own, and takes a while to load
    from voiceguide.doctor import Tried
    from voiceguide.feed import Found
    from voiceguide.new import Started
    from voiceguide.player import Played
    from voiceguide.sharing.server import Sharing

Json = dict[str, object]

_WIDTH = 96
_FAULTS_SHOWN = 5


def rendered_json(made: Rendered) -> Json:
    """Describe a recording; `loudness` (LUFS) and `true_peak` (dBTP) are of the sound before encoding."""
    return {
        "path": str(made.path),
        "milliseconds": made.length,
        "chapters": _chapters(made.chapters),
        "spoken_new": made.spoken_new,
        "spoken_cached": made.spoken_cached,
        "spans_new": made.spans_new,
        "spans_cached": made.spans_cached,
        "loudness": round(made.loudness, 2),
        "true_peak": round(made.true_peak, 2),
        "seed": made.seed,
        "captions": [str(path) for path in made.captions],
    }


def rendered_text(made: Rendered) -> str:
    lines = f"{_count(made.spoken_new, 'line')} spoken now, {made.spoken_cached} kept from before"
    names = "\n".join(map(str, (made.path, *made.captions))) + (" (replaced)" if made.replaced else "")
    return f"{names}\n  {_length(made.length)}, {_count(len(made.chapters), 'chapter')}; {lines}"


def played_json(played: "Played") -> Json:
    """Tell how far a recording was heard: times in milliseconds; `goes_on` is 0 where it begins anew."""
    return {
        "path": str(played.recording.path),
        "milliseconds": played.recording.length,
        "stopped": played.moment,
        "goes_on": played.goes_on,
    }


def resumed_text(moment: Ms) -> str:
    return f"it goes on where it was stopped, at {clock(moment)}; --from start begins anew"


def stopped_text(played: "Played") -> str:
    return f"stopped at {clock(played.moment)}; it goes on there the next time"


def verified_json(verified: Verified) -> Json:
    """Tell what was found out about a recording: times in milliseconds, `loudness` in LUFS over the clear lines."""
    loudness = verified.loudness
    return {
        "path": str(verified.path),
        "sound": not verified.faults,
        "planned": verified.planned,
        "milliseconds": verified.length,
        "lines": verified.lines,
        "loudness": None if loudness is None else round(loudness, 2),
        "checks": list(verified.checks),
        "faults": [
            {"check": one.check, "message": one.message, "at": one.at, "file": one.file, "line": one.line}
            for one in verified.faults
        ],
    }


def verified_text(verified: Verified) -> str:
    """Say in a line that a recording is sound, or list its faults: of each check the first ones."""
    plan = f"{_count(verified.lines, 'line')} as planned" if verified.planned else "it has no plan to be held against"
    if not verified.faults:
        return f"{verified.path}: sound; {_length(verified.length)}, {plan}"
    lines = [f"{verified.path}: {_count(len(verified.faults), 'fault')}"]
    if not verified.planned:
        lines.append(f"  {plan}")
    for check in dict.fromkeys(fault.check for fault in verified.faults):
        found = [fault for fault in verified.faults if fault.check == check]
        lines += [f"  {check}: {_fault(fault)}" for fault in found[:_FAULTS_SHOWN]]
        more = len(found) - _FAULTS_SHOWN
        lines += [f"  {check}: and {more} more, which --json lists"] if more > 0 else []
    return "\n".join(lines)


def _fault(fault: Fault) -> str:
    """`at 1:04.2, back-on-mat.md:31, it is not heard`"""
    moment = "" if fault.at is None else f"at {clock(fault.at)}.{fault.at % 1000 // 100}, "
    place = f"{fault.file}:{fault.line}, " if fault.file else ""
    return f"{moment}{place}{fault.message}"


def feed_json(found: "Found", out: Path) -> Json:
    """Describe a feed: lengths in milliseconds, sizes in bytes."""
    return {"path": str(out), "recordings": _recordings(found), "left_out": _left_out_json(found)}


def feed_text(found: "Found", out: Path) -> str:
    return "\n".join([str(out), f"  {_count(len(found.recordings), 'recording')}", *_left_out(found)])


def shared_json(found: "Found", sharing: "Sharing", until: datetime) -> Json:
    """Describe what is shared, where and until when, before it can be had."""
    return {
        "url": sharing.url,
        "feed": sharing.feed_url,
        "until": until.isoformat(timespec="seconds"),
        "public": sharing.is_public,
        "recordings": _recordings(found),
        "left_out": _left_out_json(found),
    }


def shared_text(found: "Found", sharing: "Sharing", until: datetime) -> str:
    whom = "anyone on the internet who has" if sharing.is_public else "those in this network who have"
    day = "" if until.date() == datetime.now(until.tzinfo).date() else f"{until:%A} "
    return "\n".join(
        [
            table([(one.title, clock(one.length)) for one in found.recordings]),
            *_left_out(found),
            "",
            sharing.qr_text,
            "",
            sharing.url,
            f"  as a feed: {sharing.feed_url}",
            f"  shared until {day}{until:%H:%M}, or Ctrl-C: this, and nothing else, with {whom} the address",
        ]
    )


def _recordings(found: "Found") -> list[Json]:
    return [
        {
            "path": str(one.path),
            "title": one.title,
            "language": one.language or None,
            "milliseconds": one.length,
            "size": one.size,
            "chapters": _chapters(one.chapters),
        }
        for one in found.recordings
    ]


def _left_out_json(found: "Found") -> list[Json]:
    return [{"path": str(one.path), "why": one.why} for one in found.left_out]


def _left_out(found: "Found") -> Iterator[str]:
    return (f"  left out: {one.path.name}: {one.why}" for one in found.left_out)


def checked_json(checked: Checked) -> Json:
    """Tell what is wrong with a script; `ways` says in which ways to make it something was found, if not in all."""
    return {
        "path": str(checked.path),
        "errors": [_placed(error.at) | {"message": error.message, "hint": error.hint} for error in checked.errors],
        "findings": [_finding_json(one) for one in checked.findings],
        "allowed": [_finding_json(one.finding) | {"reason": one.reason} for one in checked.allowed],
        "note": checked.note,
    }


def _finding_json(one: Finding) -> Json:
    return {"rule": one.rule, "message": one.message, "why": one.why, "ways": list(one.ways)} | _placed(one.at)


def _placed(at: Place | None) -> Json:
    if at is None:
        return {"file": None, "line": None, "column": None}
    return {"file": at.path, "line": at.line, "column": at.column}


def checked_text(checked: Sequence[Checked], *, verbose: bool = False) -> str:
    """Show errors and warnings as they are shown elsewhere, what is allowed if asked for, and how many there are."""
    texts = [text for one in checked for text in _checked(one, verbose=verbose)]
    errors, warnings = sum(len(one.errors) for one in checked), sum(len(one.findings) for one in checked)
    allowed = sum(len(one.allowed) for one in checked)
    found = (
        f"{_count(errors, 'error')}, {_count(warnings, 'warning')}" if errors or warnings else "nothing to complain of"
    )
    with_reason = f"; {allowed} allowed, with a reason" if allowed else ""
    return "\n\n".join([*texts, f"{_count(len(checked), 'script')}: {found}{with_reason}"])


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
        "chapters": _chapters(timeline.chapters),
        "events": [_event(placed) for placed in timeline.events],
    }


def plan_text(plan: Plan) -> str:
    """Show a script's parameters and its timeline: when, in which chapter, what is heard."""
    timeline, source = plan.timeline, plan.source
    reach = f"made for {_reach(source)}"
    if source.minutes is None:
        reach = f"with this voice anything from {_length(timeline.shortest)} to {_length(timeline.longest)}"
    head = [source.title, *([f"  {source.summary}"] if source.summary else [])]
    lying_down = f", {_length(timeline.lead_in)} of it to lie down" if timeline.lead_in else ""
    head.append(f"  {_length(timeline.length)} long{lying_down}; {reach}")
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


def voices_json(listing: Sequence[Listed]) -> list[Json]:
    return [
        {
            "engine": listed.engine,
            "trouble": listed.trouble,
            "voices": [
                {
                    "name": voice.name,
                    "language": voice.language,
                    "title": voice.title,
                    "fetch": voice.fetch,
                    "draft": voice.draft,
                }
                for voice in listed.voices
            ],
        }
        for listed in listing
    ]


def voices_text(listing: Sequence[Listed], language: str | None) -> str:
    """List engines and their voices, by language or those of one; a broken engine is a line."""
    lines: list[str] = []
    for listed in listing:
        lines.append(f"{listed.engine}: {listed.trouble}" if listed.trouble else listed.engine)
        wanted = (voice for voice in listed.voices if language is None or speaks(voice, language))
        voices = sorted(wanted, key=lambda voice: (voice.language, voice.name))
        rows = [(f"  {listed.engine}:{voice.name}", voice.language, _title(voice)) for voice in voices]
        lines += [table(rows)] if rows else []
    return "\n".join(lines)


def sounds_json(sounds: Sequence[Description]) -> list[Json]:
    return [asdict(sound) for sound in sounds]


def sounds_text(sounds: Sequence[Description]) -> str:
    """List chimes, then beds."""
    rows = [
        (sound.kind or "any", sound.name, sound.title) for sound in sorted(sounds, key=lambda one: one.kind != "chime")
    ]
    return table(rows)


def points_json(points: Sequence[Point]) -> list[Json]:
    """Describe points: times in seconds, on each side; how codes and names are written by language."""
    return [_point_json(point) for point in points]


def _point_json(point: Point) -> Json:
    known = whole_table().sources
    return asdict(point) | {
        "sources": [known[source] for source in point.sources],
        "written": spellings(point),
    }


def points_text(points: Sequence[Point]) -> str:
    """List points, one a line."""
    titles = {name: position.title for name, position in whole_table().positions.items()}
    rows = [("CODE", "NAME", "WHERE", "SECONDS A SIDE", "VISITED")]
    for point in points:
        visited = ", ".join(titles[mode.position] for mode in point.modes)
        seconds = f"{point.seconds} ({point.least} to {point.most})" if point.modes else ""
        rows.append((point.code, point.pinyin, point.area or "", seconds, visited or "in no session"))
    return table(rows)


def point_text(point: Point) -> str:
    """Tell all about one point."""
    lines = [f'{point.code}  {point.pinyin}  {point.hanzi}  "{point.meaning}", said "{point.say_as}"']
    for label, texts in _about(point):
        for number, text in enumerate(texts):
            head = f"  {label if number == 0 else '':<10} "
            lines += textwrap.wrap(text, _WIDTH, initial_indent=head, subsequent_indent=" " * len(head))
    return "\n".join(lines)


def _about(point: Point) -> Iterator[tuple[str, list[str]]]:
    known = whole_table().sources
    each = " One on each side." if point.sides == 2 else ""
    yield "Where", [f"{point.place}{each}"] if point.place else []
    yield "Visited", [_visited(mode, point) for mode in point.modes] or ["In no session."]
    yield "Take care", [*([point.warning] if point.warning else []), *point.cautions]
    yield "Pregnancy", [_PREGNANCY[point.pregnancy]]
    yield "Written", [f"{', '.join(names)} ({', '.join(languages)})" for names, languages in _written(point).items()]
    yield "Disputed", list(point.disagreements)
    yield "Sources", [known[source] for source in point.sources]


def _written(point: Point) -> Mapping[tuple[str, ...], list[str]]:
    """How codes and names are written, and in which languages."""
    written: dict[tuple[str, ...], list[str]] = {}
    for language, names in spellings(point).items():
        written.setdefault(names, []).append(language)
    return written


def _visited(mode: Mode, point: Point) -> str:
    """`sitting: small circles, 90 s (60 to 180), both sides at once. Put your hands …`"""
    sides = "" if point.sides == 1 else ", both sides at once" if mode.at_once else " on each side"
    how = " ".join(filter(None, (mode.both, mode.left, mode.right, mode.done)))
    title = whole_table().positions[mode.position].title
    return f"{title}: {_TOUCH[mode.touch]}, {mode.seconds} s ({mode.least} to {mode.most}){sides}. {how}".strip()


_TOUCH = {
    "attend": "attention alone", "light": "a light touch", "still": "a light touch without moving",
    "warm": "a warm palm", "hold": "gentle pressure", "circle": "gentle pressure in small circles",
    "lean": "weight that sinks in",
}  # fmt: skip
_PREGNANCY = {
    "avoid": "Traditionally left out; sessions leave it out with -p pregnant=yes.",
    "ask": "Ask first.",
    "unknown": "No warning of its own was found; ask first, as with all of this.",
}


def started_text(started: "Started") -> str:
    """Say where a new script is, what was not understood of a text, and what to do next."""
    name = f"'{started.name}'" if " " in started.name else started.name
    lines = [str(started.path), *(f"  line {note.line}: {note.message}" for note in started.notes)]
    if started.hides is not None:
        lines.append(f"  from here, '{started.name}' is this one now, and no longer {started.hides}")
    lines += ["next:", f"  voiceguide show {name}", f"  voiceguide render {name} --proof"]
    return "\n".join(lines)


def settings_json(settings: Settings) -> Json:
    """Describe settings and presets, each value as it would be typed."""
    return {
        "path": str(settings.path),
        "settings": {
            key: {"value": one.value, "from": "file" if one.said else "default", "meaning": one.meaning}
            for key, one in _set(settings)
        },
        "presets": {name: dict(preset.said) for name, preset in settings.presets.items()},
    }


def settings_text(settings: Settings) -> str:
    """List what is set and what holds where nothing is, then the presets."""
    there = "" if settings.path.is_file() else " (not there yet: `voiceguide settings set KEY VALUE` makes it)"
    rows = [("  KEY", "VALUE", "FROM", "MEANING")]
    rows += [(f"  {key}", one.value, "the file" if one.said else "", one.meaning) for key, one in _set(settings)]
    presets = [(f"  {name}", _preset(preset)) for name, preset in settings.presets.items()]
    lines = [f"{settings.path}{there}", table(rows)]
    return "\n".join([*lines, *(["Presets", table(presets)] if presets else [])])


def _preset(preset: Preset) -> str:
    """`evening; minutes 20, bell tingsha`"""
    others = ", ".join(f"{key} {value}" for key, value in preset.said.items() if key != "script")
    return "; ".join(filter(None, (preset.script or "any script", others)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Set:
    """A setting, as it holds."""

    value: str
    said: bool
    meaning: str


def _set(settings: Settings) -> Iterator[tuple[str, _Set]]:
    """Give every setting; those of a table, such as `voices.de`, one by one if there are any."""
    for key, (meaning, default) in KEYS.items():
        said = {one: value for one, value in settings.said.items() if one.partition(".")[0] == key}
        for one, value in (said or {key: default}).items():
            yield one, _Set(value=value, said=bool(said), meaning=meaning)


def tried_json(tried: "Sequence[Tried]") -> Json:
    """Tell what works here; `works` is whether an MP3 can be made."""
    from voiceguide.doctor import can_render  # noqa: PLC0415  -- as above

    return {"works": can_render(tried), "tried": [asdict(one) for one in tried]}


def tried_text(tried: "Sequence[Tried]") -> str:
    """Say what works here, and what to do about what does not."""
    rows = table([(_how_well(one), one.about, one.told) for one in tried]).splitlines()
    lines: list[str] = []
    for row, one in zip(rows, tried, strict=True):
        lines += [row] if one.works or not one.advice else [row, f"       {one.advice}"]
    lacking = [one.about for one in tried if one.needed and not one.works]
    end = f"no MP3 can be made: see {', '.join(lacking)}" if lacking else "recordings can be made"
    return "\n".join([*lines, "", end])


def _how_well(one: "Tried") -> str:
    """Keep what may well be missing from looking like a fault."""
    if one.works:
        return "works"
    return "fails" if one.needed else "lacks"


def cache_json(cache: Cache) -> Json:
    shelves = {shelf.kind: {"entries": shelf.entries, "bytes": shelf.size} for shelf in cache.shelves()}
    return {"folder": str(cache.folder), "shelves": shelves}


def cache_text(cache: Cache) -> str:
    rows = [(f"  {shelf.kind}", _count(shelf.entries, "entry"), size(shelf.size)) for shelf in cache.shelves()]
    return f"{cache.folder}\n{table(rows) if rows else '  empty'}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Line up columns; the last one may be as long as it likes."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def size(count: int) -> str:
    """Show bytes as people do: `4.1 MB`."""
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"


def _title(voice: Voice) -> str:
    return f"{voice.title} (to get it: {voice.fetch})" if voice.fetch else voice.title


def _reach(source: Source) -> str:
    """`10:00 (8:00 to 30:00)`, or `natural` for a script without a length of its own."""
    minutes = source.minutes
    if minutes is None:
        return "natural"
    if minutes.least is None or minutes.most is None:
        return clock(minutes.default)
    return f"{clock(minutes.default)} ({clock(minutes.least)} to {clock(minutes.most)})"


def _chapters(chapters: Sequence[Chapter]) -> list[Json]:
    return [{"title": chapter.title, "start": chapter.start, "end": chapter.end} for chapter in chapters]


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
            yield from textwrap.wrap(text, _WIDTH, initial_indent=start, subsequent_indent=" " * len(start))
        case Chime():
            times = f", {placed.cue.times} times" if placed.cue.times > 1 else ""
            yield f"{start}♪ {placed.cue.sound}{times}"
        case Silence():
            if placed.cue.kind != "gap":
                yield f"{start}· {placed.cue.kind} {written(placed.length)}"
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


def _length(length: Ms) -> str:
    """`10:00`, and the milliseconds where there are any."""
    rest = length % 1000
    return clock(length) + (f".{rest:03}" if rest else "")


def _count(number: int, what: str) -> str:
    many = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number} {what if number == 1 else many}"
