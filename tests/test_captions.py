"""Captions, read back by parsers that allow no more than the formats do, and by FFmpeg."""

import re
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import CLIPS, HERE, SOUNDS, Sounding, sessions_with_beds, trying
from test_audiofile import FFMPEG

from voiceguide.audiofile import CAPTIONS, Label, caption_text
from voiceguide.cues import Cue, Mark, Say, Silence, Utterance
from voiceguide.durations import Ms
from voiceguide.timeline import Timeline, lay_out

Caption = tuple[int, int, str]
"""From, to (ms) and text."""

ODD = (
    "Salt & pepper, <b>bold</b> and a --> b.",
    "{\\an8}Up there, &amp; so on.",
    "[00:01.00] is not a moment.",
    "Grüße, 你好, שלום.",
    "12",
    "<00:01.00>Nor this.",
)

_VTT_TIME = re.compile(r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})")
_SRT_TIME = re.compile(r"(\d{2}):([0-5]\d):([0-5]\d),(\d{3})")
_LRC_LINE = re.compile(r"\[(\d{2,}):([0-5]\d)\.(\d{2})\](.*)")


def session(*texts: str, apart: int = 1500) -> Timeline:
    utterances = [Utterance(text=text, language="en", voice=None, rate=115) for text in texts]
    clips = {utterance: Sounding(700 + 313 * number) for number, utterance in enumerate(utterances)}
    gap = Silence(kind="pause", least=Ms(apart), natural=Ms(apart), most=Ms(apart), at=HERE)
    cues = [cue for one in utterances for cue in (Mark(title="A --> B", at=HERE), Say(utterance=one, at=HERE), gap)]
    return lay_out(cues, clips, SOUNDS, None)


def captions(kind: str, timeline: Timeline) -> str:
    label = Label(
        title="Für <Ana> & Co. -->", language="en", chapters=timeline.chapters, words="", length=timeline.length,
        software="test",
    )  # fmt: skip
    return caption_text(kind, timeline, label)


def planned(timeline: Timeline) -> list[Caption]:
    return [
        (event.start, event.start + event.length, event.cue.utterance.text)
        for event in timeline.events
        if isinstance(event.cue, Say)
    ]


def read_vtt(text: str) -> Iterator[Caption]:
    """As the syntax in W3C's WebVTT allows (section 4.1), and no more."""
    head, *blocks = text.removesuffix("\n").split("\n\n")
    assert re.fullmatch(r"WEBVTT([ \t][^\n]*)?", head)
    assert "-->" not in head
    last = 0
    for block in blocks:
        assert block
        if re.match(r"NOTE[ \t\n]", block):
            assert "-->" not in block
            continue
        times, *lines = block.split("\n")
        start, end = (_vtt_time(time) for time in times.split(" --> "))
        assert last <= start < end
        last = start
        assert lines
        assert all(lines)
        payload = "\n".join(lines)
        assert "-->" not in payload
        assert not re.search(r"<|&(?!(amp|lt|gt|nbsp|lrm|rlm);)", payload)
        yield start, end, payload.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _vtt_time(text: str) -> int:
    found = _VTT_TIME.fullmatch(text)
    assert found
    return _milliseconds(found[1] or "0", found[2], found[3], found[4])


def read_srt(text: str) -> Iterator[Caption]:
    """Blocks of a number, a line of times and text, with an empty line between."""
    for number, block in enumerate(text.removesuffix("\n").split("\n\n") if text else [], start=1):
        counted, times, *lines = block.split("\n")
        assert counted == str(number)
        found = [_SRT_TIME.fullmatch(time) for time in times.split(" --> ")]
        assert len(found) == 2
        start, end = (_milliseconds(*one.groups()) for one in found if one)
        assert start < end
        assert len(lines) == 1
        assert not re.search(r"<[/\w!]|\{[\\y]|-->", lines[0])
        yield start, end, lines[0].replace("\N{WORD JOINER}", "")


