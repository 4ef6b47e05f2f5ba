import io
import os
import stat
import struct
import subprocess
import time
import tracemalloc
import zlib
from pathlib import Path

import imageio_ffmpeg
import mutagen.id3
import mutagen.mp3
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies import CLIPS, HERE, SOUNDS, say, trying
from test_audio import CHIMES, LOOPS, NOISES, SILENT, Noise, bed, pause

from voiceguide import audiofile, levels
from voiceguide.audio import DECODER_DELAY, ENCODER_DELAY, FRAME, Mix, Span, spans
from voiceguide.audiofile import Coding, Label
from voiceguide.audiofile.lame import encoder_for
from voiceguide.audiofile.tags import read_tag
from voiceguide.cache import Cache
from voiceguide.cues import Chime, Cue
from voiceguide.durations import Ms
from voiceguide.errors import OutputError
from voiceguide.levels import Samples
from voiceguide.timeline import Chapter, Timeline, lay_out

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


def decoded(path: Path, channels: int = 1) -> Samples:
    """Decode as a player that honours the Info tag; the least fault is an error."""
    run = subprocess.run(
        [FFMPEG, "-v", "error", "-xerror", "-i", path, "-f", "f32le", "-ac", str(channels), "-"],
        capture_output=True,
        check=True,
    )
    assert run.stderr == b""
    return np.frombuffer(run.stdout, np.float32).reshape(-1, channels)


def label(timeline: Timeline) -> Label:
    return Label(
        title="Für Ana",
        language="de",
        chapters=timeline.chapters,
        words="Eins.\n\nZwei.",
        length=timeline.length,
        software="test",
    )


def written(tmp_path: Path, *cues: Cue, mix: Mix = SILENT) -> tuple[Path, Timeline, tuple[Span, ...]]:
    timeline = lay_out(cues, NOISES, CHIMES, None)
    made = spans(timeline, NOISES, CHIMES, LOOPS, mix)
    out = tmp_path / "session.mp3"
    audiofile.write_file(out, made, label(timeline), cache=Cache(tmp_path / "cache"), progress=lambda *_: None)
    return out, timeline, made


def chime(wait: int | None = None) -> Chime:
    return Chime(sound="long", gain_db=0.0, times=1, every=Ms(0), wait=None if wait is None else Ms(wait), at=HERE)


SESSION = (chime(), say(1), pause(4321), say(2), pause(700), say(3), pause(90_001), say(4), pause(5))


def test_the_decoded_length_is_exact_to_the_sample(tmp_path: Path) -> None:
    path, timeline, _ = written(tmp_path, *SESSION)
    assert len(decoded(path)) == levels.frames(timeline.length)


@trying(4)
@given(
    st.lists(st.integers(0, 7).map(say) | st.integers(0, 9000).map(pause) | st.just(chime(0)), min_size=1, max_size=8)
)
def test_any_session_decodes_to_its_exact_length(tmp_path_factory: pytest.TempPathFactory, cues: list[Cue]) -> None:
    timeline = lay_out(cues, NOISES, CHIMES, None)
    if timeline.length < 100:
        return
    path, timeline, _ = written(tmp_path_factory.mktemp("any"), *cues)
    assert len(decoded(path)) == levels.frames(timeline.length)


def test_silence_is_exact_where_nothing_sounds(tmp_path: Path) -> None:
    path, _, made = written(tmp_path, *SESSION)
    sound = decoded(path)
    position = 0
    for span in made:
        middle = sound[position * FRAME : (position + span.frames - 2) * FRAME]
        if not span.layers and len(middle):
            assert not middle.any()
        position += span.frames


def _as_in_speech(hz: NDArray[np.float64]) -> NDArray[np.complex128]:
    softened: NDArray[np.complex128] = (1 / (1 + 1j * hz / 1500) ** 2).astype(np.complex128)
    return softened


class Song(Noise):
    """Noise as loud as speech that swells, in the range of speech: what an encoder can do something with."""

    def samples(self) -> Samples:
        noise = levels.filtered(super().samples(), _as_in_speech)
        swelling = 1 + np.sin(np.arange(len(noise)) / 3000)[:, None]
        return levels.faded((noise * swelling).astype(np.float32), start_ms=20, end_ms=20)


SONGS = {utterance: Song(utterance.text, clip.length) for utterance, clip in CLIPS.items()}
JOINED = (say(1), pause(700), say(2), pause(61), say(3), pause(16_000), say(4))


