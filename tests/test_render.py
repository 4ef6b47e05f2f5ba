"""Whole recordings, measured: what a listener hears, decoded from the file by a player that honours the Info tag."""

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
import mutagen.mp3
import numpy as np
import pytest
import soundfile
from test_audiofile import decoded

from voiceguide import Job, OutputError, Rendered, SeveralErrors, SoundError, levels, plan, render
from voiceguide.audio import FRAME
from voiceguide.cache import Cache
from voiceguide.cli.options import PURPOSES as OFFERED_PURPOSES
from voiceguide.cues import Bed, Chime, Say, Silence
from voiceguide.durations import Ms
from voiceguide.levels import Samples
from voiceguide.purposes import PURPOSES
from voiceguide.render import output_path, read_cued
from voiceguide.speech import Cast
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

VOICES = [
    "tone", *(pytest.param(name, marks=(pytest.mark.engine, pytest.mark.long)) for name in ("hibari", "pyttsx3"))
]  # fmt: skip


@pytest.fixture
def job(new_job: Job, kept: Path) -> Job:
    return new_job


@pytest.fixture
def new_job(tmp_path: Path) -> Job:
    """For a test that looks at what is made anew: nothing of it was made before."""
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


@pytest.mark.parametrize(
    "target",
    [Ms(73_210), *(pytest.param(target, marks=pytest.mark.long) for target in (None, Ms(60_000), Ms(140_000)))],
)
def test_a_recording_is_exactly_as_long_as_asked(job: Job, target: Ms | None) -> None:
    made, timeline, sound = rendered(replace(job, target=target))
    assert made.length == timeline.length == (target or 90_000)
    assert len(sound) == levels.frames(made.length)


@pytest.mark.parametrize("voice", VOICES)
def test_lines_begin_when_planned_and_nothing_sounds_between(job: Job, voice: str) -> None:
    _, timeline, sound = rendered(replace(job, voice=voice, air=False))
    for start, _ in clear_lines(timeline):
        assert -1 <= heard_from(sound, start) <= 31
    for start, stop in silences(timeline):
        quiet = sound[levels.frames(start) : levels.frames(stop)]
        assert levels.decibels(float(np.abs(quiet).max(initial=0.0))) < -60


@pytest.mark.parametrize("voice", VOICES)
def test_speech_is_at_its_loudness_and_nothing_clips(job: Job, voice: str, caplog: pytest.LogCaptureFixture) -> None:
    made, timeline, sound = rendered(replace(job, voice=voice))
    drafts = [message for message in caplog.messages if "is a draft voice" in message]
    assert len(drafts) == (voice == "pyttsx3" and sys.platform == "linux")
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


def test_the_same_again_speaks_and_encodes_nothing_and_gives_the_same_bytes(new_job: Job) -> None:
    first = render(new_job)
    before = first.path.read_bytes()
    second = render(new_job)
    assert (second.spoken_new, second.spans_new) == (0, 0)
    assert (second.spoken_cached, second.spans_cached) == (first.spoken_new, first.spans_new)
    assert second.path.read_bytes() == before
    assert (second.loudness, second.true_peak) == (first.loudness, first.true_peak)


def test_a_changed_sentence_is_spoken_alone(new_job: Job) -> None:
    render(new_job)
    new_job.script.write_text(SCRIPT.replace("And rest.", "And linger."), encoding="utf-8")
    assert render(new_job).spoken_new == 1


