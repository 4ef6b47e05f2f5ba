"""Recordings broken on purpose, each in one way, and each found out."""

import io
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import lameenc
import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import CLIPS, SOUNDS, sessions

from voiceguide import Job, OutputError, Plan, audio, audiofile, find_script, levels, plan, render
from voiceguide.audio import Sounding, Span
from voiceguide.audiofile import Label
from voiceguide.audiofile.promise import Event, promise, promise_from_json, promise_to_json
from voiceguide.audiofile.tags import read_tag
from voiceguide.cache import Cache
from voiceguide.cli import main
from voiceguide.cues import Chime, Cue, Say
from voiceguide.durations import Ms
from voiceguide.errors import Place
from voiceguide.levels import Samples
from voiceguide.shipped import folder
from voiceguide.timeline import Chapter, Placed, lay_out
from voiceguide.verify import Fault, check_unheard, checks, verify
from voiceguide.verify.frames import walk
from voiceguide.verify.sound import Heard, _overheard

SCRIPT = """\
---
title: Measured
---
# One
[chime bowl wait 4s]
Welcome. This is for your back, and for nothing else.
Let your weight sink down, a little more with every breath.
[pause 9s]
# Two
And rest, as long as you like, and a little longer.
[pause 20s]
[chime bell]
Come back slowly, and sit for a moment before you stand.
"""
CHIMED, MUTED, LATE, PAUSED = 5, 7, 10, 11
"""Lines of the script."""
SHIPPED = sorted(path.stem for path in folder("scripts").glob("*.md") if path.name != "README.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A clip or chime with other samples."""

    of: Sounding
    factor: float
    channels: int = 1

    @property
    def key(self) -> str:
        return f"{self.of.key} {self.factor}"

    def samples(self) -> Samples:
        return self.of.samples() * np.float32(self.factor)


class Clipped(Span):
    """A span without the ceiling that holds its peaks."""

    __slots__ = ()

    @property
    def key(self) -> str:
        return f"clipped {Span(frames=self.frames, channels=self.channels, layers=self.layers).key}"

    def blocks(self):  # type: ignore[no-untyped-def]  # noqa: ANN201  -- as the span's own
        whole = Span(frames=self.frames, channels=self.channels, layers=self.layers)
        return (np.clip(block * 8, -1, 1) for block in whole.blocks())


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A sound recording, and what others with its plan are made from."""

    path: Path
    session: Plan
    label: Label
    spans: tuple[Span, ...]
    cache: Cache

    def say(self, line: int) -> Placed:
        return next(e for e in self.session.timeline.events if isinstance(e.cue, Say) and e.cue.at.line == line)

    def changed(
        self, out: Path, *, spans: Sequence[Span] | None = None, chapters: tuple[Chapter, ...] | None = None
    ) -> Path:
        """Write a recording of other spans or chapters that carries this plan."""
        label = replace(self.label, chapters=chapters or self.label.chapters)
        audiofile.write_file(out, spans or self.spans, label, cache=self.cache, progress=lambda *_: None)
        return out

    def mixed(
        self, *, clips: dict[str, float] | None = None, chimes: dict[str, float] | None = None
    ) -> tuple[Span, ...]:
        """Mix it again, some clips or chimes multiplied by a factor."""
        spoken, sounds = self.session.spoken.clips, self.session.sounds
        own = {u: Changed(of=c, factor=(clips or {}).get(u.text, 1.0)) for u, c in spoken.items()}
        rung = {name: Changed(of=sounds[name], factor=(chimes or {}).get(name, 1.0)) for name in ("bowl", "bell")}
        return audio.spans(self.session.timeline, own, rung)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Original:
    here = tmp_path_factory.mktemp("verify")
    script, cache = here / "measured.md", Cache(here / "cache")
    script.write_text(SCRIPT, encoding="utf-8")
    job = Job(script=script, voice="tone", out=here / "measured.mp3")
    path = render(job, cache=cache).path
    session = plan(job, cache=cache)
    with path.open("rb") as file:
        tag = read_tag(file)
    label = Label(
        title="Measured", language="en", chapters=session.timeline.chapters, words="", length=session.timeline.length,
        software="test", plan=tag.plan,
    )  # fmt: skip
    spans = audio.spans(session.timeline, session.spoken.clips, session.sounds)
    return Original(path=path, session=session, label=label, spans=spans, cache=cache)


@pytest.fixture
def original(kept: Original, tmp_path: Path) -> Original:
    """One that a test may damage."""
    return replace(kept, path=Path(shutil.copy(kept.path, tmp_path)))


def faults(path: Path, check: str) -> list[Fault]:
    return [fault for fault in verify(path).faults if fault.check == check]


def sound_of(path: Path) -> int:
    """At which byte the frames begin."""
    with path.open("rb") as file:
        return read_tag(file).size


def rewritten(path: Path, change: Callable[[bytearray], bytes | bytearray]) -> Path:
    path.write_bytes(change(bytearray(path.read_bytes())))
    return path


def test_a_recording_is_sound_and_everything_was_looked_at(original: Original) -> None:
    verified = verify(original.path)
    assert verified.faults == ()
    assert verified.planned
    assert verified.length == original.session.timeline.length
    assert verified.lines == 5
    assert verified.loudness == pytest.approx(-19, abs=0.7)
    assert {"tags", "frames", "length", "chapters", "lines", "loudness", "silence", "chimes", "peak", "startle"} <= {
        *verified.checks
    }


def test_every_shipped_script_gives_a_sound_recording(kept: Original, tmp_path: Path) -> None:
    for name in SHIPPED:
        made = render(Job(script=find_script(name), voice="tone", out=tmp_path / f"{name}.mp3"), cache=kept.cache)
        assert verify(made.path).faults == (), name


def test_a_muted_line_is_named(original: Original, tmp_path: Path) -> None:
    say = original.say(MUTED)
    assert isinstance(say.cue, Say)
    path = original.changed(tmp_path / "muted.mp3", spans=original.mixed(clips={say.cue.utterance.text: 0.0}))
    (fault,) = verify(path).faults
    assert (fault.check, fault.file, fault.line, fault.at) == ("lines", "measured.md", MUTED, say.start)
    assert "not heard" in fault.message


def test_a_line_too_soft_is_named(original: Original, tmp_path: Path) -> None:
    say = original.say(LATE)
    assert isinstance(say.cue, Say)
    path = original.changed(tmp_path / "soft.mp3", spans=original.mixed(clips={say.cue.utterance.text: 0.5}))
    (fault,) = faults(path, "lines")
    assert fault.line == LATE
    assert "LUFS" in fault.message


def test_a_line_that_comes_late_is_named(original: Original, tmp_path: Path) -> None:
    late = original.say(LATE)
    timeline = original.session.timeline
    moved = [replace(e, start=Ms(e.start + 150)) if e == late else e for e in timeline.events]
    spans = audio.spans(replace(timeline, events=tuple(moved)), original.session.spoken.clips, original.session.sounds)
    (fault,) = faults(original.changed(tmp_path / "late.mp3", spans=spans), "lines")
    assert (fault.line, fault.at) == (LATE, late.start)


def test_speech_at_another_loudness_is_found(original: Original, tmp_path: Path) -> None:
    clips = {utterance.text: levels.gain(-1.5) for utterance in original.session.spoken.clips}
    (fault,) = verify(original.changed(tmp_path / "soft.mp3", spans=original.mixed(clips=clips))).faults
    assert fault.check == "loudness"


def test_swapped_chapters_are_found(original: Original, tmp_path: Path) -> None:
    one, two = original.label.chapters
    messages = " ".join(
        f.message for f in faults(original.changed(tmp_path / "c.mp3", chapters=(two, one)), "chapters")
    )
    assert "'One' begins before 'Two' is over" in messages
    assert "not the chapters that were planned" in messages


@pytest.mark.parametrize(
    ("start", "end", "said"), [(5000, 4000, "ends before it begins"), (5000, 999_000, "passes the end")]
)
def test_impossible_chapters_are_found(original: Original, tmp_path: Path, start: int, end: int, said: str) -> None:
    chapters = (Chapter(title="Odd", start=Ms(start), end=Ms(end)),)
    found = faults(original.changed(tmp_path / "c.mp3", chapters=chapters), "chapters")
    assert any(said in fault.message for fault in found)


def test_a_chapter_that_the_table_of_contents_does_not_know_is_found(original: Original) -> None:
    path = rewritten(original.path, lambda data: data.replace(b"chapter0002", b"chapter0009", 1))
    assert any("table of contents" in fault.message for fault in faults(path, "chapters"))


def test_sixty_flipped_bytes_are_found_and_placed(original: Original) -> None:
    first = sound_of(original.path) + 2000
    size = original.path.stat().st_size

    def flip(data: bytearray) -> bytearray:
        for at in np.random.default_rng(1).integers(first, size, 60):
            data[at] ^= 0x55
        return data

    found = faults(rewritten(original.path, flip), "frames")
    assert any("not what was written" in fault.message for fault in found)
    assert {fault.file for fault in found if fault.at is not None} == {"measured.md"}


@settings(max_examples=25)
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_every_single_flipped_bit_of_the_sound_is_found(kept: Original, where: float, bit: int) -> None:
    damaged = bytearray(kept.path.read_bytes())
    with kept.path.open("rb") as file:
        tag = read_tag(file)
    frames, sums = zip(*tag.sums, strict=True)
    first = damaged.index(b"\xff\xfb", tag.size + 4)
    damaged[first + int((len(damaged) - first) * where)] ^= 1 << bit
    assert walk(io.BytesIO(damaged), tag.size, frames).sums != sums


def test_a_recording_cut_in_half_is_found(original: Original) -> None:
    verified = verify(rewritten(original.path, lambda data: data[: len(data) // 2]))
    assert {"frames", "length"} <= {fault.check for fault in verified.faults}
    assert any("frames are missing" in fault.message for fault in verified.faults)


def test_dropped_frames_are_found_and_placed(original: Original) -> None:
    first = sound_of(original.path)
    with original.path.open("rb") as file:
        stretches = [frames for frames, _ in read_tag(file).sums]
    size = walk(io.BytesIO(original.path.read_bytes()), first).size // sum(stretches)
    middle = original.path.stat().st_size // 2

    def drop(data: bytearray) -> bytes:
        start = data.index(b"\xff\xfb", middle)
        stop = data.index(b"\xff\xfb", start + 20 * size)
        return bytes(data[:start] + data[stop:])

    verified = verify(rewritten(original.path, drop))
    assert {"frames", "length"} <= {fault.check for fault in verified.faults}
    placed = [fault for fault in verified.faults if fault.check == "frames" and fault.at is not None]
    assert placed[0].at is not None
    assert placed[0].at <= verified.length // 2 + 1000


def test_a_clipped_recording_is_found(original: Original, tmp_path: Path) -> None:
    clipped = [
        Clipped(frames=s.frames, channels=s.channels, layers=s.layers) if s.layers else s for s in original.spans
    ]
    found = faults(original.changed(tmp_path / "clipped.mp3", spans=clipped), "peak")
    assert LATE in {fault.line for fault in found}


def test_a_bell_too_loud_is_named(original: Original, tmp_path: Path) -> None:
    path = original.changed(tmp_path / "loud.mp3", spans=original.mixed(chimes={"bowl": levels.gain(3)}))
    (fault,) = verify(path).faults
    assert (fault.check, fault.line) == ("chimes", CHIMED)
    assert "'bowl' rings" in fault.message


def test_noise_in_a_silence_is_named(original: Original, tmp_path: Path) -> None:
    timeline, clips = original.session.timeline, original.session.spoken.clips
    bell = next(e for e in timeline.events if isinstance(e.cue, Chime) and e.cue.sound == "bell")
    voice = original.say(LATE).cue
    assert isinstance(voice, Say)
    hum = Say(utterance=replace(voice.utterance, text="hum"), at=voice.at)
    noise = Placed(cue=hum, start=Ms(bell.start - 5000), length=Ms(1200))
    noisy = replace(timeline, events=tuple(sorted([*timeline.events, noise], key=lambda event: event.start)))
    soft = {hum.utterance: Changed(of=clips[voice.utterance], factor=0.02)}
    spans = audio.spans(noisy, {**clips, **soft}, original.session.sounds)
    (fault,) = faults(original.changed(tmp_path / "noise.mp3", spans=spans), "silence")
    assert fault.at == pytest.approx(noise.start, abs=60)
    assert fault.line == PAUSED


def test_the_tags_of_another_session_are_found(original: Original, tmp_path: Path) -> None:
    script = tmp_path / "other.md"
    script.write_text("---\ntitle: Other\n---\nA line of its own, and no other.\n[pause 5s]\nAnd one more.\n")
    other = render(Job(script=script, voice="tone", out=tmp_path / "other.mp3")).path
    frames = other.read_bytes()[sound_of(other) :]
    verified = verify(rewritten(original.path, lambda data: data[: sound_of(original.path)] + frames))
    assert [f.message for f in verified.faults if f.check == "tags"] == ["the tags belong to another recording"]
    assert not [fault for fault in verified.faults if fault.check == "frames"]


def test_a_second_of_foreign_frames_at_the_end_is_found(original: Original) -> None:
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(96)
    encoder.set_in_sample_rate(levels.RATE)
    encoder.set_channels(1)
    encoder.silence()
    tone = np.sin(np.arange(levels.RATE) / 20) * 8000
    foreign = encoder.encode(tone.astype("<i2").tobytes()) + encoder.flush()
    found = faults(rewritten(original.path, lambda data: data + foreign), "frames")
    assert any("frames follow the last one" in fault.message for fault in found)


def test_garbage_between_frames_is_found_and_the_walk_goes_on(original: Original) -> None:
    middle = original.path.stat().st_size // 2

    def insert(data: bytearray) -> bytes:
        at = data.index(b"\xff\xfb", middle)
        return bytes(data[:at] + b"garbage" + data[at:])

    (flaw,) = [f for f in faults(rewritten(original.path, insert), "frames") if "no frame" in f.message]
    assert "7 bytes" in flaw.message
    assert flaw.at is not None
    assert 0 < flaw.at < original.session.timeline.length


def test_a_frame_that_claims_more_data_than_there_are_is_found(original: Original) -> None:
    """Its first granule is said to hold 4095 bits, the next one as well: more than a frame of 96 kbit/s has."""
    bits = 18, 18 + 59

    def claim(data: bytearray) -> bytearray:
        frame = data.index(b"\xff\xfb", len(data) - 3000)
        for bit in (first + number for first in bits for number in range(12)):
            data[frame + 4 + bit // 8] |= 0x80 >> bit % 8
        return data

    messages = [fault.message for fault in faults(rewritten(original.path, claim), "frames")]
    assert "the frame's data can't be where it says they are" in messages


def test_what_the_decoder_says_is_heard(capfd: pytest.CaptureFixture[str]) -> None:
    with _overheard() as said:
        assert said() == []
        os.write(2, b"[layer3.c] error: dequantization failed!\nWarning: of no interest\n")
        assert said() == ["dequantization failed"]
        os.write(2, b"[layer3.c] error: again\n")
        assert said() == ["again"]
    assert capfd.readouterr().err == ""


def test_other_programs_may_change_the_tags(original: Original) -> None:
    """A tag of the first version at the end, and another title, are the business of whoever put them there."""
    here, there = "Measured".encode("utf-16-le"), "Observed".encode("utf-16-le")
    path = rewritten(original.path, lambda data: data.replace(here, there) + b"TAG" + bytes(125))
    assert verify(path).faults == ()


@pytest.mark.parametrize(
    "content", [b"", b"no sound at all", b"ID3\x03\0\0\0\0\0\x0a", b"ID3\x03\0\0\x7f\x7f\x7f\x7fcut"]
)
def test_what_is_no_mp3_is_a_fault_and_no_crash(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "odd.mp3"
    path.write_bytes(content)
    verified = verify(path)
    assert not verified.planned
    assert "decoder" in {fault.check for fault in verified.faults}


def test_without_a_plan_what_needs_none_is_looked_at(original: Original, tmp_path: Path) -> None:
    path = tmp_path / "plain.mp3"
    audiofile.write_file(
        path, original.spans, replace(original.label, plan=b""), cache=original.cache, progress=lambda *_: None
    )
    verified = verify(path)
    assert not verified.planned
    assert verified.faults == ()
    assert {"frames", "length", "chapters", "peak", "startle"} <= {*verified.checks}
    assert "lines" not in verified.checks


def test_another_kind_of_file_has_no_plan(tmp_path: Path) -> None:
    path = tmp_path / "line.wav"
    soundfile.write(path, np.sin(np.arange(levels.RATE) / 20) * 0.95, levels.RATE)
    verified = verify(path)
    assert not verified.planned
    assert [fault.check for fault in verified.faults] == ["peak"]
    path.with_suffix(".m4b").write_bytes(b"no sound")
    with pytest.raises(OutputError, match="can't be verified"):
        verify(path.with_suffix(".m4b"))


def still_then(lufs: float) -> Heard:
    """Two seconds of silence, then one at a loudness."""
    powers = np.concatenate([np.zeros(20), np.full(10, 10 ** ((lufs + 0.691) / 10))])
    return Heard(samples=0, powers=powers, peaks=np.zeros(300, np.float32), true_peaks=(), complaints=())


@pytest.mark.parametrize(("kind", "most"), [("say", -12.0), ("chime", -18.0)])
def test_what_comes_after_stillness_comes_softly(kind: str, most: float) -> None:
    event = Event(kind=kind, start=Ms(2000), length=Ms(1000), file="x.md", line=3, loudest=-22.0)
    promised = replace(promise_from_json(promise_to_json(promise("", lay_out([], {}, {}, None), {}))), events=(event,))
    assert [*checks.startle(still_then(most - 0.1), promised)] == []
    (fault,) = checks.startle(still_then(most + 0.1), promised)
    assert (fault.at, fault.line) == (2000, 3)


@settings(max_examples=40)
@given(sessions)
def test_a_plan_is_read_as_it_was_written(cues: list[Cue]) -> None:
    timeline = lay_out(cues, CLIPS, SOUNDS, None)
    promised = promise("Für Ana", timeline, dict.fromkeys(SOUNDS, -22.3))
    assert promise_from_json(promise_to_json(promised)) == promised
    assert [event.start for event in promised.events] == [event.start for event in timeline.events]


def test_a_plan_says_nothing_of_where_things_lie() -> None:
    here = Place(path="/home/ana/scripts/evening.md", line=4)
    chime = Chime(sound="/home/ana/bells/mine.wav", gain_db=-6.0, times=1, every=Ms(0), wait=None, at=here)
    timeline = lay_out([chime], {}, {chime.sound: SOUNDS["long"]}, None)
    told = promise_to_json(promise("Evening", timeline, {chime.sound: -22.3})).decode()
    assert "ana" not in told
    assert "/" not in told
    assert json.loads(told)["events"][0]["loudest"] == -28.3


def test_a_recording_made_wrong_never_gets_its_name(original: Original, tmp_path: Path) -> None:
    out = tmp_path / "out.mp3"
    shutil.copy(original.path, out)
    before = out.read_bytes()
    wrong = replace(original.label, length=Ms(original.label.length - 500))
    with pytest.raises(OutputError, match="length: its Info frame says"):
        audiofile.write_file(
            out, original.spans, wrong, cache=original.cache, progress=lambda *_: None, check=check_unheard
        )  # fmt: skip
    assert out.read_bytes() == before


def test_the_command_says_in_a_line_that_a_recording_is_sound(original: Original) -> None:
    result = CliRunner().invoke(main, ["verify", str(original.path)])
    assert result.exit_code == 0
    assert result.output.startswith(f"{original.path}: sound; ")
    assert result.output.count("\n") == 1


def test_the_command_lists_faults_and_fails(original: Original) -> None:
    rewritten(original.path, lambda data: data[: len(data) // 2])
    result = CliRunner().invoke(main, ["verify", str(original.path), "--json"])
    assert result.exit_code == 1
    (told,) = json.loads(result.output)
    assert told["planned"]
    assert not told["sound"]
    assert {"check", "message", "at", "file", "line"} == {*told["faults"][0]}
    text = CliRunner().invoke(main, ["verify", str(original.path)])
    assert text.exit_code == 1
    assert "frames are missing" in text.output
