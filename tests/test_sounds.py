import _thread
import io
import itertools
import os
import runpy
import struct
import subprocess
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from strategies import trying

from voiceguide import levels, shipped
from voiceguide.cache import Cache
from voiceguide.durations import Ms
from voiceguide.errors import SoundError
from voiceguide.levels import RATE, Samples
from voiceguide.sounds import Sound, Sounds

SHIPPED = ("bell", "bowl", "gong", "tingsha")
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


def struck(*, hz: float = 660, seconds: float = 2, rate: int = RATE, channels: int = 1, ring_s: float = 1.2) -> Samples:
    """A hard stroke: at its loudest from the first sample on, each channel a little softer than the one before."""
    time = np.arange(round(seconds * rate)) / rate
    tone = 0.5 * np.cos(2 * np.pi * hz * time) * 10 ** (-3 * time / ring_s)
    return np.stack([tone * 0.8**channel for channel in range(channels)], axis=1).astype(np.float32)


def loudest(samples: Samples) -> float:
    return float(levels.momentary(samples).max())


def envelope(samples: Samples) -> Samples:
    """The amplitude, by the analytic signal, over 5 ms."""
    mono = samples.mean(axis=1)
    spectrum = np.fft.fft(mono, 2 * len(mono))
    spectrum[len(mono) :] = 0
    analytic = 2 * np.fft.ifft(spectrum)[: len(mono)]
    width = levels.frames(5)
    smooth: Samples = np.sqrt(np.convolve(np.abs(analytic) ** 2, np.ones(width) / width, "same")).astype(np.float32)
    return smooth


def attack_ms(samples: Samples) -> float:
    """From 10 to 90 % of the highest amplitude of the first half second."""
    opening = envelope(samples[: RATE // 2])
    tenth, most = (int(np.argmax(opening >= opening.max() * part)) for part in (0.1, 0.9))
    return (most - tenth) * 1000 / RATE


def level_db(samples: Samples, start_ms: float, end_ms: float) -> float:
    part = samples[levels.frames(start_ms) : levels.frames(end_ms)].astype(np.float64)
    return levels.decibels(float(np.sqrt((part**2).mean())))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script's folder with `sounds/` in it, and nothing of interest where we stand."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    (tmp_path / "script" / "sounds").mkdir(parents=True)
    return tmp_path / "script"


@pytest.fixture
def brought(folder: Path) -> Callable[..., Sound]:
    """Write samples as a sound beside the script, and open it."""

    def bring(samples: Samples, name: str = "mine.wav", rate: int = RATE, **options: str) -> Sound:
        soundfile.write(folder / "sounds" / name, samples, rate, **options)
        return Sounds(folder)[name]

    return bring


def encoded(path: Path, *options: str, samples: Samples | None = None) -> Path:
    """Write a sound as only ffmpeg can."""
    wav = io.BytesIO()
    soundfile.write(wav, struck() if samples is None else samples, RATE, format="WAV")
    subprocess.run([FFMPEG, "-v", "error", "-y", "-i", "-", *options, str(path)], input=wav.getvalue(), check=True)
    return path


# The chimes that come with voiceguide


@pytest.fixture(scope="module", params=SHIPPED)
def chime(request: pytest.FixtureRequest) -> tuple[str, Sound]:
    return request.param, Sounds()[request.param]


def test_every_shipped_chime_is_in_the_table_and_no_other() -> None:
    files = {path.stem for path in shipped.folder("sounds").glob("*.flac")}
    described = {one.name: one for one in Sounds().descriptions() if one.kind == "chime"}
    assert files == set(described) == set(SHIPPED)
    assert all(one.title and one.origin and one.licence for one in described.values())


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "bell" else pytest.mark.long) for name in SHIPPED]
)
def test_the_shipped_files_are_what_their_maker_makes(name: str) -> None:
    path = shipped.folder("sounds") / f"{name}.flac"
    made = runpy.run_path(str(path.with_name("make_sounds.py")))["make"](name)
    kept, rate = soundfile.read(path, dtype="int16")
    assert rate == RATE
    assert len(kept) == len(made)
    assert np.abs(kept.astype(int) - made).max() <= 1  # another processor may round the last bit the other way
    assert path.stat().st_size < 1_000_000