@pytest.mark.parametrize(
    ("channels", "mix", "with_bed", "varying"),
    [
        pytest.param(1, SILENT, False, False, id="mono"),
        pytest.param(2, SILENT, False, False, id="stereo", marks=pytest.mark.long),
        pytest.param(1, Mix(), False, False, id="mono air", marks=pytest.mark.long),
        pytest.param(2, Mix(), False, False, id="stereo air", marks=pytest.mark.long),
        pytest.param(2, Mix(), True, False, id="bed"),
        pytest.param(1, SILENT, False, True, id="mono, varying", marks=pytest.mark.long),
        pytest.param(2, Mix(), True, True, id="bed, varying", marks=pytest.mark.long),
    ],
)
def test_an_assembled_file_sounds_like_a_straight_encode(
    tmp_path: Path, channels: int, mix: Mix, *, with_bed: bool, varying: bool
) -> None:
    coding = Coding(varying=varying)
    chimes = {name: Song(name, sound.length, channels) for name, sound in SOUNDS.items()}
    cues: list[Cue] = [*([bed()] if with_bed else []), chime(), *JOINED]
    timeline = lay_out(cues, SONGS, chimes, None)
    made = spans(timeline, SONGS, chimes, LOOPS, mix)
    path = tmp_path / "session.mp3"
    cache = Cache(tmp_path / "cache")
    audiofile.write_file(path, made, label(timeline), cache=cache, coding=coding, progress=lambda *_: None)
    source = np.concatenate([block for span in made for block in span.blocks()])[: levels.frames(timeline.length)]
    assembled, straight = decoded(path, channels), straightly(tmp_path / "straight.mp3", source, coding)
    assert len(assembled) == len(source)
    heard = np.abs(source).max(axis=1) > levels.gain(-60)
    ours, straights = (_snr(source[heard], one[heard]) for one in (assembled, straight))
    assert abs(ours - straights) < 0.2
    for join in np.cumsum([span.frames for span in made])[:-1] * FRAME:
        around = slice(max(0, join - FRAME), join + FRAME)
        if np.square(source[around]).mean() > levels.gain(-75) ** 2:
            ours, straights = (_snr(source[around], one[around]) for one in (assembled, straight))
            assert ours > straights - 1


@pytest.mark.parametrize("mix", [SILENT, Mix()], ids=["digital silence", "air"])
@pytest.mark.parametrize("channels", [1, pytest.param(2, marks=pytest.mark.long)])
def test_where_the_rate_varies_silence_takes_the_least_there_is(tmp_path: Path, channels: int, mix: Mix) -> None:
    chimes = {name: Song(name, sound.length, channels) for name, sound in SOUNDS.items()}
    sizes = []
    for name, silence in (("short", 20_000), ("long", 80_000)):
        timeline = lay_out([chime(), say(2), pause(silence), say(3)], SONGS, chimes, None)
        made = spans(timeline, SONGS, chimes, {}, mix)
        path, cache = tmp_path / f"{name}.mp3", Cache(tmp_path / "cache")
        coding = Coding(varying=True)
        audiofile.write_file(path, made, label(timeline), cache=cache, coding=coding, progress=lambda *_: None)
        sizes.append(path.stat().st_size)
    assert (sizes[1] - sizes[0]) * 8 / 60 == pytest.approx(32_000, rel=0.01)  # bit/s, of MPEG-1 layer III


@pytest.mark.parametrize("coding", [Coding(), Coding(kbit=192), Coding(kbit=256), Coding(varying=True)])
def test_a_recording_is_as_loud_as_what_went_in(tmp_path: Path, coding: Coding) -> None:
    clips = {say(3).utterance: Song("song", 3000)}
    timeline = lay_out([say(3)], clips, CHIMES, None)
    made = spans(timeline, clips, CHIMES, {}, SILENT)
    path, cache = tmp_path / "session.mp3", Cache(tmp_path / "cache")
    audiofile.write_file(path, made, label(timeline), cache=cache, coding=coding, progress=lambda *_: None)
    source = np.concatenate([block for span in made for block in span.blocks()])[: levels.frames(timeline.length)]
    assert abs(levels.loudness(source) - levels.loudness(decoded(path))) < 0.1


def straightly(path: Path, source: Samples, coding: Coding) -> Samples:
    """Encode all at once, and decode."""
    encoder = encoder_for(source.shape[1], coding)
    padded = np.pad(source, ((0, 4 * FRAME), (0, 0))) / coding.scale(source.shape[1])
    path.write_bytes(bytes(encoder.encode(levels.pcm16(padded))) + bytes(encoder.flush()))
    return decoded(path, source.shape[1])[ENCODER_DELAY + DECODER_DELAY :][: len(source)]


def _snr(source: Samples, heard: Samples) -> float:
    return float(10 * np.log10((source**2).sum() / ((source - heard) ** 2).sum()))


def test_kept_frames_give_the_same_bytes_and_nothing_is_encoded_again(tmp_path: Path) -> None:
    path, timeline, made = written(tmp_path, *SESSION)
    first = path.read_bytes()
    again = audiofile.write_file(path, made, label(timeline), cache=Cache(tmp_path / "cache"), progress=lambda *_: None)
    assert (again.spans_new, again.spans_cached) == (0, sum(1 for span in made if span.layers))
    assert path.read_bytes() == first


