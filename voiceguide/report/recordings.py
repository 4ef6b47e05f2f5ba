"""Recordings made, played, verified or shared -> what people and programs read of them."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from voiceguide.durations import Ms, clock
from voiceguide.render import Rendered
from voiceguide.report.words import Json, chapters_json, count, length, table
from voiceguide.verify import Fault, Verified

if TYPE_CHECKING:
    from voiceguide.feed import Found
    from voiceguide.player import Played
    from voiceguide.sharing.server import Sharing

_FAULTS_SHOWN = 5


def rendered_json(made: Rendered) -> Json:
    """Describe a recording; `loudness` (LUFS) and `true_peak` (dBTP) are of the sound before encoding."""
    return {
        "path": str(made.path),
        "milliseconds": made.length,
        "chapters": chapters_json(made.chapters),
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
    lines = f"{count(made.spoken_new, 'line')} spoken now, {made.spoken_cached} kept from before"
    names = "\n".join(map(str, (made.path, *made.captions))) + (" (replaced)" if made.replaced else "")
    return f"{names}\n  {length(made.length)}, {count(len(made.chapters), 'chapter')}; {lines}"


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
    """Say in a line that a recording is sound, or list its faults as they are heard: of each check the first ones.

    What has no moment comes first; many are counted at the end.
    """
    plan = f"{count(verified.lines, 'line')} heard as planned" if verified.planned else _NO_PLAN
    if not verified.faults:
        return f"{verified.path}: sound; {length(verified.length)}, {plan}"
    lines = [f"{verified.path}: {count(len(verified.faults), 'fault')}"]
    if not verified.planned and verified.checks:
        lines.append(f"  {plan}")
    seen: Counter[str] = Counter()
    for fault in sorted(verified.faults, key=lambda fault: -1 if fault.at is None else fault.at):
        seen[fault.check] += 1
        lines += [f"  {fault.check}: {_fault(fault)}"] if seen[fault.check] <= _FAULTS_SHOWN else []
    if seen.total() > _FAULTS_SHOWN:
        unseen = sum(max(0, number - _FAULTS_SHOWN) for number in seen.values())
        more = f"; --json lists the {unseen} not shown" if unseen else ""
        lines.append(f"  in all: {', '.join(f'{number} of {check}' for check, number in seen.items())}{more}")
    return "\n".join(lines)


_NO_PLAN = "it has no plan to be held against"


def _fault(fault: Fault) -> str:
    """`at 1:04.2, back-on-mat.md:31, it is not heard`"""
    moment = "" if fault.at is None else f"at {clock(fault.at)}.{fault.at % 1000 // 100}, "
    place = f"{fault.file}:{fault.line}, " if fault.file else ""
    return f"{moment}{place}{fault.message}"


def feed_json(found: "Found", out: Path) -> Json:
    """Describe a feed: lengths in milliseconds, sizes in bytes."""
    return {"path": str(out), "recordings": _recordings(found), "left_out": _left_out_json(found)}


def feed_text(found: "Found", out: Path) -> str:
    return "\n".join([str(out), f"  {count(len(found.recordings), 'recording')}", *_left_out(found)])


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
            "chapters": chapters_json(one.chapters),
        }
        for one in found.recordings
    ]


def _left_out_json(found: "Found") -> list[Json]:
    return [{"path": str(one.path), "why": one.why} for one in found.left_out]


def _left_out(found: "Found") -> Iterator[str]:
    return (f"  left out: {one.path.name}: {one.why}" for one in found.left_out)