def test_opening_a_shipped_sound_leaves_it_as_it_is(chime: tuple[str, Sound]) -> None:
    name, sound = chime
    kept, _ = soundfile.read(shipped.folder("sounds") / f"{name}.flac", dtype="float32", always_2d=True)
    shorter = min(len(kept), len(sound.samples()))
    assert abs(len(kept) - len(sound.samples())) < levels.frames(10)
    assert np.abs(kept[:shorter] - sound.samples()[:shorter]).max() < levels.gain(-70)


def test_a_chime_is_no_louder_than_eyes_closed_can_bear(chime: tuple[str, Sound]) -> None:
    name, sound = chime
    ceiling = -24.0 if name == "tingsha" else -22.0
    assert ceiling - 0.4 < loudest(sound.samples()) < ceiling - 0.2
    assert levels.true_peak(sound.samples()) < -3


def test_a_chime_begins_from_nothing_and_softly(chime: tuple[str, Sound]) -> None:
    _, sound = chime
    assert np.abs(sound.samples()[: levels.frames(0.5)]).max() < levels.gain(-60)
    assert attack_ms(sound.samples()) >= 15


def test_a_chime_has_no_offset_and_ends_in_nothing(chime: tuple[str, Sound]) -> None:
    _, sound = chime
    assert abs(float(sound.samples().mean(dtype=np.float64))) < levels.gain(-90)
    assert np.abs(sound.samples()[-levels.frames(1) :]).max() < levels.gain(-90)


def test_a_chime_rings_out_to_60_db_without_swelling_again(chime: tuple[str, Sound]) -> None:
    _, sound = chime
    samples = sound.samples()[: -levels.frames(50)]
    last = float(np.abs(samples[-levels.frames(50) :]).max() / np.abs(samples).max())
    assert -61 < levels.decibels(last) < -58.5
    rms = [level_db(samples, start, start + 1000) for start in range(0, sound.length - 1050, 500)]
    assert all(later < earlier for earlier, later in itertools.pairwise(rms))


def test_a_chime_keeps_its_body_on_a_phones_speaker(chime: tuple[str, Sound]) -> None:
    _, sound = chime
    on_a_phone = levels.filtered(sound.samples(), levels.high_pass(500))
    assert loudest(on_a_phone) > loudest(sound.samples()) - 6


def test_a_chime_loses_little_in_mono(chime: tuple[str, Sound]) -> None:
    _, sound = chime
    both = np.repeat(sound.samples(), 3 - sound.channels, axis=1)
    mono = np.repeat(both.mean(axis=1, keepdims=True), 2, axis=1)
    assert loudest(mono) >= loudest(both) - 3


def test_a_chime_is_not_harsh(chime: tuple[str, Sound]) -> None:
    _, sound = chime
    power = np.abs(np.fft.rfft(sound.samples()[: 2 * RATE, 0] * np.hanning(2 * RATE))) ** 2
    hz = np.fft.rfftfreq(2 * RATE, 1 / RATE)
    assert 10 * np.log10(power[hz > 6000].sum() / power.sum()) < -60


def test_high_partials_die_before_low_ones(chime: tuple[str, Sound]) -> None:
    _, sound = chime

    def brightness(start_s: float) -> float:
        part = sound.samples()[round(start_s * RATE) :][: 2 * RATE, 0]
        power = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
        return float((power * np.fft.rfftfreq(len(part), 1 / RATE)).sum() / power.sum())

    assert brightness(sound.length / 1000 / 2) < brightness(1)