def test_a_folder_that_can_not_be_written_is_told_before_anything_is_spoken(new_job: Job, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        render(replace(new_job, out=tmp_path / "file" / "session.mp3"))
    assert "clips" not in {shelf.kind for shelf in Cache().shelves()}


@pytest.mark.parametrize("cue", ["chime", "bed", "play"])
def test_a_recording_takes_the_place_of_no_sound_in_it(new_job: Job, cue: str) -> None:
    own = new_job.script.parent / "sounds" / "own.wav"
    own.parent.mkdir()
    soundfile.write(own, np.random.default_rng(1).normal(0, 0.1, (levels.RATE * 6, 1)), levels.RATE)
    new_job.script.write_text(f"---\ntitle: Own\n---\n[{cue} own.wav] Be here.", encoding="utf-8")
    before = own.read_bytes()
    with pytest.raises(OutputError, match="is a sound of this session"):
        render(replace(new_job, out=own))
    assert own.read_bytes() == before


def test_errors_of_cues_sounds_and_voices_come_together(job: Job) -> None:
    job.script.write_text(
        "---\ntitle: Wrong\n---\n[chime bel]\n[voice tnoe]\n[rest 20]\n[puase 4s]\nText.\n[chime sounds/none.wav]\n"
    )
    with pytest.raises(SeveralErrors) as caught:
        render(job)
    assert [error.at.line for error in caught.value.errors if error.at] == [4, 5, 6, 7, 9]


def test_a_damaged_cache_is_mended_and_the_recording_the_same(new_job: Job) -> None:
    before = render(new_job).path.read_bytes()
    entries = [path for kind in ("clips", "frames") for path in (Cache().folder / kind).rglob("*") if path.is_file()]
    for path in random.Random(1).sample(entries, 6):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0x10
        path.write_bytes(data)
    assert render(new_job).path.read_bytes() == before


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_run_leaves_nothing_bad_and_the_next_one_is_whole(new_job: Job, tmp_path: Path) -> None:
    """Kill it at moments spread over a run; the next run, undisturbed, gives the very bytes of one never killed."""
    assert new_job.out is not None
    whole = render(replace(new_job, out=tmp_path / "whole.mp3")).path.read_bytes()
    environment = os.environ | {"VOICEGUIDE_CACHE": str(tmp_path / "cache")}
    command = [
        sys.executable,
        "-m",
        "voiceguide",
        "render",
        str(new_job.script),
        "--voice",
        "tone",
        "-o",
        str(new_job.out),
    ]
    began = time.monotonic()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    took = time.monotonic() - began
    cache = Cache(tmp_path / "cache")
    for number in range(5):
        for shelf in ("clips", "frames"):
            shutil.rmtree(cache.folder / shelf, ignore_errors=True)
        new_job.out.unlink(missing_ok=True)
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            time.sleep(took * (number + 1) / 6)
            process.send_signal(signal.SIGKILL)
        assert not new_job.out.exists() or new_job.out.read_bytes() == whole
        assert cache.verify() == ()
        assert render(new_job, cache=cache).path.read_bytes() == whole


@pytest.mark.long
def test_runs_at_once_to_one_name_and_to_another_leave_whole_files(new_job: Job, tmp_path: Path) -> None:
    """The same session twice, and another one of the same words beside them: each asks the cache for what none has."""
    assert new_job.out is not None
    other = replace(new_job, target=Ms(120_000), out=new_job.out.with_name("other.mp3"))
    expected = {
        path: render(replace(job, out=tmp_path / "whole.mp3")).path.read_bytes()
        for job in (new_job, other)
        if (path := job.out)
    }
    environment = os.environ | {"VOICEGUIDE_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "voiceguide", "render", str(new_job.script), "--voice", "tone", "-q", "-o"]
    asked = [[str(new_job.out)], [str(new_job.out)], [str(other.out), "--minutes", "2"]]
    runs = [subprocess.Popen([*command, *own], env=environment, stdout=subprocess.DEVNULL) for own in asked]
    assert [run.wait(timeout=120) for run in runs] == [0, 0, 0]
    assert {path: path.read_bytes() for path in new_job.out.parent.iterdir()} == expected


def speech(job: Job) -> tuple[Timeline, float]:
    _, timeline, sound = rendered(job)
    lines = [sound[levels.frames(start) : levels.frames(stop)] for start, stop in clear_lines(timeline)]
    return timeline, levels.loudness(np.concatenate(lines))


def test_air_comes_before_the_first_sound_and_after_the_last_and_both_count(job: Job) -> None:
    with_air, without = (plan(replace(job, air=air)).timeline for air in (True, False))
    assert with_air.length == without.length == 90_000
    assert (with_air.events[0].start, without.events[0].start) == (2000, 0)
    ends = [event.start + event.length for event in with_air.events if isinstance(event.cue, Say | Chime)]
    assert with_air.length - max(ends) == 5000
    _, _, sound = rendered(job)
    for part in (sound[:88_200], sound[-5 * levels.RATE :]):
        assert abs(levels.decibels(float(np.sqrt(np.mean(part[5000:-5000] ** 2)))) - -66) < 1


def test_the_time_to_lie_down_is_not_counted(job: Job) -> None:
    made, timeline, sound = rendered(replace(job, lead_in=Ms(12_345)))
    assert len(sound) == levels.frames(102_345)
    assert made.length == 102_345
    assert timeline.events[0].start == 14_345
    assert made.chapters[0].start == 0


def backgrounds(folder: Path) -> None:
    """Put short beds beside the script: those that came with this take a second to open."""
    (folder / "sounds").mkdir()
    for number, name in enumerate(("hum", "rush")):
        noise = np.random.default_rng(number).normal(0, 0.1, (6 * levels.RATE, 2))
        soundfile.write(folder / "sounds" / f"{name}.wav", noise, levels.RATE)


def test_a_bed_is_under_the_whole_session_unless_the_script_has_its_own(job: Job) -> None:
    backgrounds(job.script.parent)
    sounds = [event.cue.sound for event in plan(replace(job, bed="hum")).timeline.events if isinstance(event.cue, Bed)]
    assert sounds == ["hum"]
    script = SCRIPT.replace("# One", "# One\n[bed rush at -30dB]").replace("# Two", "# Two\n[bed off]")
    job.script.write_text(script, encoding="utf-8")
    for asked, level_db, expected in (
        (None, None, [("rush", -30.0), (None, -22.0)]),
        ("hum", None, [("hum", -30.0), (None, -22.0)]),
        ("hum", -25.0, [("hum", -25.0), (None, -22.0)]),
        ("off", None, []),
    ):
        events = plan(replace(job, bed=asked, bed_level_db=level_db)).timeline.events
        assert [(event.cue.sound, event.cue.level_db) for event in events if isinstance(event.cue, Bed)] == expected
    with pytest.raises(SoundError, match="there is no bed called 'rian'") as caught:
        plan(replace(job, bed="rian"))
    assert caught.value.hint == "did you mean 'rain'?"


def test_what_was_read_a_moment_ago_is_read_again_only_where_words_have_changed(job: Job) -> None:
    longer = replace(job, target=Ms(100_000))
    with Cast(Cache()) as cast:
        first = read_cued(job, cast, Cache())
        again = read_cued(longer, cast, Cache(), before=first)
        assert again.as_written is first.as_written
        assert again.cues == read_cued(longer, cast, Cache()).cues
        assert again.script.target == 100_000
        job.script.write_text(SCRIPT.replace("Come back", "Wake up"), encoding="utf-8")
        assert read_cued(job, cast, Cache(), before=again).cues == read_cued(job, cast, Cache()).cues != first.cues


@pytest.mark.long
def test_speech_over_a_bed_is_as_loud_as_without(job: Job) -> None:
    backgrounds(job.script.parent)
    _, alone = speech(job)
    made = render(replace(job, bed="rush", out=job.script.with_name("rush.mp3")))
    sound = decoded(made.path, 2)
    lines = [sound[levels.frames(start) : levels.frames(stop)] for start, stop in clear_lines(plan(job).timeline)]
    assert abs(levels.loudness(np.concatenate(lines)) - alone) < 0.3


def test_for_sleep_all_is_softer_but_safety_and_nothing_rings_at_the_end(job: Job) -> None:
    job.script.write_text(SCRIPT.replace("Come back", "[safety] Come back"), encoding="utf-8")
    asleep = replace(job, sleep=True, out=job.script.with_name("sleep.mp3"))
    session = plan(asleep)
    assert [event.cue.sound for event in session.timeline.events if isinstance(event.cue, Chime)] == ["bowl"]
    awake, soft = decoded(render(job).path)[:, 0], decoded(render(asleep).path)[:, 0]
    first, last = (clear_lines(timeline) for timeline in (plan(job).timeline, session.timeline))
    for number, expected in ((1, -4.0), (-1, 0.0)):
        (a, b), (c, d) = first[number], last[number]
        softer = levels.loudness(soft[levels.frames(c) : levels.frames(d)])
        assert abs(softer - levels.loudness(awake[levels.frames(a) : levels.frames(b)]) - expected) < 0.3


@pytest.mark.parametrize(
    ("purpose", "louder_db", "most_dbtp", "kbit"),
    [("podcast", 3, -1, 128), pytest.param("audiobook", 0, -3, 192, marks=pytest.mark.long)],
)
def test_a_purpose_sets_loudness_peaks_and_bit_rate(
    job: Job, purpose: str, louder_db: float, most_dbtp: float, kbit: int
) -> None:
    _, usual = speech(job)
    asked = replace(job, purpose=purpose, out=job.script.with_name("asked.mp3"))
    timeline, found = speech(asked)
    assert abs(found - usual - louder_db) < 0.3
    assert levels.true_peak(decoded(job.script.with_name("asked.mp3"))[:, 0]) <= most_dbtp
    info = mutagen.mp3.MP3(job.script.with_name("asked.mp3")).info
    assert info is not None
    assert info.bitrate == kbit * 1000
    assert timeline.events[0].start == (1000 if purpose == "audiobook" else 2000)


def test_the_purposes_offered_are_those_there_are() -> None:
    assert tuple(PURPOSES) == OFFERED_PURPOSES


def test_a_purpose_that_is_not_there_or_wants_another_bit_rate_is_told(job: Job) -> None:
    with pytest.raises(OutputError, match="there is no purpose called 'potcast'"):
        render(replace(job, purpose="potcast"))
    with pytest.raises(OutputError, match="constant bit rate"):
        render(replace(job, purpose="podcast", varying_rate=True))


def test_a_proof_has_all_the_words_and_no_long_silence(job: Job) -> None:
    proof, whole = (plan(replace(job, proof=proof)).timeline for proof in (True, False))
    words = [[event.cue for event in one.events if isinstance(event.cue, Say)] for one in (proof, whole)]
    assert words[0] == words[1]
    assert max(event.length for event in proof.events if isinstance(event.cue, Silence)) <= 1500
    assert proof.length < whole.length
    assert output_path(replace(job, proof=True, out=None)).name == "measured-proof.mp3"


def test_a_varying_bit_rate_makes_a_smaller_file_of_the_same_length(job: Job) -> None:
    constant = render(job)
    varying = render(replace(job, air=False, varying_rate=True, out=job.script.with_name("vbr.mp3")))
    assert len(decoded(varying.path)) == levels.frames(varying.length)
    assert varying.path.stat().st_size < constant.path.stat().st_size * 0.7
    info = mutagen.mp3.MP3(varying.path).info
    assert info is not None
    assert info.bitrate_mode == mutagen.mp3.BitrateMode.VBR
