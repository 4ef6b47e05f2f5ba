"""Whole recordings, measured: what a listener hears, decoded from the file by a player that honours the Info tag."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import mutagen.id3
import numpy as np
import pytest
from test_audiofile import decoded

from voiceguide import Job, OutputError, Rendered, SeveralErrors, levels, plan, render
from voiceguide.audio import FRAME
from voiceguide.cache import Cache
from voiceguide.cues import Chime, Say
from voiceguide.durations import Ms
from voiceguide.levels import Samples
from voiceguide.timeline import Timeline

SCRIPT = """\
---
title: Measured
minutes: 1.5 (1 to 3)
params:
  bell: bowl
---
# One
[chime {{ bell }} wait 4s]
Welcome. This is for your back, and for nothing else.
Let your weight sink down, a little more with every breath.
[rest 20s from 5s to 90s]
# Two
[for 4s] In.
[for 6s] And out.
And rest. [pause 2s] The mat holds you now, all along the back.
[chime bell]
Come back slowly, and sit for a moment before you stand.
"""


@pytest.fixture
def job(tmp_path: Path) -> Job:
    script = tmp_path / "measured.md"
    script.write_text(SCRIPT, encoding="utf-8")
    return Job(script=script, voice="tone", out=tmp_path / "out" / "measured.mp3")


def rendered(job: Job) -> tuple[Rendered, Timeline, Samples]:
    made = render(job)
    return made, plan(job).timeline, decoded(made.path)[:, 0]


def heard_from(sound: Samples, start: int, *, within_ms: int = 60) -> float:
    """How many ms after `start` the first sample over -50 dBFS comes."""
    first = levels.frames(start)
    around = np.abs(sound[max(0, first - FRAME) : first + levels.frames(within_ms)]) > levels.gain(-50)
    assert around.any(), f"nothing is heard at {start} ms"
    return (int(np.flatnonzero(around)[0]) - min(FRAME, first)) * 1000 / levels.RATE


def ringing(timeline: Timeline) -> list[tuple[int, int]]:
    return [(event.start, event.start + event.length) for event in timeline.events if isinstance(event.cue, Chime)]


def clear_lines(timeline: Timeline) -> list[tuple[int, int]]:
    """From and to, in ms, of the lines under which no chime rings."""
    tails = ringing(timeline)
    return [
        (event.start, event.start + event.length)
        for event in timeline.events
        if isinstance(event.cue, Say) and not any(start <= event.start < stop for start, stop in tails)
    ]


def silences(timeline: Timeline) -> list[tuple[int, int]]:
    """From and to, in ms, of all that neither a clip nor a chime fills; a sample is spread by 24 ms."""
    gaps, position = [], 0
    for event in timeline.events:
        if isinstance(event.cue, Say | Chime):
            gaps.append((position, event.start - 50))
            position = max(position, event.start + event.length + 25)
    return [(start, stop) for start, stop in [*gaps, (position, int(timeline.length))] if stop > start]


@pytest.mark.parametrize("target", [None, Ms(60_000), Ms(73_210), Ms(140_000)])
def test_a_recording_is_exactly_as_long_as_asked(job: Job, target: Ms | None) -> None:
    made, timeline, sound = rendered(replace(job, target=target))
    assert made.length == timeline.length == (target or 90_000)
    assert len(sound) == levels.frames(made.length)


@pytest.mark.parametrize(
    "voice",
    ["tone", pytest.param("hibari", marks=pytest.mark.engine), pytest.param("pyttsx3", marks=pytest.mark.engine)],
)
def test_lines_begin_when_planned_and_nothing_sounds_between(job: Job, voice: str) -> None:
    _, timeline, sound = rendered(replace(job, voice=voice))
    for start, _ in clear_lines(timeline):
        assert -1 <= heard_from(sound, start) <= 31
    for start, stop in silences(timeline):
        quiet = sound[levels.frames(start) : levels.frames(stop)]
        assert levels.decibels(float(np.abs(quiet).max(initial=0.0))) < -60


@pytest.mark.parametrize(
    "voice",
    ["tone", pytest.param("hibari", marks=pytest.mark.engine), pytest.param("pyttsx3", marks=pytest.mark.engine)],
)
def test_speech_is_at_its_loudness_and_nothing_clips(job: Job, voice: str) -> None:
    made, timeline, sound = rendered(replace(job, voice=voice))
    assert levels.true_peak(sound) <= -1
    assert made.true_peak <= -1.5
    lines = [sound[levels.frames(start) : levels.frames(stop)] for start, stop in clear_lines(timeline)]
    assert len(lines) >= 3
    assert abs(levels.loudness(np.concatenate(lines)) - -19) <= (0.7 if voice != "tone" else 1.5)


def test_the_voice_asked_for_is_the_one_that_speaks(job: Job) -> None:
    loud, soft = (plan(replace(job, voice=voice)) for voice in ("tone", "pyttsx3"))
    assert not {clip.key for clip in loud.spoken.clips.values()} & {clip.key for clip in soft.spoken.clips.values()}
    assert {e.cue.utterance.voice for e in loud.timeline.events if isinstance(e.cue, Say)} == {"tone"}


def test_a_voice_asked_for_helps_where_the_script_s_own_is_not_there(job: Job) -> None:
    job.script.write_text(SCRIPT.replace("title:", "voice: nobody\ntitle:"), encoding="utf-8")
    assert plan(job).timeline.length == 90_000


def test_a_for_line_takes_its_time_whatever_it_says(job: Job) -> None:
    says = [event for event in plan(job).timeline.events if isinstance(event.cue, Say)]
    starts = {event.cue.utterance.text: event.start for event in says if isinstance(event.cue, Say)}
    assert starts["And out."] - starts["In."] == 4000
    assert starts["And rest."] - starts["And out."] == 6000


def test_chapters_are_in_the_file_in_order(job: Job) -> None:
    made, timeline, _ = rendered(job)
    tag = mutagen.id3.ID3(made.path)
    chapters = [tag[f"CHAP:{name}"] for name in tag["CTOC:toc"].child_element_ids]
    read = [(one.sub_frames["TIT2"].text[0], one.start_time, one.end_time) for one in chapters]
    assert read == [(chapter.title, chapter.start, chapter.end) for chapter in timeline.chapters]
    assert read[0][1] == 0
    assert read[-1][2] == made.length
    assert "Let your weight sink down" in tag["USLT::eng"].text


def test_the_same_again_speaks_and_encodes_nothing_and_gives_the_same_bytes(job: Job) -> None:
    first = render(job)
    before = first.path.read_bytes()
    second = render(job)
    assert (second.spoken_new, second.spans_new) == (0, 0)
    assert (second.spoken_cached, second.spans_cached) == (first.spoken_new, first.spans_new)
    assert second.path.read_bytes() == before
    assert (second.loudness, second.true_peak) == (first.loudness, first.true_peak)


def test_a_changed_sentence_is_spoken_alone(job: Job) -> None:
    render(job)
    job.script.write_text(SCRIPT.replace("And rest.", "And linger."), encoding="utf-8")
    assert render(job).spoken_new == 1


def test_a_folder_that_can_not_be_written_is_told_before_anything_is_spoken(job: Job, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        render(replace(job, out=tmp_path / "file" / "session.mp3"))
    assert "clips" not in {shelf.kind for shelf in Cache().shelves()}


def test_errors_of_cues_sounds_and_voices_come_together(job: Job) -> None:
    job.script.write_text(
        "---\ntitle: Wrong\n---\n[chime bel]\n[voice tnoe]\n[rest 20]\n[puase 4s]\nText.\n[chime sounds/none.wav]\n"
    )
    with pytest.raises(SeveralErrors) as caught:
        render(job)
    assert [error.at.line for error in caught.value.errors if error.at] == [4, 5, 6, 7, 9]


def test_a_damaged_cache_is_mended_and_the_recording_the_same(job: Job) -> None:
    before = render(job).path.read_bytes()
    entries = [path for kind in ("clips", "frames") for path in (Cache().folder / kind).rglob("*") if path.is_file()]
    for path in random.Random(1).sample(entries, 6):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0x10
        path.write_bytes(data)
    assert render(job).path.read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_run_leaves_nothing_bad_and_the_next_one_is_whole(job: Job, tmp_path: Path) -> None:
    """Kill it at moments spread over a run; the next run, undisturbed, gives the very bytes of one never killed."""
    assert job.out is not None
    whole = render(replace(job, out=tmp_path / "whole.mp3")).path.read_bytes()
    environment = os.environ | {"VOICEGUIDE_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "voiceguide", "render", str(job.script), "--voice", "tone", "-o", str(job.out)]
    began = time.monotonic()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    took = time.monotonic() - began
    cache = Cache(tmp_path / "cache")
    for number in range(5):
        for shelf in ("clips", "frames"):
            shutil.rmtree(cache.folder / shelf, ignore_errors=True)
        job.out.unlink(missing_ok=True)
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            time.sleep(took * (number + 1) / 6)
            process.send_signal(signal.SIGKILL)
        assert not job.out.exists() or job.out.read_bytes() == whole
        assert cache.verify() == ()
        subprocess.run(command, env=environment, check=True, capture_output=True)
        assert job.out.read_bytes() == whole


def test_two_runs_at_once_to_one_name_leave_one_whole_file(job: Job, tmp_path: Path) -> None:
    whole = render(replace(job, out=tmp_path / "whole.mp3")).path.read_bytes()
    command = [
        sys.executable,
        "-m",
        "voiceguide",
        "render",
        str(job.script),
        "--voice",
        "tone",
        "-o",
        str(job.out),
        "--json",
    ]
    environment = os.environ | {"VOICEGUIDE_CACHE": str(tmp_path / "cache")}
    runs = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for _ in range(2)]
    for run in runs:
        out, _ = run.communicate(timeout=60)
        assert run.returncode == 0
        assert json.loads(out)["milliseconds"] == 90_000
    assert job.out is not None
    assert job.out.read_bytes() == whole
    assert [path.name for path in job.out.parent.iterdir()] == ["measured.mp3"]
