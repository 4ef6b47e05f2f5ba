"""Recordings of every kind, read back by others: FFmpeg, mutagen and libsndfile."""

import errno
import io
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mutagen
import mutagen.flac
import mutagen.mp4
import mutagen.oggopus
import mutagen.wave
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from strategies import CLIPS, HERE, SOUNDS, say, trying
from test_audio import SILENT, pause
from test_audiofile import FFMPEG, decoded

from voiceguide import Job, OutputError, Rendered, audiofile, levels, render
from voiceguide.audio import Span, spans
from voiceguide.audiofile import FORMATS, Label
from voiceguide.audiofile.blocks import Recording
from voiceguide.audiofile.flac import write_flac
from voiceguide.audiofile.mp3 import Written
from voiceguide.audiofile.wav import wav_head
from voiceguide.cache import Cache
from voiceguide.cli.options import CAPTIONS as OFFERED_CAPTIONS
from voiceguide.cli.options import FORMATS as OFFERED_FORMATS
from voiceguide.cues import Chime, Cue, Mark, Say
from voiceguide.durations import Ms
from voiceguide.levels import Samples
from voiceguide.timeline import Timeline, lay_out

OTHERS = [kind for kind in FORMATS if kind != "mp3"]
TITLE = "Für <Ana> & Co.; a=b #1"
WORDS = "Eins.\n\nZwei."
COVER = (  # one white pixel
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90wS\xde"
    b"\0\0\0\x0cIDATx\x9cc\xf8\xff\xff?\0\5\xfe\2\xfe\r\xefF\xb8\0\0\0\0IEND\xaeB`\x82"
)
SESSION = (
    Mark(title="Ä; first = #1", at=HERE), say(1), pause(1321), say(2),
    Mark(title="2nd & <last>", at=HERE), pause(3001), say(3), pause(5),
)  # fmt: skip

BELL = Chime(sound="short", gain_db=0.0, times=1, every=Ms(0), wait=Ms(700), at=HERE)


