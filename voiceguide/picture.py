"""A timeline -> a picture of it, in SVG: words, chimes, silence, beds and chapters, from left to right.

Places along the session are percentages and all else is in pixels, so that the picture is as legible on a phone as on a
desk. What is heard says so on hover, and to a screen reader in order. The file has a style of its own, for light and
dark; a page that shows the picture brings `STYLE` itself.
"""

import math
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import assert_never

from voiceguide import audiofile
from voiceguide.cues import Bed, Chime, Say, Silence
from voiceguide.durations import Ms, clock
from voiceguide.errors import OutputError
from voiceguide.page import lasting
from voiceguide.render import Plan
from voiceguide.timeline import Placed, Timeline

_TOP, _MIDDLE, _BED, _AXIS = 22, 58, 94, 122
"""Pixels from the top: of the lane, its middle, its beds, and the words under it."""
_HEIGHT = 132
_LEGEND = 20
"""Pixels a chapter takes in the list below."""
_HALF = 22
"""Pixels a word reaches from the middle."""
_SHORT = Ms(8000)
"""Silences shorter than this are seen without being drawn."""
_TICKS = (15, 30, 60, 120, 300, 600, 900, 1800, 3600)
"""Seconds between the times on the axis; as few are shown as fit a phone."""
_MOST_TICKS = 5
_LAST_TICK = 0.93
"""Of the length: a time further right would run over the one at the end."""


def check_picture(out: Path) -> None:
    """See whether a picture can be written there, before any work is done. Raises OutputError."""
    if out.suffix.lower() != ".svg":
        raise OutputError(f"'{out}' is not the name of a picture", hint=f"write {out.with_suffix('.svg')}")
    audiofile.check_writable(out)


def write_picture(plan: Plan, out: Path) -> None:
    """Write the picture, whole or not at all. Raises OutputError."""
    with audiofile.whole(out) as file:
        file.write(picture(plan.timeline, plan.script.title, plan.script.language, alone=True).encode())


def picture(timeline: Timeline, title: str, language: str, *, alone: bool = False) -> str:
    """Give the picture; `alone` with its style, its background and the names of its chapters, for a file of its own."""
    rows = [
        *_chapters(timeline),
        f'<line class="still" x1="0%" x2="100%" y1="{_MIDDLE}" y2="{_MIDDLE}"/>',
        *_axis(timeline.length),
        f'<g role="list" aria-label="What is heard" lang="{escape(language)}">',
        *(line for event in timeline.events for line in _event(event, timeline.length)),
        "</g>",
    ]
    named = len(timeline.chapters) if alone else 0
    height = _HEIGHT + (named * _LEGEND + 12 if named else 0)
    body = "\n".join([*rows, *(_legend(timeline) if alone else ())])
    around = f"<style>{STYLE}{_PAPER}</style>" if alone else ""
    if alone:
        body = f'<rect class="paper" width="100%" height="100%"/>\n<svg {_INSET} height="{height}">\n{body}\n</svg>'
        height += 2 * _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="timeline" width="100%" height="{height}" role="group"'
        f' aria-label="{escape(_said(timeline, title))}">\n{around}{_TAIL}\n{body}\n</svg>\n'
    )


def _said(timeline: Timeline, title: str) -> str:
    """`Evening, 20:00: 6 chapters, 70 lines, 3 chimes`"""
    cues = [event.cue for event in timeline.events]
    counts = (
        (len(timeline.chapters), "chapter"),
        (sum(isinstance(cue, Say) for cue in cues), "line"),
        (sum(isinstance(cue, Chime) for cue in cues), "chime"),
    )
    heard = ", ".join(f"{count} {what}{'' if count == 1 else 's'}" for count, what in counts if count)
    return f"{title}, {clock(timeline.length)}: {heard}" if heard else f"{title}, {clock(timeline.length)}"


