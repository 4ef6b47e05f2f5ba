"""What people and programs read of a session, where no other test says it."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from strategies import SOUNDS, Sounding

from voiceguide.cues import Say, Silence, read_cues
from voiceguide.durations import Ms
from voiceguide.render import Plan
from voiceguide.report import plan_json, plan_text
from voiceguide.script import Known, expand, read_script
from voiceguide.sounds import Sounds
from voiceguide.speech import Spoken
from voiceguide.timeline import lay_out

KNOWN = Known(chimes={"short"}, voices=set(), beds={"ocean"})
SCRIPT = """\
---
title: Measured
params: {bell: short, bed: ocean}
---
[bed {{ bed }} at -24.5dB]
Rest.
[pause 20s]
[chime {{ bell }}]
[bed off over 10s]
[pause 20s]
Come back.
"""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    path = tmp_path / "measured.md"
    path.write_text(SCRIPT, encoding="utf-8")
    source = read_script(path, KNOWN)
    script = expand(source, {}, None, KNOWN)
    cues = read_cues(script, KNOWN)
    clips = {cue.utterance: Sounding(1000) for cue in cues if isinstance(cue, Say)}
    timeline = lay_out(cues, clips, SOUNDS, None, head=Ms(2000), tail=Ms(5000), lead_in=Ms(30_000))
    return Plan(
        source=source, script=script, timeline=timeline, spoken=Spoken(clips={}, new=0, cached=0), sounds=Sounds()
    )


def test_beds_are_shown_where_they_begin_and_end(plan: Plan) -> None:
    shown = [line.strip() for line in plan_text(plan).splitlines()]
    first = shown.index("0:32    bed: ocean, 24.5 dB under the voice")
    assert shown[first + 1] == "0:32    Rest."
    assert "0:53    bed: off, over 10s" in shown


@pytest.mark.parametrize(
    ("lasting", "told"),
    [(500, "500ms"), (1500, "1.5s"), (2870, "2.9s"), (9960, "10s"), (20_499, "20s"), (162_801, "2m43s")],
)
def test_silences_are_shown_as_exactly_as_they_are_heard(plan: Plan, lasting: int, told: str) -> None:
    """And told to programs to the millisecond."""
    silence = next(event for event in plan.timeline.events if isinstance(event.cue, Silence))
    timeline = replace(plan.timeline, events=(replace(silence, length=Ms(lasting)),))
    made = replace(plan, timeline=timeline)
    assert any(line.endswith(f"· pause {told}") for line in plan_text(made).splitlines())
    (event,) = cast("list[dict[str, object]]", plan_json(made)["events"])
    assert event["length"] == lasting


def test_programs_are_told_of_beds(plan: Plan) -> None:
    events = plan_json(plan)["events"]
    assert isinstance(events, list)
    beds = [event for event in events if event["kind"] == "bed"]
    assert [(bed["sound"], bed["level_db"], bed["start"], bed["length"]) for bed in beds] == [
        ("ocean", -24.5, 32_000, 21_300),
        (None, None, 53_300, 10_000),
    ]
    assert {event["level_db"] for event in events if event["kind"] != "bed"} == {None}


@pytest.mark.parametrize(
    ("seed", "told"),
    [(739_942, "wording of 2026-11-22; --seed keeps one"), (7, "wording number 7; --seed keeps one")],
)
def test_which_wording_it_is_is_told_where_there_are_several(plan: Plan, seed: int, told: str) -> None:
    assert "wording" not in plan_text(plan)
    varied = replace(plan, script=replace(plan.script, seed=seed, varies=True))
    assert f"  {told}\n" in plan_text(varied)
    assert plan_json(varied)["seed"] == seed


def test_the_time_to_lie_down_is_told(plan: Plan) -> None:
    assert plan_json(plan)["lead_in"] == 30_000
    assert "1:19.300 long, 0:30 of it to lie down" in plan_text(plan)


def test_a_parameter_says_which_kind_of_sound_it_is(plan: Plan) -> None:
    parameters = plan_json(plan)["parameters"]
    assert isinstance(parameters, list)
    assert {one["name"]: (one["type"], one["kind"]) for one in parameters} == {
        "bell": ("sound", "chime"),
        "bed": ("sound", "bed"),
    }
    assert "-p bed=ocean  (bed)" in plan_text(plan)