def test_a_chime_does_not_flutter(chime: tuple[str, Sound]) -> None:
    """No partial's level moves faster than 6 times a second: each has a band to itself."""
    _, sound = chime
    spectrum = np.fft.rfft(sound.samples()[: 4 * RATE, 0])
    hz = np.fft.rfftfreq(4 * RATE, 1 / RATE)
    middle = hz[np.argmax(np.abs(spectrum))]
    band = np.fft.irfft(np.where(abs(hz - middle) < 0.2 * middle, spectrum, 0)).astype(np.float32)
    level = np.log10(envelope(band[:, None])[RATE // 2 : 3 * RATE])
    moves = np.abs(np.fft.rfft((level - level.mean()) * np.hanning(len(level)))) / len(level)
    rate_hz = np.fft.rfftfreq(len(level), 1 / RATE)
    assert 20 * 4 * moves[(rate_hz > 6) & (rate_hz < 30)].max() < 1.0  # dB from trough to crest


def test_words_wait_for_a_chime_between_two_and_eight_seconds(chime: tuple[str, Sound]) -> None:
    _, sound = chime
    assert 2000 < sound.fade < 8000
    assert sound.fade < sound.length < 25_000


# What a person brings


def test_a_sound_comes_out_at_one_loudness_softly_struck(brought: Callable[..., Sound]) -> None:
    sound = brought(struck())
    assert sound.channels == 1
    assert loudest(sound.samples()) == pytest.approx(-22.3, abs=0.05)
    assert attack_ms(sound.samples()) >= 15
    assert levels.true_peak(sound.samples()) <= -3


@pytest.mark.parametrize("gain_db", [-40, -6, 0])
def test_how_loud_a_file_is_makes_no_difference(brought: Callable[..., Sound], gain_db: float) -> None:
    sound = brought(struck() * np.float32(2 * levels.gain(gain_db)), subtype="FLOAT")
    assert loudest(sound.samples()) == pytest.approx(-22.3, abs=0.05)


def test_a_peaky_sound_is_quieter_rather_than_over_its_peak(brought: Callable[..., Sound]) -> None:
    clicks = np.zeros((RATE * 3, 1), np.float32)
    clicks[:: RATE // 3] = 0.9
    sound = brought(clicks)
    assert levels.true_peak(sound.samples()) == pytest.approx(-3, abs=0.05)
    assert loudest(sound.samples()) < -22.3


@pytest.mark.parametrize("lead_s", [0.1, 1.0, 5.0])
def test_what_comes_before_the_stroke_is_cut(brought: Callable[..., Sound], lead_s: float) -> None:
    room = np.random.default_rng(1).normal(0, 0.0005, (round(lead_s * RATE), 1)).astype(np.float32)
    sound = brought(np.concatenate([room, struck()]))
    reaches_half = np.argmax(np.abs(sound.samples()) > np.abs(sound.samples()).max() / 2)
    assert reaches_half < levels.frames(60)


def test_a_slow_swell_keeps_its_shape(brought: Callable[..., Sound]) -> None:
    swell = np.sin(np.linspace(0, np.pi, 4 * RATE, dtype=np.float32))[:, None] ** 2
    tone = np.cos(2 * np.pi * 330 * np.arange(4 * RATE) / RATE)[:, None].astype(np.float32)
    sound = brought(swell * tone)
    assert attack_ms(sound.samples()[: RATE // 2]) > 200
    assert loudest(sound.samples()) == pytest.approx(-22.3, abs=0.05)


def test_a_tail_is_cut_60_db_down_and_faded(brought: Callable[..., Sound]) -> None:
    sound = brought(struck(seconds=8, ring_s=2), subtype="FLOAT")
    assert sound.length == pytest.approx(2000 + 50, abs=60)
    assert np.abs(sound.samples()[-5:]).max() < 1e-6


@pytest.mark.parametrize("ring_s", [1.2, 3, 6])
def test_the_fade_is_when_it_is_20_db_down(brought: Callable[..., Sound], ring_s: float) -> None:
    sound = brought(struck(seconds=10, ring_s=ring_s))
    assert sound.fade == pytest.approx(ring_s * 1000 / 3, abs=100)


@pytest.mark.parametrize("seconds", [0.01, 0.2, 0.3333, 1.2345])
def test_samples_are_as_long_as_it_says(brought: Callable[..., Sound], seconds: float) -> None:
    sound = brought(struck(seconds=seconds))
    assert sound.samples().shape == (levels.frames(sound.length), 1)
    assert sound.samples().dtype == np.float32
    assert sound.fade <= sound.length


def test_an_offset_is_removed(brought: Callable[..., Sound]) -> None:
    sound = brought(struck(seconds=4) * np.float32(0.5) + np.float32(0.3), subtype="FLOAT")
    assert sound.length < 1400
    assert abs(float(sound.samples().mean())) < levels.gain(-60)


def test_stereo_stays_stereo(brought: Callable[..., Sound]) -> None:
    sound = brought(struck(channels=2))
    assert sound.channels == 2
    left, right = (np.abs(sound.samples()[:, side]).max() for side in (0, 1))
    assert right / left == pytest.approx(0.8, abs=0.01)


def test_two_channels_that_say_the_same_are_one(brought: Callable[..., Sound]) -> None:
    assert brought(np.repeat(struck(), 2, axis=1)).channels == 1


@pytest.mark.parametrize("channels", [3, 4, 5, 6, 7, 8])
def test_more_speakers_are_mixed_to_two(brought: Callable[..., Sound], channels: int) -> None:
    assert brought(struck(channels=channels)).channels == 2


def test_a_centre_comes_from_both_sides_and_the_woofers_is_left_out(brought: Callable[..., Sound]) -> None:
    six = np.zeros((RATE, 6), np.float32)
    six[:, 2] = struck(seconds=1)[:, 0]
    six[:, 3] = 0.9
    sound = brought(six)
    assert sound.channels == 1
    assert loudest(sound.samples()) == pytest.approx(-22.3, abs=0.05)


@pytest.mark.parametrize("rate", [8000, 22_050, 48_000, 96_000])
def test_any_rate_comes_out_at_pitch_and_length(brought: Callable[..., Sound], rate: int) -> None:
    sound = brought(struck(seconds=1, rate=rate, ring_s=3), rate=rate)
    spectrum = np.abs(np.fft.rfft(sound.samples()[:RATE, 0]))
    assert np.argmax(spectrum) * RATE / min(RATE, len(sound.samples())) == pytest.approx(660, abs=2)
    assert sound.length == pytest.approx(1000, abs=25)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", {"subtype": "PCM_U8"}),
        ("a.wav", {"subtype": "PCM_24"}),
        ("a.wav", {"subtype": "FLOAT"}),
        ("a.flac", {"subtype": "PCM_24"}),
        ("a.ogg", {}),
        ("a.opus", {"format": "OGG", "subtype": "OPUS"}),
        ("a.mp3", {}),
        ("a.aiff", {}),
        ("A.WAV", {}),
    ],
)
def test_what_libsndfile_reads_opens(brought: Callable[..., Sound], name: str, options: dict[str, str]) -> None:
    sound = brought(struck(rate=48_000, channels=2), name, rate=48_000, **options)
    assert sound.channels == 2
    assert loudest(sound.samples()) == pytest.approx(-22.3, abs=0.05)
    assert attack_ms(sound.samples()) >= 15
    assert 600 < sound.length < 2050


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.m4a", ["-c:a", "aac"]),
        ("a.m4a", ["-c:a", "alac"]),
        ("a.mp4", ["-c:a", "aac"]),
        ("a.aac", ["-c:a", "aac"]),
        ("a.wma", ["-c:a", "wmav2"]),
        ("a.webm", ["-c:a", "libopus"]),
    ],
)
@pytest.mark.usefixtures("no_engines")
def test_what_only_ffmpeg_reads_opens_without_one_of_the_systems(folder: Path, name: str, options: list[str]) -> None:
    encoded(folder / "sounds" / name, *options)
    sound = Sounds(folder)["a"]
    assert loudest(sound.samples()) == pytest.approx(-22.3, abs=0.05)
    assert attack_ms(sound.samples()) >= 15
    assert 1100 < sound.length < 1500


def test_a_decoders_copy_is_gone_afterwards(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded(folder / "sounds" / "a.m4a", "-c:a", "aac")
    place = tmp_path_factory.mktemp("copies")
    monkeypatch.setattr("tempfile.tempdir", str(place))
    assert Sounds(folder)["a"].length > 1000
    assert not list(place.iterdir())


@given(ring_s=st.floats(0.3, 3), hz=st.floats(80, 4000), lead=st.integers(0, 5000), channels=st.integers(1, 2))
@trying(15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_stroke_startles(folder: Path, ring_s: float, hz: float, lead: int, channels: int) -> None:
    stroke = struck(hz=hz, ring_s=ring_s, channels=channels, seconds=1)
    soundfile.write(folder / "any.wav", np.pad(stroke, ((lead, 0), (0, 0))), RATE)
    samples = Sounds(folder)["any.wav"].samples()
    assert loudest(samples) < -22.2
    assert levels.true_peak(samples) < -2.95
    assert attack_ms(samples) >= 14


# Names, and where they are looked for


def test_ctrl_c_while_a_sound_is_read_is_not_lost(
    brought: Callable[..., Sound], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupts = iter([_thread.interrupt_main])

    class Interrupted(io.BytesIO):
        def seek(self, *to: int) -> int:
            for interrupt in interrupts:
                interrupt()
                time.sleep(0.05)
            return super().seek(*to)

    monkeypatch.setattr("voiceguide.soundfiles.io.BytesIO", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        brought(struck())


def test_the_nearest_folder_wins(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICEGUIDE_HOME", str(tmp_path / "mine"))
    shelves = [folder / "sounds", Path("sounds").absolute(), tmp_path / "mine" / "sounds"]
    for number, shelf in enumerate(shelves):
        shelf.mkdir(parents=True, exist_ok=True)
        soundfile.write(shelf / "bowl.wav", struck(hz=200 + 100 * number), RATE)
    keys = []
    for shelf in shelves:
        keys.append(Sounds(folder)["bowl"].key)
        (shelf / "bowl.wav").unlink()
    keys.append(Sounds(folder)["bowl"].key)
    assert len(set(keys)) == 4
    assert keys[-1] == Sounds()["bowl"].key


def test_of_two_endings_the_better_one_wins(folder: Path) -> None:
    soundfile.write(folder / "sounds" / "one.mp3", struck(hz=300), RATE)
    soundfile.write(folder / "sounds" / "one.flac", struck(hz=900), RATE)
    assert Sounds(folder)["one"].key == Sounds(folder)["one.flac"].key


def test_a_path_is_looked_for_beside_the_script(folder: Path) -> None:
    (folder / "bells").mkdir()
    soundfile.write(folder / "bells" / "mine.wav", struck(), RATE)
    soundfile.write(folder / "other.wav", struck(), RATE)
    sounds = Sounds(folder)
    assert "bells/mine.wav" in sounds
    assert "other.wav" in sounds
    assert "other" not in sounds
    assert "bowl.flac" in sounds
    assert sounds["bells/mine.wav"].length > 1000


def test_a_sound_is_opened_once(folder: Path) -> None:
    sounds = Sounds(folder)
    assert sounds["bell"] is sounds["bell"]


def test_names_are_known_without_opening_anything(folder: Path) -> None:
    (folder / "sounds" / "broken.wav").write_bytes(b"nothing that sounds")
    sounds = Sounds(folder)
    assert "broken" in sounds
    assert list(sounds) == sorted({*SHIPPED, "broken"})
    assert len(sounds) == 5
    with pytest.raises(SoundError, match="can't be read as a sound"):
        sounds["broken"]


def test_a_name_may_hold_an_ending_and_accents_however_they_are_written(folder: Path) -> None:
    soundfile.write(folder / "sounds" / "song.mp3.wav", struck(), RATE)
    soundfile.write(folder / "sounds" / "Glocke fu\u0308r dich.wav", struck(), RATE)
    sounds = Sounds(folder)
    assert {"song.mp3", "Glocke f\u00fcr dich"} < set(sounds)
    assert all(name in sounds and sounds[name].length > 1000 for name in sounds)


def test_an_unknown_name_gets_a_suggestion(folder: Path) -> None:
    with pytest.raises(SoundError, match="no sound called 'bel'") as refused:
        Sounds(folder)["bel"]
    assert refused.value.hint == "did you mean 'bell'?"
    assert "bel" not in Sounds(folder)


def test_a_person_may_name_any_file_but_a_script_may_not(folder: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "here" / "near.wav", struck(), RATE)
    far = tmp_path / "far.wav"
    soundfile.write(far, struck(), RATE)
    for name in (str(far), "../far.wav", "near.wav"):
        assert name in Sounds(folder, given=[name])
        assert Sounds(folder, given=[name])[name].length > 1000
        assert name not in Sounds(folder)
        with pytest.raises(SoundError) as refused:
            Sounds(folder)[name]
        assert refused.value.hint


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../secret.wav",
        "sounds/../../secret.wav",
        "/etc/secret.wav",
        "~/secret.wav",
        "C:secret.wav",
        "..\\secret.wav",
        "a\0.wav",
        "a\n.wav",
        "\ud800.wav",
        "-i.wav",
        ".hidden.wav",
        "sounds//a.wav",
        "http://example.org/a.wav",
        "concat:a|b.wav",
        "subfile,,start,0,end,9,,:a.wav",
        "x" * 5000 + ".wav",
    ],
)
def test_no_name_leads_out_of_the_folders(folder: Path, name: str) -> None:
    soundfile.write(folder.parent / "secret.wav", struck(), RATE)
    assert name not in Sounds(folder)
    with pytest.raises(SoundError, match="no sound called") as refused:
        Sounds(folder)[name]
    assert refused.value.hint


# The table


def test_a_table_beside_a_sound_describes_and_softens_it(folder: Path) -> None:
    soundfile.write(folder / "sounds" / "mine.wav", struck(), RATE)
    table = folder / "sounds" / "sounds.toml"
    table.write_text('[mine]\ntitle = "My bell"\nloudness = -30\n')
    mine = next(one for one in Sounds(folder).descriptions() if one.name == "mine")
    assert (mine.title, mine.kind) == ("My bell", None)
    assert loudest(Sounds(folder)["mine"].samples()) == pytest.approx(-30.3, abs=0.05)
    assert loudest(Sounds(folder)["mine.wav"].samples()) == pytest.approx(-30.3, abs=0.05)


@pytest.mark.parametrize("asked", ["0", "inf", "nan", "true"])
def test_no_table_makes_a_sound_louder(folder: Path, asked: str) -> None:
    soundfile.write(folder / "sounds" / "mine.wav", struck(), RATE)
    (folder / "sounds" / "sounds.toml").write_text(f"[mine]\nloudness = {asked}\n")
    assert loudest(Sounds(folder)["mine"].samples()) < -22.2


@pytest.mark.parametrize(
    "table",
    [
        "[mine",
        "mine = 3",
        '[mine]\nloudness = "loud"',
        "[mine]\ntitle = 3",
        '[mine]\nvolume = "up"',
        '[mine]\nkind = "gong"',
        '[mine]\nkind = "bed"\nloudness = -20',
        "\udcff",
    ],
)
def test_a_wrong_table_is_told(folder: Path, table: str) -> None:
    soundfile.write(folder / "sounds" / "mine.wav", struck(), RATE)
    (folder / "sounds" / "sounds.toml").write_text(table, errors="surrogateescape")
    with pytest.raises(SoundError, match=r"sounds\.toml"):
        Sounds(folder)["mine"]
    with pytest.raises(SoundError, match=r"sounds\.toml"):
        Sounds(folder).beds["mine"]
    with pytest.raises(SoundError, match=r"sounds\.toml"):
        Sounds(folder).descriptions()
    assert "mine" in Sounds(folder)


# Files made to do harm


def refused(folder: Path, name: str) -> SoundError:
    with pytest.raises(SoundError) as error:
        Sounds(folder)[name]
    assert error.value.hint
    return error.value


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_at_once(folder: Path) -> None:
    os.mkfifo(folder / "sounds" / "pipe.wav")
    assert "is not a file" in refused(folder, "pipe.wav").message


def test_a_folder_is_refused(folder: Path) -> None:
    (folder / "sounds" / "folder.wav").mkdir()
    assert "can't be opened" in refused(folder, "folder.wav").message


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
@pytest.mark.parametrize("target", ["/dev/zero", "/dev/null", "../../secret.wav", "nowhere.wav", "link.wav"])
def test_a_link_that_leads_out_or_nowhere_is_refused(folder: Path, target: str) -> None:
    soundfile.write(folder.parent / "secret.wav", struck(), RATE)
    (folder / "sounds" / "link.wav").symlink_to(target)
    refused(folder, "link.wav")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_linked_folder_is_not_followed(folder: Path) -> None:
    soundfile.write(folder.parent / "secret.wav", struck(), RATE)
    (folder / "bells").symlink_to(folder.parent)
    assert "leads out" in refused(folder, "bells/secret.wav").message


@pytest.mark.parametrize("name", ["list.wav", "list.mp3", "list.m4a", "list.mp4", "list.aac", "list.wma", "list.webm"])
@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:2,\nfile://{secret}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile secret.aac\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
    ],
    ids=["hls", "concat", "sdp"],
)
def test_a_playlist_in_disguise_plays_nothing(folder: Path, name: str, playlist: str) -> None:
    secret = encoded(folder / "sounds" / "secret.aac", "-c:a", "aac")
    (folder / "sounds" / name).write_text(playlist.format(secret=secret))
    assert "can't be read as a sound" in refused(folder, name).message


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.m4a", "a.aac", "a.wma"])
@pytest.mark.parametrize("content", [b"", b"\0" * 999, b"RIFF\xff\xff\xff\xffWAVE", bytes(range(256)) * 40])
def test_what_is_no_sound_is_refused(folder: Path, name: str, content: bytes) -> None:
    (folder / "sounds" / name).write_bytes(content)
    assert " object at 0x" not in refused(folder, name).message


def test_an_hour_of_silence_is_refused_in_little_room(folder: Path) -> None:
    with soundfile.SoundFile(folder / "sounds" / "long.flac", "w", 8000, 1) as file:
        for _ in range(60):
            file.write(np.zeros(60 * 8000, np.float32))
    tracemalloc.start()
    try:
        assert "longer than 10 minutes" in refused(folder, "long").message
        assert tracemalloc.get_traced_memory()[1] < 40_000_000  # the hour would take 115
    finally:
        tracemalloc.stop()


def test_a_long_sound_from_ffmpeg_is_refused(folder: Path) -> None:
    silence = np.zeros((100, 1), np.float32)
    encoded(folder / "sounds" / "long.m4a", "-af", "apad=whole_dur=660", "-ar", "8000", samples=silence)
    assert "longer than 10 minutes" in refused(folder, "long").message


@pytest.mark.parametrize("total", [0, 1, 2**36 - 1])
def test_a_flac_that_lies_about_its_length_is_read_as_long_as_it_is_or_refused(folder: Path, total: int) -> None:
    path = folder / "sounds" / "liar.flac"
    soundfile.write(path, struck(), RATE)
    content = bytearray(path.read_bytes())
    content[21:26] = ((content[21] & 0xF0) << 32 | total).to_bytes(5, "big")
    path.write_bytes(content)
    try:
        assert Sounds(folder)["liar"].length < 1500
    except SoundError as error:
        assert error.hint  # noqa: PT017  -- either is right


def wav(
    *, channels: int = 1, rate: int = RATE, bits: int = 16, size: int | None = None, data: bytes = b"ab" * 999
) -> bytes:
    width = channels * bits // 8
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * width & 0xFFFFFFFF, width & 0xFFFF, bits)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data) if size is None else size)
    return b"RIFF" + struct.pack("<I", len(body) + len(data)) + body + data


