"""Recordings broken on purpose, each in one way, and each found out."""

import io
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import lameenc
import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import BEDS, CLIPS, SOUNDS, sessions_with_beds, trying

from voiceguide import Job, OutputError, Plan, audio, audiofile, find_script, levels, plan, render
from voiceguide.audio import FRAME, Mix, Sounding, Span
from voiceguide.audio.beds import courses
from voiceguide.audiofile import Coding, Label
from voiceguide.audiofile.promise import Event, Promise, promise, promise_to_json
from voiceguide.audiofile.tags import read_tag
from voiceguide.cache import Cache
from voiceguide.cli import main
from voiceguide.cues import FADE_OUT, Bed, Chime, Cue, Say
from voiceguide.durations import Ms
from voiceguide.errors import Place
from voiceguide.levels import Samples
from voiceguide.render import read_all
from voiceguide.report import verified_text
from voiceguide.script import Source
from voiceguide.shipped import folder
from voiceguide.timeline import Chapter, Placed, lay_out
from voiceguide.verify import Fault, check_unheard, checks, verify
from voiceguide.verify.beds import planned_beds
from voiceguide.verify.frames import walk
from voiceguide.verify.hearing import Hearing
from voiceguide.verify.sound import HOP_MS, WINDOW_MS, Heard, Windows, _overheard, lufs, power

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
BEDDED = """\
---
title: Bedded
---
# One
[bed hiss over 2s]
Welcome. This is for your back, and for nothing else.
Let your weight sink down, a little more with every breath.
[pause 5s]
# Two
And rest, as long as you like, and a little longer.
[pause 27s]
[chime bell]
Come back slowly, and sit for a moment before you stand.
"""
"""The same, line by line as far as it matters, but for the bed."""
BED = 5
SHIPPED = sorted(path.stem for path in folder("scripts").glob("*.md") if path.name != "README.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A clip, chime or bed with other samples."""

    of: Sounding
    factor: float
    channels: int = 1
    frames: int = 0
    """Of a bed."""

    @property
    def key(self) -> str:
        return f"{self.of.key} {self.factor}"

    def samples(self) -> Samples:
        samples = self.of.samples() * np.float32(self.factor)
        return samples if self.channels == 1 else np.stack([samples.ravel()] * 2, axis=1)


class Clipped(Span):
    """A span without the ceiling that holds its peaks."""

    __slots__ = ()

    @property
    def key(self) -> str:
        return f"clipped {super().key}"

    def blocks(self):  # type: ignore[no-untyped-def]  # noqa: ANN201  -- as the span's own
        return (np.clip(block * 8, -1, 1) for block in super().blocks())


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A sound recording, and what others with its plan are made from."""

    path: Path
    session: Plan
    label: Label
    cache: Cache

    def say(self, line: int) -> Placed:
        return next(e for e in self.session.timeline.events if isinstance(e.cue, Say) and e.cue.at.line == line)

    def changed(
        self,
        out: Path,
        *,
        spans: Sequence[Span] | None = None,
        chapters: tuple[Chapter, ...] | None = None,
        coding: Coding | None = None,
    ) -> Path:
        """Write a recording of other spans or chapters that carries this plan."""
        label = replace(self.label, chapters=chapters or self.label.chapters)
        audiofile.write_file(
            out, spans or self.mixed(), label, cache=self.cache, coding=coding, progress=lambda *_: None
        )
        return out

    def mixed(
        self,
        *,
        clips: Mapping[str, float] | None = None,
        chimes: Mapping[str, float] | None = None,
        beds: Mapping[str, float] | None = None,
        mix: Mix | None = None,
        channels: int = 1,
        also: tuple[Placed, Changed] | None = None,
    ) -> tuple[Span, ...]:
        """Mix it again, some clips, chimes and beds multiplied by a factor, or something else said as well."""
        session = self.session
        timeline, sounds = session.timeline, session.sounds
        own: dict[object, Sounding] = {
            u: Changed(of=c, factor=(clips or {}).get(u.text, 1.0)) for u, c in session.spoken.clips.items()
        }
        if also:
            events = sorted([*timeline.events, also[0]], key=lambda event: event.start)
            timeline = replace(timeline, events=tuple(events))
            assert isinstance(also[0].cue, Say)
            own[also[0].cue.utterance] = also[1]
        rung = {
            name: Changed(of=sounds[name], factor=(chimes or {}).get(name, 1.0), channels=channels)
            for name in ("bowl", "bell")
        }
        under = {
            event.cue.sound: Changed(
                of=(bed := sounds.beds[event.cue.sound]),
                factor=(beds or {}).get(event.cue.sound, 1.0),
                frames=bed.frames,
            )
            for event in timeline.events
            if isinstance(event.cue, Bed) and event.cue.sound
        }
        return audio.spans(timeline, own, rung, under, mix or session.mix)  # type: ignore[arg-type]  # all utterances


def made(here: Path, script: str, cache: Cache) -> Original:
    path = here / "measured.md"
    path.write_text(script, encoding="utf-8")
    job = Job(script=path, voice="tone", out=here / "measured.mp3")
    out = render(job, cache=cache).path
    session = plan(job, cache=cache)
    with out.open("rb") as file:
        tag = read_tag(file)
    timeline = session.timeline
    label = Label(
        title="Measured", language="en", chapters=timeline.chapters, words="", length=timeline.length,
        software="test", plan=tag.plan,
    )  # fmt: skip
    return Original(path=out, session=session, label=label, cache=cache)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return Cache(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, cache: Cache) -> Original:
    return made(tmp_path_factory.mktemp("verify"), SCRIPT, cache)


@pytest.fixture(scope="module")
def bedded(tmp_path_factory: pytest.TempPathFactory, cache: Cache) -> Original:
    here = tmp_path_factory.mktemp("bedded")
    (here / "sounds").mkdir()
    hiss = np.convolve(np.random.default_rng(0).normal(0, 0.1, 6 * levels.RATE), np.ones(8) / 8)
    soundfile.write(here / "sounds" / "hiss.wav", hiss, levels.RATE)
    return made(here, BEDDED, cache)


@pytest.fixture(params=["kept", "bedded"])
def either(request: pytest.FixtureRequest) -> Original:
    """One with air alone, and one with a bed."""
    original: Original = request.getfixturevalue(request.param)
    return original


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


def test_a_recording_is_sound_and_everything_was_looked_at(either: Original) -> None:
    verified = verify(either.path)
    assert verified.faults == ()
    assert verified.planned
    assert verified.length == either.session.timeline.length
    assert verified.lines == 5
    assert verified.loudness == pytest.approx(-19, abs=0.2)
    assert {
        "tags", "frames", "length", "chapters", "lines", "loudness", "silence", "beds", "chimes", "peak", "startle",
    } <= {*verified.checks}  # fmt: skip


@pytest.mark.parametrize(
    ("channels", "coding"),
    [
        pytest.param(1, Coding(), marks=pytest.mark.long),
        pytest.param(2, Coding(), marks=pytest.mark.long),
        (1, Coding(varying=True)),
    ],
)
def test_however_it_is_encoded_its_frames_are_sound(
    kept: Original, tmp_path: Path, channels: int, coding: Coding
) -> None:
    """Without air, so that most of them have no data."""
    spans = kept.mixed(mix=Mix(air=False), channels=channels)
    path = kept.changed(tmp_path / "coded.mp3", spans=spans, coding=coding)
    with path.open("rb") as file:
        tag = read_tag(file)
        met = walk(file, tag.size, [frames for frames, _ in tag.sums])
    assert met.info
    assert (met.info.frames, met.info.size, met.info.intact) == (met.frames, met.size, True)
    assert met.flaws == ()
    assert met.sums == tuple(wanted for _, wanted in tag.sums)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "desk" else pytest.mark.long) for name in SHIPPED]
)
def test_every_shipped_script_gives_a_sound_recording(kept: Original, tmp_path: Path, name: str) -> None:
    """As short as it may be, and with its silences cut, which takes a quarter of the time."""
    source = read_all()[name]
    assert isinstance(source, Source)
    least = source.minutes.least if source.minutes else None
    out = tmp_path / f"{name}.mp3"
    job = Job(script=find_script(name), seed=0, voice="tone", rate=220, target=least, proof=True, out=out)
    assert verify(render(job, cache=kept.cache).path).faults == ()


def test_a_muted_line_is_named(either: Original, tmp_path: Path) -> None:
    say = either.say(MUTED)
    assert isinstance(say.cue, Say)
    path = either.changed(tmp_path / "muted.mp3", spans=either.mixed(clips={say.cue.utterance.text: 0.0}))
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
    late, session = original.say(LATE), original.session
    moved = [replace(e, start=Ms(e.start + 150)) if e == late else e for e in session.timeline.events]
    there = replace(original, session=replace(session, timeline=replace(session.timeline, events=tuple(moved))))
    (fault,) = faults(original.changed(tmp_path / "late.mp3", spans=there.mixed()), "lines")
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
    assert any(fault.file == "measured.md" for fault in found if fault.at is not None)


@trying(25)
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


@pytest.mark.parametrize("left", [0, 700, 2000, 4000, 6000, 20_000])
def test_a_recording_of_which_little_is_left_is_found(original: Original, left: int) -> None:
    sound = sound_of(original.path)
    verified = verify(rewritten(original.path, lambda data: data[: sound + left]))
    assert any("frames are missing" in fault.message or "not one frame" in fault.message for fault in verified.faults)


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
    clipped = [Clipped(**{one.name: getattr(s, one.name) for one in fields(Span)}) for s in original.mixed()]
    found = faults(original.changed(tmp_path / "clipped.mp3", spans=clipped), "peak")
    assert LATE in {fault.line for fault in found}


def test_a_bell_too_loud_is_named(original: Original, tmp_path: Path) -> None:
    path = original.changed(tmp_path / "loud.mp3", spans=original.mixed(chimes={"bowl": levels.gain(3)}))
    (fault,) = verify(path).faults
    assert (fault.check, fault.line) == ("chimes", CHIMED)
    assert "'bowl' rings 3." in fault.message


def test_a_bell_that_does_not_ring_is_named(bedded: Original, tmp_path: Path) -> None:
    (fault,) = verify(bedded.changed(tmp_path / "mute.mp3", spans=bedded.mixed(chimes={"bell": 0.0}))).faults
    assert (fault.check, fault.line) == ("chimes", 12)
    assert "'bell' is not heard" in fault.message


@pytest.mark.parametrize(
    ("louder_db", "said"),
    [
        (4, "between words 'hiss' is 18."),
        pytest.param(-200, "between words 'hiss' is not heard", marks=pytest.mark.long),
    ],
)
def test_a_bed_at_another_level_is_named(bedded: Original, tmp_path: Path, louder_db: float, said: str) -> None:
    path = bedded.changed(tmp_path / "bed.mp3", spans=bedded.mixed(beds={"hiss": levels.gain(louder_db)}))
    between, silent = verify(path).faults
    assert (between.check, between.file, between.line) == ("beds", "measured.md", BED)
    assert between.message.startswith(said)
    assert "in long silences" in silent.message
    assert silent.at == pytest.approx(bedded.say(LATE).start + bedded.say(LATE).length, abs=6000)


@pytest.mark.parametrize(("session", "gain_db"), [("kept", -30), pytest.param("bedded", -5, marks=pytest.mark.long)])
def test_noise_in_a_silence_is_named(
    session: str, gain_db: float, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    original: Original = request.getfixturevalue(session)
    voice = original.say(LATE)
    assert isinstance(voice.cue, Say)
    hum = Say(utterance=replace(voice.cue.utterance, text="hum"), at=voice.cue.at)
    noise = Placed(cue=hum, start=Ms(voice.start + voice.length + 10_000), length=Ms(1200))
    humming = Changed(of=original.session.spoken.clips[voice.cue.utterance], factor=levels.gain(gain_db))
    found = verify(original.changed(tmp_path / "noise.mp3", spans=original.mixed(also=(noise, humming)))).faults
    assert "silence" in {fault.check for fault in found} <= {"silence", "startle"}
    assert all(fault.at == pytest.approx(noise.start, abs=500) for fault in found)
    assert {fault.line for fault in found} == {PAUSED}


def test_the_tags_of_another_session_are_found(original: Original, tmp_path: Path) -> None:
    script = tmp_path / "other.md"
    script.write_text("---\ntitle: Other\n---\nA line of its own, and no other.\n[pause 5s]\nAnd one more.\n")
    other = render(Job(script=script, voice="tone", out=tmp_path / "other.mp3"), cache=original.cache).path
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


def test_a_place_is_told_where_the_decoder_stumbles(monkeypatch: pytest.MonkeyPatch, original: Original) -> None:
    """To a tenth of a second: the recording is read by as much."""
    read, told = soundfile.SoundFile.read, []

    def stumbling(file: soundfile.SoundFile, *given: Any, **more: Any) -> Any:  # noqa: ANN401  -- as soundfile has it
        told.append(file.tell())
        if told[-1] in {levels.RATE * 12, levels.RATE * 12 + levels.RATE // 10}:
            os.write(2, b"[layer3.c] error: dequantization failed!\n")
        return read(file, *given, **more)

    monkeypatch.setattr(soundfile.SoundFile, "read", stumbling)
    (fault,) = faults(original.path, "decoder")
    assert (fault.at, fault.message) == (12_000, "it stumbles here: dequantization failed")


def test_a_damaged_stretch_is_not_said_to_begin_where_it_was_last_checked(original: Original) -> None:
    def flip(data: bytearray) -> bytearray:
        data[len(data) // 2] ^= 1
        return data

    (fault,) = verify(rewritten(original.path, flip)).faults
    assert fault.at is not None
    assert fault.at < original.session.timeline.length // 2
    assert fault.message.startswith("somewhere between here and 0:")


def test_what_lies_behind_missing_frames_is_found_to_be_whole(original: Original) -> None:
    """Some are lost of the second stretch, and one of the fourth is damaged: nothing is wrong with the others."""
    with original.path.open("rb") as file:
        tag = read_tag(file)
    starts = [0, *np.cumsum([frames for frames, _ in tag.sums])]
    data = original.path.read_bytes()
    walked = [match.start() for match in re.finditer(rb"\xff\xfb", data[tag.size :])]
    size = walk(io.BytesIO(data), tag.size).size / (starts[-1] + 1)

    def at(frame: int) -> int:
        return tag.size + min(walked, key=lambda place: abs(place - round((frame + 1) * size)))

    lost, damaged = at(int(starts[1]) + 2), at(int(starts[4]) - 3)
    torn = bytearray(data[:lost] + data[lost + 4 * round(size) :])
    torn[damaged - 4 * round(size) + 60] ^= 1
    original.path.write_bytes(torn)
    messages = [fault.message for fault in faults(original.path, "frames") if "not what was written" in fault.message]
    assert len(messages) == 2


def test_a_recording_cut_short_ends_where_it_does(original: Original) -> None:
    rewritten(original.path, lambda data: data[: sound_of(original.path) + (len(data) - sound_of(original.path)) // 2])
    (fault,) = [fault for fault in faults(original.path, "frames") if "from here on" in fault.message]
    assert fault.message == "from here on the sound is missing"
    assert fault.at == pytest.approx(original.session.timeline.length / 2, abs=500)


@pytest.mark.parametrize("cut", [5000, 100])
def test_a_file_that_begins_within_a_frame_is_said_to_be_cut(original: Original, cut: int) -> None:
    rewritten(original.path, lambda data: data[sound_of(original.path) + cut :])
    first, second = faults(original.path, "frames")
    assert "its beginning is cut off" in first.message
    assert "copy the file again" in first.message
    assert "no Info frame" in second.message


def test_a_damaged_first_header_is_one_fault_and_not_all_of_them(original: Original) -> None:
    def tear(data: bytearray) -> bytearray:
        data[data.index(b"\xff\xfb", sound_of(original.path) + 4)] = 0
        return data

    messages = [fault.message for fault in faults(rewritten(original.path, tear), "frames")]
    assert "the frame's header is damaged" in messages
    assert not [message for message in messages if "no frame" in message]


def test_what_is_no_frame_is_told_once_however_long_it_is() -> None:
    noise = np.random.default_rng(3).bytes(2_500_000)
    (flaw,) = walk(io.BytesIO(noise), 0).flaws
    assert flaw.message.startswith("there is not one frame of an MP3 in it")
    encoder = lameenc.Encoder()
    encoder.set_in_sample_rate(levels.RATE)
    encoder.set_channels(1)
    encoder.silence()
    sound = bytes(encoder.encode(bytes(8 * levels.RATE)) + encoder.flush())
    (gap,) = [
        flaw for flaw in walk(io.BytesIO(sound + bytes(2_500_000) + sound), 0).flaws if "no frame" in flaw.message
    ]
    assert gap.message == "2500000 bytes are no frame"


@pytest.mark.parametrize(
    ("keep", "told"),
    [
        (0, "decoder: the file is empty: copy the file again, or render it anew"),
        (7, "tags: the file ends within them, after 7 bytes"),
        (2000, "tags: the file ends within them, after 2000 of "),
    ],
)
def test_a_file_that_ends_before_its_sound_says_what_it_is(original: Original, keep: int, told: str) -> None:
    rewritten(original.path, lambda data: data[:keep])
    output = CliRunner().invoke(main, ["verify", str(original.path)]).output
    assert f"  {told}" in output
    assert "no plan" not in output
    assert "does not exist" not in output


@pytest.mark.parametrize("name", ["noise.mp3", "noise.wav", "noise.m4b"])
def test_what_is_no_sound_is_not_said_not_to_exist(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(np.random.default_rng(3).bytes(5000))
    result = CliRunner().invoke(main, ["verify", str(tmp_path / name)])
    assert result.exit_code == 1
    assert "does not exist" not in result.output
    assert "can't be decoded" in result.output


@pytest.mark.parametrize(("seconds", "faults"), [(0, []), (0.2, ["peak"])])
def test_what_is_shorter_than_a_window_is_measured(tmp_path: Path, seconds: float, faults: list[str]) -> None:
    soundfile.write(tmp_path / "short.wav", np.full((round(seconds * levels.RATE), 1), 0.99), levels.RATE)
    assert [fault.check for fault in verify(tmp_path / "short.wav").faults] == faults


def test_what_can_not_be_read_keeps_no_other_from_being_verified(original: Original, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no sound")
    result = CliRunner().invoke(main, ["verify", str(tmp_path / "notes.txt"), str(original.path)])
    assert result.exit_code == 1
    assert f"{original.path}: sound" in result.stdout
    assert "notes.txt can't be verified" in result.stderr


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
        path, original.mixed(), replace(original.label, plan=b""), cache=original.cache, progress=lambda *_: None
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


def hearing(
    loudness: Sequence[float] | Windows, *events: Event, air_db: float | None = None, ending: Ms = FADE_OUT
) -> Hearing:
    """What is so loud in each 100 ms, in LUFS, beside a plan."""
    heard = Heard(
        samples=0, powers=power(np.array(loudness, np.float64)), peaks=np.zeros(10 * len(loudness), np.float32),
        true_peaks=(), complaints=(),
    )  # fmt: skip
    length = Ms(HOP_MS * len(loudness) + WINDOW_MS)
    promised = Promise(title="", length=length, chapters=(), events=events, air_db=air_db, ending=ending)
    return Hearing(heard, promised)


def event(kind: str, start: int, length: int = 1000, **more: Any) -> Event:  # noqa: ANN401  -- as its fields
    return Event(kind=kind, start=Ms(start), length=Ms(length), file="x.md", line=3, **more)


@pytest.mark.parametrize("before", [-70, -43])
@pytest.mark.parametrize(("kind", "most"), [("say", -12.0), ("chime", -18.0)])
def test_what_comes_after_stillness_comes_softly(kind: str, most: float, before: float) -> None:
    """Or after a bed and nothing else."""
    due = event(kind, 2000, loudest=-22.0), event("bed", 0, 13_000, sound="rain", level_db=-24.0, fade=Ms(100))

    def found(lufs: float) -> list[Fault]:
        return [*checks.startle(hearing([before] * 20 + [lufs] * 10 + [before] * 100, *due))]

    assert found(most - 0.1) == []
    (fault,) = found(most + 0.1)
    assert (fault.at, fault.line) == (2000, 3)


@pytest.mark.parametrize(
    ("due", "sudden"),
    [
        (event("say", 3000, 900), False),  # a line begins
        (event("say", 1000, 4000), False),  # a line goes on after a breath
        (event("chime", 3000, 5000), False),  # a stroke
        (event("chime", 1000, 9000, times=2, every=Ms(2000)), False),  # the second stroke
        (event("chime", 1000, 9000), True),  # rung long ago
        (event("silence", 0, 9000), True),
        (event("bed", 0, 9000, sound="rain", level_db=-22.0), True),
    ],
)
def test_nothing_comes_suddenly_but_words_and_strokes(due: Event, sudden: bool) -> None:  # noqa: FBT001  -- a table
    found = [*checks.startle(hearing([-43] * 30 + [-30] * 10 + [-43] * 10, due))]
    assert [fault.at for fault in found] == ([3000] if sudden else [])
    assert [*checks.startle(hearing([-43] * 30 + [-38, -33, -30, -30, -30, -30] + [-43] * 10, due))][1:] == []


def test_what_no_plan_tells_of_is_not_called_sudden() -> None:
    assert [*checks.startle(hearing([-43] * 30 + [-30] * 10))] == []


def gapped(lines: int) -> tuple[Event, ...]:
    """Lines under a bed, a breath between each two and a long silence before the last one."""
    starts = [*range(3000, 3000 + 4000 * lines, 4000), 4000 * lines + 35_000]
    bed = event("bed", 0, starts[-1] + 15_000, sound="ocean", level_db=-22.0, fade=Ms(2000))
    return (bed, *(event("say", start) for start in starts))


def planned_loudness(plan: tuple[Event, ...]) -> Windows:
    return lufs(hearing([-70] * ((plan[0].end - WINDOW_MS) // HOP_MS), *plan).beds[0].powers)


def test_an_ocean_may_swell_and_still_is_at_its_level_or_not() -> None:
    """Of each of fifty places in it, two seconds are heard between every two lines."""
    ocean, _ = soundfile.read(folder("sounds") / "ocean.ogg", dtype="float32")
    powers, plan = levels.block_powers(ocean), gapped(20)
    loudness = planned_loudness(plan)
    for start in range(0, len(powers), 12):
        swell = lufs(np.take(powers, np.arange(start, start + len(loudness)), mode="wrap")) - lufs(powers.mean())
        found = {db: [*checks.beds(hearing(loudness + swell + db, *plan, air_db=-66.0))] for db in (0, 4, -5)}
        assert {db: len(faults) for db, faults in found.items()} == {0: 0, 4: 2, -5: 2}
        assert [*checks.silence(hearing(loudness + swell, *plan, air_db=-66.0))] == []


def test_a_bed_too_loud_for_a_while_is_named_when_that_begins() -> None:
    plan = gapped(60)
    loudness = planned_loudness(plan)
    loudness[800:1700] += 4
    (fault,) = checks.beds(hearing(loudness, *plan))
    assert fault.at == pytest.approx(95_000, abs=35_000)
    assert fault.message.startswith("between words 'ocean' is 18.")


@pytest.mark.parametrize("ending_ms", [8_000, 60_000])
def test_a_bed_goes_at_the_end_as_planned(ending_ms: int) -> None:
    plan = (event("bed", 0, 130_000, sound="ocean", level_db=-22.0, fade=Ms(2000)), event("say", 3000))
    loudness = planned_loudness(plan)
    left = np.clip((130_000 - np.arange(len(loudness)) * HOP_MS) / ending_ms, 1e-3, 1)
    loudness[600:] = -35 + 40 * np.log10(np.sin(np.pi / 2 * left[600:]))
    assert [*checks.beds(hearing(loudness, *plan, ending=Ms(ending_ms)))] == []


class Loop:
    key = "loop"
    channels = 1
    frames = 100

    def samples(self) -> Samples:
        raise NotImplementedError


@trying(50)
@given(sessions_with_beds)
def test_beds_are_planned_as_they_are_mixed(cues: list[Cue]) -> None:
    """But in the moment in which one comes and goes at once."""
    timeline = lay_out(cues, CLIPS, SOUNDS, None)
    count = max(0, (timeline.length - WINDOW_MS) // HOP_MS + 1)
    begun = [placed for placed in timeline.events if isinstance(placed.cue, Bed)]
    for row in (list(row) for _, row in groupby(begun, lambda placed: placed.cue)):
        assert isinstance(row[0].cue, Bed)
        assume(row[0].length > row[0].cue.fade + FADE_OUT or row[0].cue.sound is None)
    mixed = courses(timeline, dict.fromkeys(BEDS, Loop()), ending=FADE_OUT, gain_db=0.0)
    planned = planned_beds(promise("", timeline, dict.fromkeys(SOUNDS, -22.0)), count)
    assert len(planned) == len(mixed)
    frame = (np.arange(count) * HOP_MS + WINDOW_MS / 2) * levels.RATE / 1000 / FRAME
    for bed, course in zip(planned, mixed, strict=True):
        at = [point.frame for point in course.points]
        level_db, there = (
            np.interp(frame, at, [getattr(point, name) for point in course.points]) for name in ("level_db", "presence")
        )
        wanted = -19 + level_db + 40 * np.log10(np.maximum(np.sin(np.pi / 2 * there), 1e-6))
        near = np.stack([lufs(bed.powers), *(np.roll(lufs(bed.powers), by) for by in (-1, 1))])
        audible = wanted > -60
        assert (wanted[audible] < near.max(axis=0)[audible] + 0.5).all()
        assert (wanted[audible] > near.min(axis=0)[audible] - 0.5).all()


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
            out, original.mixed(), wrong, cache=original.cache, progress=lambda *_: None, check=check_unheard
        )  # fmt: skip
    assert out.read_bytes() == before


def test_the_command_says_in_a_line_that_a_recording_is_sound(original: Original) -> None:
    result = CliRunner().invoke(main, ["verify", str(original.path)])
    assert result.exit_code == 0
    assert result.output.startswith(f"{original.path}: sound; ")
    assert result.output.endswith(", 5 lines heard as planned\n")
    assert result.output.count("\n") == 1


def test_faults_come_as_they_are_heard_and_many_are_counted(original: Original) -> None:
    def fault(check: str, at: int | None) -> Fault:
        return Fault(check=check, message=f"{check} {at}", at=None if at is None else Ms(at))

    few = [fault("lines", 9000), fault("frames", 3000), fault("tags", None)]
    many = [*few, *(fault("frames", at) for at in range(60_000, 10_000, -10_000))]
    shown = verified_text(replace(verify(original.path), faults=tuple(few))).splitlines()
    assert [line.split()[0] for line in shown[1:]] == ["tags:", "frames:", "lines:"]
    shown = verified_text(replace(verify(original.path), faults=tuple(many))).splitlines()
    assert [line.split()[-1] for line in shown[1:-1]] == ["None", "3000", "9000", "20000", "30000", "40000", "50000"]
    assert shown[-1] == "  in all: 1 of tags, 6 of frames, 1 of lines; --json lists the 1 not shown"


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