def test_the_info_frame_tells_the_truth(tmp_path: Path) -> None:
    path, timeline, made = written(tmp_path, *SESSION)
    info = mutagen.mp3.MP3(path).info
    assert info is not None
    frames = sum(span.frames for span in made)
    data = path.read_bytes()
    at = data.index(b"Info")
    count, size = struct.unpack_from(">II", data, at + 8)
    assert count == frames
    assert size == len(data) - (at - 21)
    assert info.bitrate == 96_000
    assert info.bitrate_mode == mutagen.mp3.BitrateMode.CBR
    assert abs(info.length * 1000 - timeline.length) < 1


def test_the_table_of_contents_points_near_its_hundredths(tmp_path: Path) -> None:
    path, _, _ = written(tmp_path, *SESSION)
    data = path.read_bytes()
    toc = data[data.index(b"Info") + 16 :][:100]
    assert list(toc) == sorted(toc)
    assert all(abs(value - number * 2.56) <= 2 for number, value in enumerate(toc))


def test_bytes_stay_close_to_the_bit_rate_whatever_is_between(tmp_path: Path) -> None:
    path, _, made = written(
        tmp_path, *[cue for number in range(30) for cue in (say(number % 8), pause(1500 + 13 * number))]
    )
    frames = sum(span.frames for span in made)
    data = path.read_bytes()
    size = len(data) - (data.index(b"Info") - 21) - 313
    assert abs(size - frames * 15_360 / 49) < 40


def test_chapters_words_and_length_are_in_the_tag() -> None:
    chapters = tuple(Chapter(title=f"Kapitel {n}", start=Ms(n * 1000), end=Ms(n * 1000 + 1000)) for n in range(12))
    tag = mutagen.id3.ID3(
        io.BytesIO(
            audiofile.id3_tag(
                Label(
                    title="Für Ana",
                    language="de",
                    chapters=chapters,
                    words="Eins.\n\nZwei.",
                    length=Ms(12_000),
                    software="test",
                )
            )
        )
    )
    assert tag.version == (2, 3, 0)
    assert tag["TIT2"].text == ["Für Ana"]
    assert tag["TLAN"].text == ["ger"]
    assert tag["TLEN"].text == ["12000"]
    assert tag["USLT::ger"].text == "Eins.\n\nZwei."
    found = [tag[f"CHAP:{name}"] for name in tag["CTOC:toc"].child_element_ids]
    assert [(one.sub_frames["TIT2"].text[0], one.start_time, one.end_time) for one in found] == [
        (chapter.title, chapter.start, chapter.end) for chapter in chapters
    ]
    assert [frame.start_time for frame in tag.getall("CHAP")] == [chapter.start for chapter in chapters]


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path, timeline, made = written(tmp_path, *SESSION)
    before = path.read_bytes()

    def fail(done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audiofile.write_file(path, made, label(timeline), cache=Cache(tmp_path / "cache"), progress=fail)
    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["cache", "session.mp3"]


def test_a_recording_can_be_read_by_those_the_umask_allows(tmp_path: Path) -> None:
    path, _, _ = written(tmp_path, say(0))
    other = tmp_path / "other"
    other.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)


def test_a_place_that_can_not_be_written_is_told_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="can't be written"):
        audiofile.check_writable(tmp_path / "file" / "session.mp3")
    with pytest.raises(OutputError, match="is a folder"):
        audiofile.check_writable(tmp_path)


def test_what_a_killed_run_left_is_swept_once_it_is_old(tmp_path: Path) -> None:
    old, young = tmp_path / ".voiceguide-old", tmp_path / ".voiceguide-young"
    old.touch()
    young.touch()
    os.utime(old, (time.time() - 4000,) * 2)
    audiofile.check_writable(tmp_path / "session.mp3")
    assert not old.exists()
    assert young.exists()


def test_a_line_is_written_as_a_wav(tmp_path: Path) -> None:
    samples = np.sin(np.arange(44_100) / 20).astype(np.float32) * 0.5
    audiofile.write_line(tmp_path / "line.wav", samples)
    assert np.abs(decoded(tmp_path / "line.wav")[:, 0] - samples).max() < 1e-4


@pytest.mark.parametrize(("version", "compressed"), [(3, 0x0080), (4, 0x0009)])
def test_a_frame_of_a_tag_that_would_unpack_to_gigabytes_is_passed_over(version: int, compressed: int) -> None:
    unpacked = b"\0application/json\0\0voiceguide plan\0" + bytes(10_000_000)
    body = struct.pack(">I", len(unpacked)) + zlib.compress(unpacked, 9)
    size = struct.pack(">I", len(body)) if version == 3 else _synchsafe(len(body))
    frame = b"GEOB" + size + struct.pack(">H", compressed) + body
    tag = b"ID3" + bytes([version, 0, 0]) + _synchsafe(len(frame)) + frame
    tracemalloc.start()
    read = read_tag(io.BytesIO(tag))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read.size == len(tag)
    assert not read.plan
    assert most < 1_000_000


def _synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))