class Song:
    """A sound that no encoder loses: slow waves, a different one each."""

    def __init__(self, number: int, length: int, channels: int = 1) -> None:
        self.key = f"song {number} {channels}"
        self.channels = channels
        self.length = Ms(length)
        self.fade = Ms(length // 3)
        self._hz = 300 + 111 * number

    def samples(self) -> Samples:
        time = np.arange(levels.frames(self.length)) / levels.RATE
        wave = 0.3 * np.sin(2 * np.pi * time * (self._hz + 400 * time)) * np.minimum(1, time * 20)
        return np.repeat(wave[:, None], self.channels, axis=1).astype(np.float32)


SONGS = {utterance: Song(number, clip.length) for number, (utterance, clip) in enumerate(CLIPS.items())}


def session(*cues: Cue, channels: int = 1) -> tuple[Timeline, tuple[Span, ...]]:
    bowls = {name: Song(20, sound.length, channels) for name, sound in SOUNDS.items()}
    timeline = lay_out(cues, SONGS, bowls, None)
    return timeline, spans(timeline, SONGS, bowls, {}, SILENT)


def label(timeline: Timeline) -> Label:
    return Label(
        title=TITLE, language="de", chapters=timeline.chapters, words=WORDS, length=timeline.length,
        software="test 1.0", cover=COVER,
    )  # fmt: skip


def write(
    out: Path, timeline: Timeline, made: tuple[Span, ...], progress: Callable[[int, int], None] = lambda *_: None
) -> Written:
    cache = Cache(out.parent / "cache")
    return audiofile.write_file(
        out, made, label(timeline), cache=cache, progress=progress, beside={out.with_suffix(".vtt"): "WEBVTT\n"}
    )


def recorded(folder: Path, kind: str, *cues: Cue, channels: int = 1) -> tuple[Path, Timeline, Samples]:
    """Write a session; give the file and the samples that went into it."""
    timeline, made = session(*cues, channels=channels)
    out = folder / f"session.{kind}"
    write(out, timeline, made)
    source = np.concatenate([block for span in made for block in span.blocks()])
    return out, timeline, source[: levels.frames(timeline.length)]


def frames_decoded(kind: str, length: int) -> int:
    return length * 48 if kind == "opus" else levels.frames(length)


def chapters_seen(path: Path) -> list[tuple[int, int, str]]:
    """From, to (ms) and title of each chapter, as FFmpeg sees them, in the file's order."""
    run = subprocess.run([FFMPEG, "-hide_banner", "-i", path], capture_output=True, text=True, check=False)
    pattern = r"Chapter #0:\d+: start ([\d.]+), end ([\d.]+)\n +Metadata:\n +title +: (.*)"
    return [(round(float(a) * 1000), round(float(b) * 1000), title) for a, b, title in re.findall(pattern, run.stderr)]


def late_by(kind: str, source: Samples, heard: Samples) -> float:
    """How many samples the sound came late, by the peak of the correlation over its first seconds."""
    source, heard = source[:200_000], heard[:200_000]
    if kind == "opus":
        source = np.concatenate(list(levels.resampled_blocks([source], 48_000, source.shape[1])))[: len(heard)]
    size = 1 << (2 * len(heard)).bit_length()
    spectra = [np.fft.rfft(one[:, 0], size) for one in (heard, source)]
    peak = int(np.fft.irfft(spectra[0] * spectra[1].conj(), size).argmax())
    return peak if peak < size // 2 else peak - size


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("channels", [pytest.param(1, marks=pytest.mark.long), 2])
def test_the_decoded_sound_is_exactly_as_long_as_planned_and_not_late(kind: str, channels: int, tmp_path: Path) -> None:
    path, timeline, source = recorded(tmp_path, kind, *SESSION, BELL, channels=channels)
    heard = decoded(path, channels)
    assert len(heard) == frames_decoded(kind, timeline.length)
    assert late_by(kind, source, heard) == 0


@pytest.mark.parametrize("kind", OTHERS)
@trying(3)
@given(st.lists(st.integers(0, 3).map(say) | st.integers(0, 1500).map(pause), min_size=1, max_size=4))
def test_any_session_decodes_to_its_exact_length(
    kind: str, tmp_path_factory: pytest.TempPathFactory, cues: list[Cue]
) -> None:
    if not any(isinstance(cue, Say) for cue in cues):
        return
    path, timeline, _ = recorded(tmp_path_factory.mktemp("any"), kind, *cues)
    assert len(decoded(path)) == frames_decoded(kind, timeline.length)


@pytest.mark.parametrize("kind", ["flac", "wav"])
def test_nothing_is_lost_but_the_seventeenth_bit(kind: str, tmp_path: Path) -> None:
    path, _, source = recorded(tmp_path, kind, *SESSION)
    assert np.abs(decoded(path) - source).max() <= 0.5 / 32768 + 1e-7


@pytest.mark.parametrize("kind", ["m4b", "opus"])
def test_what_is_lost_is_little_and_silence_stays_silent(kind: str, tmp_path: Path) -> None:
    path, timeline, source = recorded(tmp_path, kind, *SESSION)
    heard = decoded(path)
    rate = 48 if kind == "opus" else 44.1
    start = timeline.events[-2].start
    quiet = heard[round((start - 2000) * rate) : round((start - 500) * rate)]
    assert levels.decibels(float(np.abs(quiet).max())) < -80
    assert abs(levels.decibels(float(np.sqrt((heard**2).mean() / (source**2).mean())))) < 0.2


@pytest.mark.parametrize("kind", FORMATS)
def test_chapters_are_seen_in_the_order_of_time(kind: str, tmp_path: Path) -> None:
    path, timeline, _ = recorded(tmp_path, kind, *SESSION)
    planned = [(chapter.start, chapter.end, chapter.title) for chapter in timeline.chapters]
    seen = chapters_seen(path)
    assert [(start, title) for start, _, title in seen] == [(start, title) for start, _, title in planned]
    assert all(abs(one[1] - other[1]) <= 7 for one, other in zip(seen, planned, strict=True))  # Opus: its pre-skip


@pytest.mark.parametrize("kind", OTHERS)
def test_title_words_and_cover_are_in_the_tags(kind: str, tmp_path: Path) -> None:
    path, _, _ = recorded(tmp_path, kind, *SESSION)
    assert tags(mutagen.File(path)) == (TITLE, WORDS, "test 1.0", COVER)


def tags(file: object) -> tuple[str, str, str, bytes]:
    match file:
        case mutagen.mp4.MP4():
            names = ("\xa9nam", "\xa9lyr", "\xa9too", "covr")
            title, words, software, cover = (file[name][0] for name in names)
        case mutagen.flac.FLAC():
            title, words, software = (file[name][0] for name in ("TITLE", "LYRICS", "ENCODED-BY"))
            cover = file.pictures[0].data
        case mutagen.oggopus.OggOpus():
            import base64

            title, words, software = (file[name][0] for name in ("TITLE", "LYRICS", "ENCODED-BY"))
            cover = mutagen.flac.Picture(base64.b64decode(file["METADATA_BLOCK_PICTURE"][0])).data
        case mutagen.wave.WAVE():
            title, words = str(file["TIT2"].text[0]), file["USLT::ger"].text
            software, cover = str(file["TSSE"].text[0]), file["APIC:"].data
        case _:
            pytest.fail(f"not known to mutagen: {file!r}")
    return title, words, software, bytes(cover)


def test_a_wav_has_its_chapters_as_cue_points_that_sound_editors_read(tmp_path: Path) -> None:
    path, timeline, _ = recorded(tmp_path, "wav", *SESSION)
    assert cue_points(path) == [(levels.frames(one.start), one.title) for one in timeline.chapters]


def cue_points(path: Path) -> list[tuple[int, str]]:
    """As libsndfile reads them (SFC_GET_CUE; up to 100 of struct SF_CUE_POINT); soundfile has no name for it."""
    ffi, library = soundfile._ffi, soundfile._snd  # noqa: SLF001  -- see above
    point = struct.Struct("=iIiiiI256s")
    room = ffi.new("char[]", 4 + 100 * point.size)
    with soundfile.SoundFile(path) as wav:
        handle = wav._file  # noqa: SLF001  -- see above
        assert library.sf_command(handle, 0x10CE, room, 4 + 100 * point.size) == 1
    data = bytes(ffi.buffer(room))
    found = [point.unpack_from(data, 4 + number * point.size) for number in range(struct.unpack_from("=I", data)[0])]
    return [(one[5], one[6].partition(b"\0")[0].decode()) for one in found]


@pytest.mark.parametrize("channels", [1, 2])
def test_a_wav_beyond_four_gibibytes_is_an_rf64(channels: int, tmp_path: Path) -> None:
    frames = levels.frames(23 * 3_600_000)
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.write(wav_head(frames, channels, 0))
        file.truncate(file.tell() + frames * channels * 2)  # a hole: it takes no room
    info = soundfile.info(path)
    assert (info.format, info.frames, info.channels) == ("RF64", frames, channels)
    run = subprocess.run([FFMPEG, "-hide_banner", "-i", path], capture_output=True, text=True, check=False)
    assert "Duration: 23:00:00.00" in run.stderr


def test_a_wav_is_a_plain_one_as_long_as_it_can() -> None:
    most = (2**32 - 2 - 36) // 2
    assert wav_head(most, 1, 0).startswith(b"RIFF\xfe\xff\xff\xff")
    assert wav_head(most, 1, 2).startswith(b"RF64")


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_again_is_the_same_bytes(kind: str, tmp_path: Path) -> None:
    first, second = (recorded(tmp_path / name, kind, *SESSION)[0].read_bytes() for name in made_folders(tmp_path))
    assert first == second


def made_folders(folder: Path) -> list[str]:
    for name in ("one", "two"):
        (folder / name).mkdir()
    return ["one", "two"]


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_measured_is_the_same_whatever_the_format(kind: str, tmp_path: Path) -> None:
    timeline, made = session(*SESSION)
    mp3, other = (write(tmp_path / f"session.{one}", timeline, made) for one in ("mp3", kind))
    assert (other.spans_new, other.spans_cached) == (mp3.spans_new, 0)
    assert abs(other.loudness - mp3.loudness) < 0.01
    assert abs(other.true_peak - mp3.true_peak) < 0.01


@pytest.mark.parametrize("kind", FORMATS)
def test_a_stopped_run_leaves_the_old_recording_and_captions_and_no_other_file(kind: str, tmp_path: Path) -> None:
    timeline, made = session(*SESSION)
    out = tmp_path / f"session.{kind}"
    out.write_bytes(b"old")
    out.with_suffix(".vtt").write_bytes(b"old")

    def stop(done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(out, timeline, made, stop)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == {
        out.name: b"old", "session.vtt": b"old",
    }  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="Windows can't limit the size of files")
def test_a_full_disk_is_an_error_of_ours_and_leaves_nothing(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk; in a process of its own, which it would else outlive."""
    code = f"""
import resource, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_formats import OTHERS, SESSION, OutputError, session, write
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
for kind in OTHERS:
    try:
        write(Path({str(tmp_path)!r}) / f"session.{{kind}}", *session(*SESSION))
    except OutputError as error:
        print(error.message)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stderr == ""
    assert [line.endswith("can't be written: File too large") for line in run.stdout.splitlines()] == [True] * 4
    assert not [path for path in tmp_path.iterdir() if path.is_file()]


def test_an_error_of_the_disk_is_told_through_libsndfile() -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    timeline, made = session(say(3), pause(100), say(4))
    recording = Recording(made, levels.frames(timeline.length), lambda *_: None)
    with pytest.raises(OSError, match="No space left"):
        write_flac(Full(), recording, label(timeline))


SCRIPT = "---\ntitle: Short\n---\n# One\nWelcome.\n[rest 2s]\n# Two\nGoodbye.\n"


@pytest.fixture
def job(tmp_path: Path) -> Job:
    (tmp_path / "short.md").write_text(SCRIPT, encoding="utf-8")
    return Job(script=tmp_path / "short.md", voice="tone", out=tmp_path / "out")


def named(made: Rendered, folder: Path) -> list[str]:
    assert {made.path, *made.captions} == set((folder / "out").iterdir())
    return sorted(path.name for path in (made.path, *made.captions))


def test_the_format_is_as_asked_or_as_the_name_ends(job: Job, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    made = render(replace(job, format="flac", captions=("vtt", "lrc")))
    assert named(made, tmp_path) == ["short.flac", "short.lrc", "short.vtt"]
    assert soundfile.info(render(replace(job, out=tmp_path / "again.FLAC")).path).format == "FLAC"
    assert soundfile.info(render(replace(job, out=tmp_path / "again.wav")).path).format == "WAV"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"out": Path("session.ogg")}, r"end it with \.mp3, \.m4b"),
        ({"out": Path("session.wav"), "format": "flac"}, r"write session\.flac"),
        ({"format": "ogg"}, r"end it with \.mp3"),
        ({"captions": ("vvt",)}, "did you mean 'vtt'"),
    ],
)
def test_a_name_or_kind_that_is_not_known_is_told_before_anything_is_spoken(
    job: Job, changes: dict[str, object], complaint: str
) -> None:
    with pytest.raises(OutputError) as caught:
        render(replace(job, **changes))  # type: ignore[arg-type]  # of many types
    assert re.search(complaint, caught.value.hint or "")
    assert "clips" not in {shelf.kind for shelf in Cache().shelves()}


@pytest.mark.parametrize("kind", ["m4b", "opus"])
def test_without_pyav_what_to_type_is_told_before_anything_is_spoken(
    job: Job, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(OutputError, match="PyAV") as caught:
        render(replace(job, format=kind))
    assert "-m pip install 'voiceguide[formats]'" in (caught.value.hint or "")
    assert "clips" not in {shelf.kind for shelf in Cache().shelves()}
    assert render(replace(job, format="flac")).path.is_file()


def test_captions_stand_where_a_folder_is_in_the_way_only_with_an_error(job: Job, tmp_path: Path) -> None:
    (tmp_path / "out" / "short.vtt").mkdir(parents=True)
    with pytest.raises(OutputError, match="is a folder"):
        render(replace(job, captions=("vtt",)))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["short.vtt"]


def test_the_command_offers_what_there_is() -> None:
    assert OFFERED_FORMATS == FORMATS
    assert OFFERED_CAPTIONS == audiofile.CAPTIONS