def read_lrc(text: str) -> Iterator[Caption]:
    """Tags, then a moment and a text in each line; what is shown stays until the next line."""
    lines = text.removesuffix("\n").split("\n")
    while lines and re.fullmatch(r"\[[a-z]+:.*\]", lines[0]):
        lines.pop(0)
    moments: list[tuple[int, str]] = []
    for line in lines:
        found = _LRC_LINE.fullmatch(line)
        assert found
        assert not re.match(r"\[|<\d", found[4])
        moments.append((_milliseconds("0", found[1], found[2], f"{found[3]}0"), found[4]))
    assert [moment for moment, _ in moments] == sorted(moment for moment, _ in moments)
    for (start, shown), (end, _) in pairwise(moments):
        if shown:
            yield start, end, shown.replace("\N{WORD JOINER}", "")


def _milliseconds(hours: str, minutes: str, seconds: str, thousandths: str) -> int:
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(thousandths)


READERS: dict[str, Callable[[str], Iterator[Caption]]] = {"vtt": read_vtt, "srt": read_srt, "lrc": read_lrc}


def rounded(kind: str, caption: Caption) -> Caption:
    step = 10 if kind == "lrc" else 1
    start, end, text = caption
    return start // step * step, end // step * step, text


@pytest.mark.parametrize("kind", CAPTIONS)
def test_each_line_is_shown_from_its_start_to_its_end(kind: str) -> None:
    timeline = session(*ODD)
    assert list(READERS[kind](captions(kind, timeline))) == [rounded(kind, one) for one in planned(timeline)]


@pytest.mark.parametrize("kind", CAPTIONS)
@trying(40)
@given(
    texts=st.lists(
        st.text("a1 &<>-{}[]\\/:.;yä", min_size=1).map(lambda text: " ".join(text.split())).filter(bool),
        max_size=5, unique=True,
    )
)  # fmt: skip
def test_any_text_can_be_shown(kind: str, texts: list[str]) -> None:
    timeline = session(*texts)
    assert list(READERS[kind](captions(kind, timeline))) == [rounded(kind, one) for one in planned(timeline)]


@pytest.mark.parametrize("kind", ["vtt", "srt"])
@trying(30)
@given(sessions_with_beds)
def test_any_session_has_captions_in_order(kind: str, cues: list[Cue]) -> None:
    timeline = lay_out(cues, CLIPS, SOUNDS, None)
    assert list(READERS[kind](captions(kind, timeline))) == planned(timeline)


def test_lines_that_follow_at_once_need_no_empty_line_between_in_lrc() -> None:
    timeline = session("One.", "Two.", apart=0)
    assert [line.partition("]")[2] for line in captions("lrc", timeline).splitlines()[3:]] == ["One.", "Two.", ""]


def test_moments_beyond_an_hour_are_written_as_each_format_has_them() -> None:
    timeline = session("One.", "Two.", apart=3_723_450)
    assert "01:02:04.150 --> 01:02:05.163\nTwo." in captions("vtt", timeline)
    assert "01:02:04,150 --> 01:02:05,163\nTwo." in captions("srt", timeline)
    assert "[62:04.15]Two." in captions("lrc", timeline)


def test_chapters_are_notes_in_vtt() -> None:
    assert "NOTE A --&gt; B\n\n00:00:00.000 --> " in captions("vtt", session("One."))


@pytest.mark.parametrize("kind", ["vtt", "srt"])
def test_ffmpeg_reads_the_same_lines_at_the_same_moments(kind: str, tmp_path: Path) -> None:
    timeline = session("Salt & pepper, a < b.", "Grüße, 你好.", "Come back.")
    path = tmp_path / f"session.{kind}"
    path.write_bytes(captions(kind, timeline).encode())
    command = [FFMPEG, "-v", "error", "-xerror", "-i", path, "-f", "srt", "-"]
    run = subprocess.run(command, capture_output=True, check=True)
    assert run.stderr == b""
    shown = run.stdout.decode().replace("\r\n", "\n").rstrip("\n") + "\n"
    assert list(read_srt(shown)) == planned(timeline)