@pytest.mark.parametrize(
    "content",
    [
        wav(channels=65535),
        wav(channels=9),
        wav(channels=0),
        wav(rate=0),
        wav(rate=1),
        wav(rate=4_000_000_000),
        wav(bits=0),
        wav(data=b""),
        wav(data=b"\0" * 9000),
        wav()[:30],
    ],
)
def test_a_wav_with_an_impossible_header_is_refused(folder: Path, content: bytes) -> None:
    (folder / "sounds" / "odd.wav").write_bytes(content)
    refused(folder, "odd")


def test_a_wav_that_claims_four_gigabytes_is_as_long_as_it_is(folder: Path) -> None:
    tone = (struck() * 32767).astype("<i2").tobytes()
    (folder / "sounds" / "big.wav").write_bytes(wav(size=0xFFFFFFF0, data=tone))
    assert Sounds(folder)["big"].length < 1500


def test_a_file_over_50_mb_is_refused_unread(folder: Path) -> None:
    with (folder / "sounds" / "huge.wav").open("wb") as file:
        file.truncate(60_000_000_000 if os.name != "nt" else 60_000_000)
    assert "larger than 50 MB" in refused(folder, "huge").message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
def test_numbers_that_are_no_sound_are_refused(brought: Callable[..., Sound], value: float) -> None:
    samples = struck()
    samples[500] = value
    with pytest.raises(SoundError, match="silent or damaged"):
        brought(samples, subtype="FLOAT")


