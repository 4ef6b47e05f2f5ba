"""A timeline -> captions: each spoken line at its moment, as WebVTT, SubRip or LRC."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from voiceguide.audiofile.tags import Label, full_clock
from voiceguide.cues import Say
from voiceguide.durations import Ms
from voiceguide.timeline import Timeline

CAPTIONS = ("vtt", "srt", "lrc")
"""The kinds, named as their files end."""

_JOINER = "\N{WORD JOINER}"
"""Has no width and no meaning: it parts what a player would take for markup where a format knows no escape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Caption:
    start: Ms
    end: Ms
    text: str


def caption_text(kind: str, timeline: Timeline, label: Label) -> str:
    """Write captions of one of the `CAPTIONS`: one a spoken line, from its first sound to its last."""
    return _KINDS[kind](tuple(_captions(timeline)), label)


def _captions(timeline: Timeline) -> Iterator[_Caption]:
    for event in timeline.events:
        if isinstance(event.cue, Say):
            text = " ".join(event.cue.utterance.text.split())
            yield _Caption(start=event.start, end=Ms(event.start + event.length), text=text)


def _vtt(captions: tuple[_Caption, ...], label: Label) -> str:
    """WebVTT (W3C): chapters are notes, which players skip and people read."""
    chapters = list(label.chapters)
    blocks = [f"WEBVTT {_vtt_escaped(label.title)}"]
    for caption in captions:
        while chapters and chapters[0].start <= caption.start:
            blocks.append(f"NOTE {_vtt_escaped(chapters.pop(0).title)}")
        times = f"{full_clock(caption.start)} --> {full_clock(caption.end)}"
        blocks.append(f"{times}\n{_vtt_escaped(caption.text)}")
    return "\n\n".join(blocks) + "\n"


def _vtt_escaped(text: str) -> str:
    """Escaping `>` as well makes sure that nothing is an arrow, which not even a note may hold."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _srt(captions: tuple[_Caption, ...], _: Label) -> str:
    """SubRip: no standard and no escapes, but one habit of players (tags in `<>`, positions in `{}`)."""
    blocks = []
    for number, caption in enumerate(captions, start=1):
        times = f"{full_clock(caption.start)} --> {full_clock(caption.end)}".replace(".", ",")
        blocks.append(f"{number}\n{times}\n{_unmarked(caption.text)}\n")
    return "\n".join(blocks)


def _lrc(captions: tuple[_Caption, ...], label: Label) -> str:
    """LRC: a line is shown until the next one, so an empty one ends what silence follows."""
    lines = [f"[ti:{label.title}]", f"[re:{label.software}]", f"[length:{_minutes(label.length)}]"]
    starts = {caption.start // 10 for caption in captions}
    for caption in captions:
        guard = _JOINER if caption.text.startswith("[") else ""
        lines.append(f"[{_minutes(caption.start)}]{guard}{_unmarked(caption.text)}")
        lines += [] if caption.end // 10 in starts else [f"[{_minutes(caption.end)}]"]
    return "\n".join(lines) + "\n"


_KINDS: dict[str, Callable[[tuple[_Caption, ...], Label], str]] = {"vtt": _vtt, "srt": _srt, "lrc": _lrc}


def _unmarked(text: str) -> str:
    return re.sub(r"<(?=[/!\w])|\{(?=[\\yY])|-(?=->)", rf"\g<0>{_JOINER}", text)


def _minutes(moment: Ms) -> str:
    """`62:03.45`: LRC has neither hours nor milliseconds."""
    minutes, milliseconds = divmod(int(moment), 60_000)
    return f"{minutes:02}:{milliseconds // 1000:02}.{milliseconds % 1000 // 10:02}"
