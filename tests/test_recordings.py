"""One's own recording in the place of a voice: what becomes of its sound, and of what is no recording."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voiceguide import CueError, Job, SoundError, SpeechError, TimelineError, VoiceguideError, levels, plan, render
from voiceguide.cache import Cache
from voiceguide.cues import Say
from voiceguide.engines import Reading
from voiceguide.engines.tone import open_engine
from voiceguide.levels import RATE, Samples, gain
from voiceguide.report import plan_json, plan_text
from voiceguide.sounds import Sounds
from voiceguide.speech import Clip
from voiceguide.speech.treatment import LEAD_MS
from voiceguide.verify import verify

WORDS = "Welcome to your mat. Lie down slowly."
SCRIPT = """\
---
title: In my voice
minutes: 1
---
# One
[play hello.wav] Welcome to your mat. Lie down slowly.
Rest.
[quiet 20s from 5s to 2m]
[at halfway] [play half way.wav] You are halfway.
[for 6s] [play hello.wav] [safety] Welcome to your mat. Lie down slowly.
"""


def said(text: str = WORDS) -> Samples:
    """Speech, as far as its level and length go."""
    return open_engine().speak(Reading(parts=(text,), language="en", voice="tone", speed=1.2))[0]


def in_a_room(speech: Samples, *, room_db: float = -60, before_s: float = 1.0, after_s: float = 1.0) -> Samples:
    alone = np.pad(speech, (round(before_s * RATE), round(after_s * RATE)))
    noise = np.random.default_rng(1).standard_normal(len(alone)) * gain(room_db)
    return (alone + noise).astype(np.float32)


def clip_of(folder: Path, name: str = "hello.wav", cache: Cache | None = None) -> Clip:
    return Sounds(folder, cache=cache or Cache(folder / "cache")).recordings[name]


def recorded(folder: Path, samples: Samples, rate_hz: int = RATE, *, subtype: str = "PCM_16") -> Path:
    path = folder / "hello.wav"
    soundfile.write(path, samples, rate_hz, subtype=subtype)
    return path


@pytest.mark.parametrize(
    "taken",
    [
        pytest.param(lambda speech: speech, id="as it is"),
        pytest.param(lambda speech: speech * 0.02, id="far too soft"),
        pytest.param(lambda speech: np.clip(speech * 8, -1, 1), id="clipped"),
        pytest.param(lambda speech: speech + 0.2, id="with a constant offset"),
        pytest.param(lambda speech: np.stack([speech, speech * 0.5], axis=1), id="in stereo"),
        pytest.param(lambda speech: np.stack([speech] * 6, axis=1), id="in six channels"),
        pytest.param(in_a_room, id="in a room"),
        pytest.param(lambda speech: in_a_room(speech, room_db=-50), id="beside a fridge"),
        pytest.param(lambda speech: speech[: RATE // 3], id="one short word"),
    ],
)
def test_a_recording_is_as_loud_as_a_voice_mono_and_trimmed(
    taken: Callable[[Samples], Samples], tmp_path: Path
) -> None:
    speech = said() * np.float32(0.8)
    recorded(tmp_path, taken(speech))
    clip = clip_of(tmp_path)
    samples = clip.samples()
    assert samples.ndim == 1
    assert levels.loudness(samples) == pytest.approx(levels.VOICE_LUFS, abs=0.3)
    assert levels.true_peak(samples) <= -2
    assert len(samples) == levels.frames(clip.length)
    if len(taken(speech)) >= len(speech):
        assert abs(clip.length - levels.milliseconds(len(speech))) < 250
        assert np.flatnonzero(np.abs(samples) > np.abs(samples).max() * gain(-20))[0] < levels.frames(LEAD_MS + 70)


def test_a_recording_of_a_telephone_s_rate_keeps_its_time_and_pitch(tmp_path: Path) -> None:
    time = np.arange(8000) / 8000
    recorded(tmp_path, (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32), 8000)
    samples = clip_of(tmp_path).samples()
    assert abs(len(samples) - RATE) < levels.frames(150)
    assert np.abs(np.fft.rfft(samples, RATE)).argmax() == pytest.approx(440, abs=1)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(0), "is silent or damaged"),
        (np.zeros(RATE), "is silent or damaged"),
        (np.full(RATE, 0.3), "is silent or damaged"),
        (np.where(np.arange(RATE) % 1000, 0.1, np.nan), "is silent or damaged"),
        (np.stack([said(), -said()], axis=1), "is silent where it is heard from one speaker"),
        (np.concatenate([[0.99], in_a_room(said() * 0.05)]), "has a noise in it that is far louder than its words"),
    ],
    ids=["empty", "silent", "constant", "no numbers", "opposite sides", "a click"],
)
def test_what_can_not_be_heard_as_words_is_refused(samples: Samples, message: str, tmp_path: Path) -> None:
    path = recorded(tmp_path, samples, subtype="FLOAT")
    with pytest.raises(SoundError) as refused:
        clip_of(tmp_path)
    assert refused.value.message == f"{path} {message}"
    assert refused.value.hint


def test_a_recording_of_more_than_ten_minutes_is_refused_and_so_is_a_text(tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "hello.wav", "w", 8000, 1, format="FLAC") as file:
        for _ in range(11):
            file.write(np.zeros(8000 * 60, np.int16))
    with pytest.raises(SoundError, match="is longer than 10 minutes"):
        clip_of(tmp_path)
    (tmp_path / "hello.wav").write_text("Welcome to your mat.", encoding="utf-8")
    with pytest.raises(SoundError, match="can't be read as a sound"):
        clip_of(tmp_path)


def test_a_recording_is_made_anew_when_its_content_changes_and_only_then(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    recorded(tmp_path, said("One."))
    first = clip_of(tmp_path, cache=cache)
    (tmp_path / "other.wav").write_bytes((tmp_path / "hello.wav").read_bytes())
    os.utime(tmp_path / "hello.wav", (0, 0))
    assert clip_of(tmp_path, cache=cache) == clip_of(tmp_path, "other.wav", cache) == first
    recorded(tmp_path, said("One, two."))
    assert clip_of(tmp_path, cache=cache).key != first.key
    assert [(shelf.kind, shelf.entries) for shelf in cache.shelves()] == [("clips", 2)]


def test_names_lead_to_files_beside_the_script_and_nowhere_else(tmp_path: Path) -> None:
    folder = tmp_path / "scripts"
    (folder / "voice").mkdir(parents=True)
    (folder / "sounds").mkdir()
    outside = recorded(tmp_path, said("One."))
    for inside in ("hello.wav", "voice/bye now.wav", "sounds/inside.wav"):
        (folder / inside).write_bytes(outside.read_bytes())
    (folder / "link.wav").symlink_to(outside)
    recordings = Sounds(folder, cache=Cache(tmp_path / "cache")).recordings
    for name in ("hello.wav", "voice/bye now.wav", "inside", "inside.wav"):
        assert name in recordings
        assert recordings[name].length > 200
    assert {"inside", "hello.wav", "voice/bye now.wav"} <= set(recordings)
    assert not {"bowl", "rain"} & set(recordings)
    for name in ("../hello.wav", str(outside), "~/hello.wav", "bowl"):
        assert name not in recordings
    with pytest.raises(SoundError, match="leads out of its folder"):
        recordings["link.wav"]
    assert str(outside) in Sounds(folder, given=[str(outside)]).recordings  # a person may type what a script may not


def test_a_table_may_say_that_a_sound_is_a_recording(tmp_path: Path) -> None:
    (tmp_path / "sounds").mkdir()
    recorded(tmp_path / "sounds", said("One."))
    table = tmp_path / "sounds" / "sounds.toml"
    table.write_text('[hello]\ntitle = "Ana says hello"\nkind = "recording"\n', encoding="utf-8")
    sounds = Sounds(tmp_path)
    assert ("hello" in sounds.recordings, "hello" in sounds, "hello" in sounds.beds) == (True, False, False)
    with pytest.raises(SoundError) as refused:
        sounds["hello"]
    assert refused.value.explain() == "error: 'hello' is a recording, not a chime\n  write [play hello]"
    table.write_text('[hello]\nkind = "recording"\nloudness = -20\n', encoding="utf-8")
    with pytest.raises(SoundError, match="gives the recording 'hello' a loudness"):
        Sounds(tmp_path).recordings["hello"]


@pytest.fixture
def job(tmp_path: Path) -> Job:
    recorded(tmp_path, in_a_room(said() * np.float32(0.3)))
    soundfile.write(tmp_path / "half way.wav", said("You are halfway."), RATE)
    (tmp_path / "mine.md").write_text(SCRIPT, encoding="utf-8")
    return Job(script=tmp_path / "mine.md", voice="tone", out=tmp_path / "mine.mp3", captions=("vtt",))


def test_a_session_with_recordings_is_as_its_plan_says(job: Job) -> None:
    made = render(job)
    assert (made.length, made.spoken_new) == (60_000, 1)  # "Rest." alone is spoken
    found = verify(made.path)
    assert found.planned
    assert (found.faults, found.lines) == ((), 4)
    captions = made.captions[0].read_text(encoding="utf-8")
    assert captions.count(f"\n{WORDS}\n") == 2
    assert "\nYou are halfway.\n" in captions


def test_a_plan_says_which_recording_is_heard_and_the_rate_leaves_it_alone(job: Job) -> None:
    planned = plan(job)
    says = [event for event in planned.timeline.events if isinstance(event.cue, Say)]
    sounds = [event["sound"] for event in plan_json(planned)["events"] if event["kind"] == "say"]  # type: ignore[attr-defined]  # JSON
    assert sounds == ["hello.wav", None, "half way.wav", "hello.wav"]
    assert f"▸ hello.wav: {WORDS}" in plan_text(planned)
    slower = [
        event
        for event in plan(Job(script=job.script, voice="tone", rate=70)).timeline.events
        if isinstance(event.cue, Say)
    ]
    assert [event.length for event in slower if event.cue.utterance.recording] == [  # type: ignore[union-attr]  # only Says
        event.length
        for event in says
        if event.cue.utterance.recording  # type: ignore[union-attr]  # only Says
    ]


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        ("[play helo.wav] Welcome.", CueError, "there is no recording called 'helo.wav'"),
        ("[play broken.wav] Welcome.", SoundError, "broken.wav can't be read as a sound: Format not recognised."),
        ("[play half way.wav] " + "You are halfway through all of it. " * 3, SpeechError,
         "'half way.wav' lasts 1.2 s, too short for these words"),
    ],
)  # fmt: skip
def test_a_wrong_recording_is_told_at_its_place_before_anything_is_spoken(
    job: Job, line: str, kind: type[VoiceguideError], message: str
) -> None:
    (job.script.parent / "broken.wav").write_text("no sound", encoding="utf-8")
    job.script.write_text(f"---\ntitle: T\n---\nThis line is spoken.\n{line}\n", encoding="utf-8")
    cache = Cache(job.script.parent / "cache")
    with pytest.raises(kind) as refused:
        plan(job, cache=cache)
    assert refused.value.message.endswith(message)
    assert refused.value.at is not None
    assert refused.value.at.line == 5
    made = len(list((cache.folder / "clips").glob("*/*")))
    assert made == (1 if kind is SpeechError else 0)  # the recording's own


def test_a_recording_that_is_too_long_for_its_line_can_not_be_spoken_faster(job: Job) -> None:
    job.script.write_text(f"---\ntitle: T\n---\n[for 1s] [play hello.wav] {WORDS}\n", encoding="utf-8")
    with pytest.raises(TimelineError) as refused:
        plan(job)
    assert (refused.value.hint or "").endswith(", or record it shorter")


def test_only_what_a_script_could_play_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no session that was made of it, wherever that lies."""
    monkeypatch.chdir(tmp_path)
    recorded(tmp_path, in_a_room(said()))
    script = tmp_path / "mine.md"
    script.write_text("---\ntitle: Mine\n---\nWelcome.\n[pause 1s]\nBye.\n", encoding="utf-8")
    for out in ("made.mp3", "made.flac", "output", "output/made.wav"):
        render(Job(script=script, voice="tone", out=tmp_path / out), cache=Cache(tmp_path / "cache"))
    script.write_text("---\ntitle: Mine\n---\n[play nothing of that name] Welcome.\n", encoding="utf-8")
    with pytest.raises(CueError) as caught:
        plan(Job(script=script, voice="tone"), cache=Cache(tmp_path / "cache"))
    assert caught.value.hint == "there are hello.wav: put the file beside the script, and write its name"