def test_a_float_file_that_counts_in_16_bit_steps_opens(brought: Callable[..., Sound]) -> None:
    sound = brought(struck() * np.float32(32768), subtype="FLOAT")
    assert loudest(sound.samples()) == pytest.approx(-22.3, abs=0.05)


def test_an_offset_alone_is_silence(brought: Callable[..., Sound]) -> None:
    with pytest.raises(SoundError, match="silent or damaged"):
        brought(np.full((RATE, 1), 0.5, np.float32))


def test_silence_is_refused_rather_than_brought_up(brought: Callable[..., Sound]) -> None:
    noise = np.random.default_rng(1).normal(0, 1e-4, (RATE, 1)).astype(np.float32)
    with pytest.raises(SoundError, match="silent or damaged"):
        brought(noise)


@pytest.fixture(scope="module")
def bodies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A short sound in each container that libsndfile reads."""
    place = tmp_path_factory.mktemp("bodies")
    for ending in ("wav", "flac", "ogg", "mp3", "aiff"):
        soundfile.write(place / f"a.{ending}", struck(seconds=0.2), RATE)
    return {path.suffix: path.read_bytes() for path in place.iterdir()}


@given(
    ending=st.sampled_from([".wav", ".flac", ".ogg", ".mp3", ".aiff"]),
    cut=st.floats(0, 1),
    flips=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=8),
)
@trying(80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_opens_safely_or_is_told(
    folder: Path, bodies: dict[str, bytes], ending: str, cut: float, flips: list[tuple[float, int]]
) -> None:
    content = bytearray(bodies[ending])
    for place, value in flips:
        content[int(place * len(content))] = value
    (folder / f"damaged{ending}").write_bytes(content[: int(cut * len(content))])
    try:
        samples = Sounds(folder)[f"damaged{ending}"].samples()
    except SoundError as error:
        assert error.hint  # noqa: PT017  -- either is right
    else:
        assert np.isfinite(samples).all()
        assert loudest(samples) < -22.2


# Keys, and what is kept


def test_equal_keys_sound_the_same_whatever_the_name(folder: Path) -> None:
    for name in ("one", "two"):
        soundfile.write(folder / "sounds" / f"{name}.wav", struck(), RATE)
    soundfile.write(folder / "sounds" / "three.wav", struck(hz=500), RATE)
    sounds = Sounds(folder)
    assert sounds["one"].key == sounds["two"].key != sounds["three"].key


def test_a_changed_loudness_changes_the_key(folder: Path) -> None:
    soundfile.write(folder / "sounds" / "mine.wav", struck(), RATE)
    before = Sounds(folder)["mine"].key
    (folder / "sounds" / "sounds.toml").write_text("[mine]\nloudness = -25\n")
    assert Sounds(folder)["mine"].key != before


def test_a_kept_sound_is_the_same_sound(folder: Path) -> None:
    soundfile.write(folder / "sounds" / "mine.wav", struck(channels=2), RATE)
    cache = Cache()
    made = Sounds(folder, cache=cache)["mine"]
    kept = Sounds(folder, cache=cache)["mine"]
    plain = Sounds(folder)["mine"]
    assert made == kept == plain
    assert np.array_equal(made.samples(), kept.samples())
    assert np.array_equal(made.samples(), plain.samples())
    assert "chimes" in {shelf.kind for shelf in cache.shelves()}


def test_a_damaged_kept_sound_is_made_again(folder: Path) -> None:
    cache = Cache(folder / "own cache")
    made = Sounds(folder, cache=cache)["bell"]
    (entry,) = (path for path in cache.folder.glob("chimes/*/*"))
    entry.write_bytes(entry.read_bytes()[:-9])
    assert np.array_equal(Sounds(folder, cache=cache)["bell"].samples(), made.samples())


def test_what_is_shared_can_not_be_written_to() -> None:
    sound = Sounds()["bell"]
    with pytest.raises(ValueError, match="read-only"):
        sound.samples()[0] = 1


def test_lengths_are_milliseconds() -> None:
    sound = Sounds()["tingsha"]
    assert isinstance(sound.length, int)
    assert isinstance(sound.fade, int)
    assert Ms(0) < sound.fade < sound.length
