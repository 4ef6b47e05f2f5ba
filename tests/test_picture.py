"""The picture of a session: its places are measured from the SVG, its words read as a screen reader would."""

import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from voiceguide import Job, OutputError, plan
from voiceguide.cli import main
from voiceguide.cues import Bed, Chime, Say
from voiceguide.durations import Ms, clock
from voiceguide.errors import Place
from voiceguide.picture import check_picture, picture, write_picture
from voiceguide.render import Plan
from voiceguide.timeline import Chapter, Placed, Timeline

SCRIPT = """\
---
title: 'Quiet" & <script>alert(1)</script>'
language: en-GB
params:
  name: ""
---
# Arriving < slowly
[bed rain]
Welcome, {{ name }}.
[chime bowl 3 times every 5s]
[rest 84s]
# Going & coming
[safety] Take the mat away.
And rest.
"""
SVG = "{http://www.w3.org/2000/svg}"
HERE = Place(path="x.md", line=1)


@pytest.fixture
def planned(tmp_path: Path, kept: Path) -> Plan:
    path = tmp_path / "quiet.md"
    path.write_text(SCRIPT, encoding="utf-8")
    return plan(Job(script=path, voice="tone", values={"name": 'Ana & "Bo" < Cy'}))


def read(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def items(root: ET.Element) -> list[ET.Element]:
    return [one for one in root.iter() if one.get("role") == "listitem"]


def share(text: str | None) -> float:
    assert text is not None
    assert text.endswith("%")
    return float(text[:-1])


def test_everything_stands_at_its_moment_and_is_as_wide_as_it_lasts(planned: Plan) -> None:
    timeline = planned.timeline
    drawn = {(one.get("data-start"), share(one.get("width"))): one for one in items(read(_picture(planned)))}
    for event in timeline.events:
        if isinstance(event.cue, Say | Chime | Bed):
            width = 100 * event.length / timeline.length
            (one,) = (one for (at, wide), one in drawn.items() if at == str(event.start) and abs(wide - width) < 0.001)
            assert share(one.get("x")) == pytest.approx(100 * event.start / timeline.length, abs=0.001)


def test_what_is_heard_is_said_on_hover_and_to_a_screen_reader_in_order(planned: Plan) -> None:
    heard = items(read(_picture(planned)))
    said = [one.get("aria-label") for one in heard]
    assert said == [one.findtext(f"{SVG}title") for one in heard]
    texts = [text.partition(" ")[2] for text in said if text]
    assert texts == [
        "≈ rain in the background",
        'Welcome, Ana & "Bo" < Cy.',
        "♪ bowl, 3 times",
        "silence, 1 min 24 s",
        "Take the mat away.",
        "And rest.",
    ]
    assert [item.get("class") for item in read(_picture(planned)).iter(f"{SVG}rect")].count("say safety") == 1


def test_the_whole_says_what_it_is_of(planned: Plan) -> None:
    root = read(_picture(planned))
    length = clock(planned.timeline.length)
    assert root.get("aria-label") == f'Quiet" & <script>alert(1)</script>, {length}: 2 chapters, 3 lines, 1 chime'
    assert root.get("role") == "group"
    (heard,) = (one for one in root.iter() if one.get("role") == "list")
    assert heard.get("lang") == "en-GB"


def test_nothing_a_script_says_becomes_a_part_of_the_picture(planned: Plan) -> None:
    for svg in (_picture(planned), _picture(planned, alone=True)):
        root = read(svg)
        assert {one.tag.removeprefix(SVG) for one in root.iter()} <= {
            "svg", "g", "rect", "line", "circle", "text", "title", "defs", "linearGradient", "stop", "style",
        }  # fmt: skip
        assert not [name for one in root.iter() for name in one.attrib if name.startswith("on") or "href" in name]


def test_only_a_picture_for_itself_has_a_style_and_the_names_of_its_chapters(planned: Plan) -> None:
    shown, alone = read(_picture(planned)), read(_picture(planned, alone=True))
    assert shown.find(f"{SVG}style") is None
    (style,) = alone.iter(f"{SVG}style")
    assert "prefers-color-scheme: dark" in (style.text or "")
    names = [one.text for one in alone.iter(f"{SVG}text") if one.get("class") == "name"]
    assert names == ["Arriving < slowly", "Going & coming"]


@given(st.integers(0, 24 * 3_600_000))
def test_times_on_the_axis_are_few_and_don_t_run_into_each_other(length: int) -> None:
    timeline = Timeline(events=(), chapters=(), length=Ms(length), shortest=Ms(0), longest=Ms(length), lead_in=Ms(0))
    times = [one for one in read(picture(timeline, "T", "en")).iter(f"{SVG}text") if one.get("class") == "time"]
    places = [share(one.get("x")) for one in times]
    assert places == sorted(places)
    assert len(places) <= 7
    assert all(after - before > 6 for before, after in pairwise(places))
    assert times[-1].text == clock(Ms(length))


def test_a_chapter_reaches_to_the_next_one() -> None:
    chapters = tuple(
        Chapter(title=str(number), start=Ms(number * 10_000), end=Ms(number * 10_000 + 10_000)) for number in range(4)
    )
    bed = Placed(cue=Bed(sound=None, at=HERE), start=Ms(0), length=Ms(8000))
    timeline = Timeline(
        events=(bed,), chapters=chapters, length=Ms(40_000), shortest=Ms(0), longest=Ms(0), lead_in=Ms(0)
    )
    root = read(picture(timeline, "T", "en"))
    places = [(share(one.get("x")), share(one.get("width"))) for one in root.findall(f"{SVG}svg")]
    assert places == [(0, 25), (25, 25), (50, 25), (75, 25)]
    assert items(root) == []


def test_it_is_written_whole_or_refused(planned: Plan, tmp_path: Path) -> None:
    out = tmp_path / "session.svg"
    write_picture(planned, out)
    assert out.read_text(encoding="utf-8") == _picture(planned, alone=True)
    with pytest.raises(OutputError, match="not the name of a picture"):
        check_picture(tmp_path / "session.png")


def test_the_command_writes_it(tmp_path: Path, kept: Path) -> None:
    (tmp_path / "quiet.md").write_text(SCRIPT, encoding="utf-8")
    out = tmp_path / "made" / "quiet.svg"
    result = CliRunner().invoke(
        main, ["show", str(tmp_path / "quiet.md"), "--voice", "tone", "-p", "name=Ana", "--svg", str(out)]
    )
    assert (result.stdout, result.exit_code) == (f"{out}\n", 0)
    assert "Welcome, Ana." in out.read_text(encoding="utf-8")
    refused = CliRunner().invoke(main, ["show", str(tmp_path / "quiet.md"), "--svg", "quiet.png"])
    assert refused.exit_code == 1


def _picture(planned: Plan, *, alone: bool = False) -> str:
    return picture(planned.timeline, planned.script.title, planned.script.language, alone=alone)
