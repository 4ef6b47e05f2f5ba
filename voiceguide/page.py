"""A plan -> a web page to print: when, in which chapter, what is heard. One file that needs no other."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import assert_never

from voiceguide import audiofile
from voiceguide.cues import Bed, Chime, Say, Silence
from voiceguide.durations import Ms, clock
from voiceguide.errors import OutputError
from voiceguide.render import Plan
from voiceguide.timeline import Chapter, Placed, Timeline

_ENDINGS = (".html", ".htm")


def check_page(out: Path) -> None:
    """See whether a page can be written there, before any work is done. Raises OutputError."""
    if out.suffix.lower() not in _ENDINGS:
        raise OutputError(f"'{out}' is not the name of a web page", hint=f"write {out.with_suffix('.html')}")
    audiofile.check_writable(out)


def write_page(plan: Plan, out: Path) -> None:
    """Write the page, whole or not at all. Raises OutputError."""
    with audiofile.whole(out) as file:
        file.write(page(plan).encode())


def page(plan: Plan) -> str:
    """Give the page's HTML. What the script says is in its language, what is said about it in English."""
    script, timeline = plan.script, plan.timeline
    body = [
        f"<h1>{escape(script.title)}</h1>",
        *([f'<p class="summary">{escape(script.summary)}</p>'] if script.summary else []),
        f'<p class="about" lang="en">{escape(_about(plan))}</p>',
        *(_chapter(chapter, _heard_in(chapter, timeline)) for chapter in _chapters(timeline)),
        f'<p class="end" lang="en"><span class="time">{clock(timeline.length)}</span> The recording ends.</p>',
    ]
    return _FRAME.format(
        language=escape(script.language), title=escape(script.title), style=_STYLE, body="\n".join(body)
    )


def _about(plan: Plan) -> str:
    """`20:00 long, 30 s of it to lie down. A bar marks what is said for safety.`"""
    timeline = plan.timeline
    lying_down = f", {lasting(timeline.lead_in)} of it to lie down" if timeline.lead_in else ""
    marks = any(isinstance(event.cue, Say) and event.cue.safety for event in timeline.events)
    return f"{clock(timeline.length)} long{lying_down}." + (" A bar marks what is said for safety." if marks else "")


def _chapters(timeline: Timeline) -> tuple[Chapter, ...]:
    """Give the chapters, or one without a title where a script has none."""
    return timeline.chapters or (Chapter(title="", start=Ms(0), end=timeline.length),)


def _heard_in(chapter: Chapter, timeline: Timeline) -> Iterator[Placed]:
    """What begins in a chapter; in the last one, also what begins where it ends."""
    is_last = chapter.end >= timeline.length
    return (
        event for event in timeline.events if chapter.start <= event.start and (is_last or event.start < chapter.end)
    )


def _chapter(chapter: Chapter, events: Iterator[Placed]) -> str:
    title = (
        f'<h2><span class="time">{clock(chapter.start)}</span> {escape(chapter.title)}</h2>' if chapter.title else ""
    )
    rows = "\n".join(row for event in events for row in _row(event))
    return f"<section>\n{title}\n<table>\n{_HEAD}\n<tbody>\n{rows}\n</tbody>\n</table>\n</section>"


_HEAD = """\
<thead lang="en"><tr>
<th scope="col"><span class="unseen">Time</span></th>
<th scope="col"><span class="unseen">What is heard</span></th>
</tr></thead>"""
"""For those who hear the page: to others it is plain."""


def _row(event: Placed) -> Iterator[str]:
    """A line of the table; a gap between lines is none, nor is a silence of which nothing is left."""
    cue = event.cue
    match cue:
        case Say():
            yield _cells(event.start, "safety" if cue.safety else "say", _words(cue))
        case Chime():
            yield _cells(event.start, "chime", f'<span lang="en">{escape(_chime(cue))}</span>')
        case Bed():
            yield _cells(event.start, "bed", f'<span lang="en">{escape(_bed(cue))}</span>')
        case Silence():
            if cue.kind != "gap" and event.length:
                yield _cells(event.start, "silence", f'<span lang="en">silence, {lasting(event.length)}</span>')
        case _:
            assert_never(cue)


def _cells(start: Ms, kind: str, heard: str) -> str:
    return f'<tr class="{kind}"><td class="time">{clock(start)}</td><td>{heard}</td></tr>'


def _words(cue: Say) -> str:
    safety = '<span class="unseen" lang="en">For safety:</span> ' if cue.safety else ""
    recording = cue.utterance.recording
    played = f' <span class="recording" lang="en">▸ {escape(recording)}</span>' if recording else ""
    return f"{safety}{escape(cue.utterance.text)}{played}"


def _chime(cue: Chime) -> str:
    return f"♪ {cue.sound}" + (f", {cue.times} times every {lasting(cue.every)}" if cue.times > 1 else "")


def _bed(cue: Bed) -> str:
    if cue.sound is None:
        return f"≈ the background ends, over {lasting(cue.fade)}"
    return f"≈ {cue.sound} in the background, {-cue.level_db:g} dB under the voice"


def lasting(length: Ms) -> str:
    """`1 min 24 s`, `2 h`, `0.7 s`: in the units of any language."""
    if length < 10_000 and length % 1000:
        return f"{length / 1000:.1f} s"
    minutes, seconds = divmod(round(length / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{count} {unit}" for count, unit in ((hours, "h"), (minutes, "min"), (seconds, "s")) if count]
    return " ".join(parts) or "0 s"


_FRAME = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""

_STYLE = """\
@page { margin: 18mm 16mm; }
html { font-size: 12pt; }
body { margin: 0; background: #fff; color: #1a1a1a; font: 1rem/1.45 Georgia, "Times New Roman", serif; }
main { max-width: 44em; margin: 0 auto; padding: 1.5em; }
h1 { margin: 0; font-size: 1.9em; line-height: 1.2; }
h2 { display: flex; align-items: baseline; margin: 1.6em 0 0.4em; font-size: 1.15em; break-after: avoid; }
h2 .time, .end .time { flex: none; width: 4.2rem; font-size: 1rem; font-weight: normal; }
.summary { margin: 0.4em 0 0; font-style: italic; }
.about { margin: 0.6em 0 0; color: #555; }
.end { display: flex; margin: 1.6em 0 0; color: #555; break-before: avoid; }
section { margin-top: 1.2em; }
table { width: 100%; border-collapse: collapse; break-before: avoid; }
tr { break-inside: avoid; }
tbody tr:first-child { break-after: avoid; }
td { padding: 0.2em 0; vertical-align: top; overflow-wrap: anywhere; }
td.time { box-sizing: border-box; width: 4.2rem; }
.time { color: #555; font-variant-numeric: tabular-nums; }
.silence td + td, .chime td + td, .bed td + td { color: #555; font-style: italic; }
.safety td + td { border-left: 3px solid #8a3b00; padding-left: 0.6em; }
.recording { color: #555; font-size: 0.85em; }
th { padding: 0; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media print { main { max-width: none; padding: 0; } html { font-size: 11pt; } }
"""