def _chapters(timeline: Timeline) -> Iterator[str]:
    """Shade every other chapter, and number all at their beginning."""
    for number, chapter in enumerate(timeline.chapters, start=1):
        width = _share(Ms(chapter.end - chapter.start), timeline.length)
        start = _share(chapter.start, timeline.length)
        yield f'<svg x="{start}" width="{width}" height="{_BED + 14}">'
        yield f"<title>{escape(chapter.title)}, {clock(chapter.start)}</title>"
        yield f'<rect class="chapter{" other" if number % 2 else ""}" y="{_TOP}" width="100%" height="{_BED - 8}"/>'
        yield f'<text class="number" x="3" y="{_TOP - 7}" aria-hidden="true">{number}</text>\n</svg>'


def _event(event: Placed, length: Ms) -> Iterator[str]:
    cue, at = event.cue, clock(event.start)
    match cue:
        case Say():
            word = (
                f'<rect class="say{" safety" if cue.safety else ""}" y="{_MIDDLE - _HALF}" height="{2 * _HALF}" rx="2"'
            )
            yield _item(event, length, f"{at} {cue.utterance.text}", f'{word} width="100%"/>')
        case Chime():
            times = f", {cue.times} times" if cue.times > 1 else ""
            shape = f'<rect class="ring" y="{_MIDDLE - 9}" width="100%" height="18"/>'
            shape += f'<circle class="chime" cx="0" cy="{_MIDDLE}" r="6"/>'
            yield _item(event, length, f"{at} ♪ {cue.sound}{times}", shape)
        case Bed():
            if cue.sound is not None:
                shape = f'<rect class="bed" y="{_BED}" width="100%" height="6" rx="3"/>'
                yield _item(event, length, f"{at} ≈ {cue.sound} in the background", shape)
        case Silence():
            if event.length >= _SHORT:
                shape = f'<rect class="silence" y="{_MIDDLE - 4}" width="100%" height="8" rx="4"/>'
                yield _item(event, length, f"{at} silence, {lasting(event.length)}", shape)
        case _:
            assert_never(cue)


def _item(event: Placed, length: Ms, said: str, shape: str) -> str:
    """Draw what is heard in a stretch; it can be pointed at wherever the lane is."""
    start, width = _share(event.start, length), _share(event.length, length)
    said = escape(said)
    return (
        f'<svg x="{start}" width="{width}" role="listitem" aria-label="{said}" data-start="{event.start}">'
        f"<title>{said}</title>{shape}</svg>"
    )


def _axis(length: Ms) -> Iterator[str]:
    every = next((tick for tick in _TICKS if length / 1000 / tick <= _MOST_TICKS), math.ceil(length / 5000))
    for seconds in range(0, round(length / 1000 * _LAST_TICK), every):
        moment, anchor = Ms(seconds * 1000), "middle" if seconds else "start"
        at = f'x="{_share(moment, length)}" y="{_AXIS}" text-anchor="{anchor}"'
        yield f'<text class="time" {at}>{clock(moment)}</text>'
    yield f'<text class="time" x="100%" y="{_AXIS}" text-anchor="end">{clock(length)}</text>'


def _legend(timeline: Timeline) -> Iterator[str]:
    for number, chapter in enumerate(timeline.chapters):
        y = _HEIGHT + 20 + number * _LEGEND
        yield f'<text class="number" x="3" y="{y}">{number + 1}</text>'
        yield f'<text class="time" x="28" y="{y}">{clock(chapter.start)}</text>'
        yield f'<text class="name" x="84" y="{y}">{escape(chapter.title)}</text>'


def _share(part: Ms, whole: Ms) -> str:
    return f"{part / max(1, whole):.3%}"


_MARGIN = 24
_INSET = f'x="2.5%" y="{_MARGIN}" width="95%"'
_TAIL = (
    '<defs><linearGradient id="tail"><stop class="tail" stop-opacity="0.55"/>'
    '<stop class="tail" offset="1" stop-opacity="0"/></linearGradient></defs>'
)

STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
_PAPER = """
.paper { fill: #fbfaf7; }
@media (prefers-color-scheme: dark) { .paper { fill: #171b20; } }
"""
