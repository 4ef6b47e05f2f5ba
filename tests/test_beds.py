"""The beds that come with voiceguide, and how a bed is found, made from a file and kept."""

import functools
import os
import runpy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from seams import seams

from voiceguide import levels, shipped
from voiceguide.cache import Cache
from voiceguide.errors import SoundError
from voiceguide.levels import RATE, Samples
from voiceguide.loops import FRAME
from voiceguide.sounds import Loop, Sounds

SHIPPED = ("brook", "brown", "drone", "ocean", "rain")
EACH = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in {"ocean", "rain"} else pytest.mark.long) for name in SHIPPED]
)
"""The hissing one and the one that swells; the others by `-m long`."""
UNDER_VOICE = 22

LTASS = (
    54.4, 57.7, 56.8, 60.2, 60.3, 59.0, 62.1, 62.1, 60.5, 56.8, 53.7, 53.0, 52.0, 48.7, 48.1, 46.8, 45.6, 44.5, 44.3,
    43.7, 43.4, 41.3, 40.7,
)  # fmt: skip
"""dB of women's and men's average speech in thirds of an octave from 100 Hz to 16 kHz (Byrne et al. 1994, table II)."""


@functools.cache
def bed(name: str) -> Loop:
    return Sounds().beds[name]


@functools.cache
def powers(name: str) -> Samples:
    """Of each 400 ms, every 100 ms, as it goes round."""
    samples = bed(name).samples()
    return levels.block_powers(np.concatenate([samples, samples[: 3 * RATE]])).astype(np.float32)


def lufs(powers: Samples) -> Samples:
    return np.asarray(-0.691 + 10 * np.log10(powers), np.float32)


@functools.cache
def speech() -> Samples:
    """Noise with the spectrum of average speech, as loud as a voice."""
    random, count = np.random.default_rng(1), 5 * RATE
    centres = 100 * 2 ** (np.arange(len(LTASS)) / 3)
    hz = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 1)
    density_db = np.interp(np.log(hz), np.log(centres), np.array(LTASS) - 10 * np.log10(centres), left=-60)
    noise = np.fft.irfft(10 ** (density_db / 20) * np.exp(2j * np.pi * random.random(len(hz))), count)
    voice: Samples = (noise / np.abs(noise).max()).astype(np.float32)
    voice *= np.float32(levels.gain(-19 - levels.loudness(voice)))
    return voice


def on_a_phone(samples: Samples) -> Samples:
    return levels.filtered(samples, levels.high_pass(500))


# Those that come with voiceguide


def test_every_shipped_bed_is_in_the_table_and_no_other() -> None:
    files = {path.stem for path in shipped.folder("sounds").glob("*.ogg")}
    described = {one.name: one for one in Sounds().descriptions() if one.kind == "bed"}
    assert files == set(described) == set(Sounds().beds) == set(SHIPPED)
    assert all(one.title and one.origin and one.licence for one in described.values())


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "rain" else pytest.mark.long) for name in SHIPPED]
)
def test_the_shipped_files_are_what_their_maker_makes(name: str) -> None:
    path = shipped.folder("sounds") / f"{name}.ogg"
    maker = runpy.run_path(str(path.with_name("make_beds.py")))
    kept, rate = soundfile.read(path, dtype="float32")
    made = maker["make"](name)
    assert (rate, kept.shape) == (RATE, (maker["PERIOD"] + maker["OVERLAP"], 2))
    assert path.stat().st_size < 1_000_000
    lost = kept[: len(made)] - made
    assert np.linalg.norm(lost) < levels.gain(-9) * np.linalg.norm(made)  # what Vorbis takes from noise
    assert np.abs(kept).max() < 0.7


@EACH
def test_a_shipped_bed_goes_round_as_it_was_made(name: str) -> None:
    assert bed(name).frames == 2250
    assert bed(name).samples().shape == (2250 * FRAME, 2)
    assert seams(bed(name).samples()) == []


@EACH
def test_a_bed_is_as_loud_as_a_voice(name: str) -> None:
    once = powers(name)[: -3 * 10].astype(np.float64)
    assert levels.integrated(once) == pytest.approx(-19, abs=0.05)
    assert abs(float(bed(name).samples().mean(dtype=np.float64))) < levels.gain(-70)


@EACH
def test_a_bed_loses_at_most_3_db_in_mono(name: str) -> None:
    """One loudspeaker or two that play half of left and half of right each, against two that play their own."""
    samples = bed(name).samples()[: 12 * RATE]
    mono = np.repeat(samples.mean(axis=1, keepdims=True), 2, axis=1)
    assert levels.loudness(mono) >= levels.loudness(samples) - 3


@EACH
def test_a_bed_is_heard_on_a_phones_speaker(name: str) -> None:
    under = bed(name).samples()[: 12 * RATE] * np.float32(levels.gain(-UNDER_VOICE))
    assert levels.loudness(on_a_phone(under)) >= levels.loudness(on_a_phone(speech())) - 25


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name == "brook" else pytest.mark.long) for name in sorted({*SHIPPED} - {"ocean"})],
)
def test_a_bed_stays_as_it_is(name: str) -> None:
    short_term = lufs(np.convolve(powers(name), np.ones(27) / 27, "valid").astype(np.float32))  # over 3 s
    assert np.ptp(short_term) <= 2


def test_the_ocean_comes_and_goes_gently() -> None:
    loudness = lufs(powers("ocean"))
    assert 5 < np.ptp(loudness) <= 8
    crests = np.flatnonzero((loudness[1:-1] > loudness[:-2]) & (loudness[1:-1] > loudness.max() - 1.5))
    assert len(crests) > 5


@EACH
def test_nothing_in_a_bed_startles(name: str) -> None:
    loudness = lufs(powers(name))
    assert (loudness[4:] - loudness[:-4]).max() < 4  # LU in 400 ms
    assert levels.decibels(float(np.abs(bed(name).samples()).max())) < -19 + 16


@EACH
def test_a_bed_neither_rumbles_nor_hisses(name: str) -> None:
    power = (np.abs(np.fft.rfft(bed(name).samples()[: 20 * RATE, 0] * np.hanning(20 * RATE))) ** 2).astype(np.float64)
    hz = np.fft.rfftfreq(20 * RATE, 1 / RATE)
    assert 10 * np.log10(power[hz < 40].sum() / power.sum()) < -20
    assert 10 * np.log10(power[hz > 9000].sum() / power.sum()) < -20


# What a person brings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script's folder with `sounds/` in it, and nothing of interest where we stand."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "script" / "sounds").mkdir(parents=True)
    return tmp_path / "script"


@pytest.fixture
def brought(folder: Path) -> Callable[..., Loop]:
    """Write samples as a sound beside the script, and open it as a bed."""

    def bring(samples: Samples, name: str = "mine.wav", rate: int = RATE, **options: str) -> Loop:
        soundfile.write(folder / "sounds" / name, samples, rate, **options)
        return Sounds(folder).beds[name]

    return bring


def hum(seconds: float = 6, *, rate: int = RATE, channels: int = 1, offset: float = 0) -> Samples:
    """A tone of no whole period, softer on the right, in a little noise."""
    time = np.arange(round(seconds * rate)) / rate
    tone = np.sin(2 * np.pi * 219.3 * time)[:, None] * 0.3 * 0.7 ** np.arange(channels)
    noise = np.random.default_rng(1).normal(0, 0.01, tone.shape)
    return (tone + noise + offset).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "rate", "channels"),
    [("a.wav", 48_000, 2), ("a.wav", 22_050, 1), ("a.mp3", RATE, 2), ("a.ogg", 48_000, 1), ("a.flac", 96_000, 6)],
)
def test_any_file_becomes_a_loop(brought: Callable[..., Loop], name: str, rate: int, channels: int) -> None:
    loop = brought(hum(rate=rate, channels=channels), name, rate=rate)
    assert loop.channels == min(channels, 2)
    assert loop.samples().shape == (loop.frames * FRAME, loop.channels)
    assert loop.samples().dtype == np.float32
    assert levels.loudness(loop.samples()) == pytest.approx(-19, abs=0.01)
    assert seams(loop.samples()) == []


@pytest.mark.parametrize("options", [{"subtype": "FLOAT"}, {"subtype": "PCM_16"}])
@pytest.mark.parametrize("gain_db", [-30, 0])
def test_how_loud_a_file_is_makes_no_difference(
    brought: Callable[..., Loop], gain_db: float, options: dict[str, str]
) -> None:
    loop = brought(hum() * np.float32(levels.gain(gain_db)), **options)
    assert levels.loudness(loop.samples()) == pytest.approx(-19, abs=0.01)


def test_an_offset_is_removed(brought: Callable[..., Loop]) -> None:
    loop = brought(hum(offset=0.4), subtype="FLOAT")
    assert abs(float(loop.samples().mean(dtype=np.float64))) < levels.gain(-60)


def test_two_channels_that_say_the_same_are_one(brought: Callable[..., Loop]) -> None:
    assert brought(np.repeat(hum(), 2, axis=1)).channels == 1


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (hum(3), r"mine\.wav sounds for 3\.0 s, and a bed needs at least 5"),
        (np.zeros((6 * RATE, 1), np.float32), "silent or damaged"),
        (np.full((6 * RATE, 1), np.nan, np.float32), "silent or damaged"),
        (np.zeros((0, 1), np.float32), "silent or damaged"),
    ],
    ids=["short", "silent", "nan", "empty"],
)
def test_what_can_be_no_bed_is_told(brought: Callable[..., Loop], samples: Samples, message: str) -> None:
    with pytest.raises(SoundError, match=message) as refused:
        brought(samples, subtype="FLOAT")
    assert refused.value.hint


def test_a_file_that_is_no_file_of_its_folder_is_no_bed(folder: Path) -> None:
    soundfile.write(folder.parent / "secret.wav", hum(), RATE)
    with (folder / "sounds" / "huge.wav").open("wb") as file:
        file.truncate(60_000_000)
    refused = {"huge.wav": "larger than 50 MB", "../secret.wav": "no sound called"}
    if os.name != "nt":
        (folder / "sounds" / "link.wav").symlink_to(folder.parent / "secret.wav")
        os.mkfifo(folder / "sounds" / "pipe.wav")
        refused |= {"link.wav": "leads out of its folder", "pipe.wav": "is not a file"}
    for name, message in refused.items():
        with pytest.raises(SoundError, match=message) as error:
            Sounds(folder).beds[name]
        assert error.value.hint


# Names


def test_a_bed_is_no_chime_and_a_chime_no_bed(folder: Path) -> None:
    sounds = Sounds(folder)
    assert "rain" in sounds.beds
    assert "rain" not in sounds
    assert "rain.ogg" not in sounds
    assert "bowl" not in sounds.beds
    assert not set(sounds) & set(sounds.beds)
    with pytest.raises(SoundError, match=r"'rain' is a bed, not a chime") as refused:
        sounds["rain"]
    assert refused.value.hint == "write [bed rain]"
    with pytest.raises(SoundError, match=r"'bowl' is a chime, not a bed") as refused:
        sounds.beds["bowl"]
    assert refused.value.hint == "write [chime bowl]"


def test_only_sounds_of_its_kind_are_suggested(folder: Path) -> None:
    with pytest.raises(SoundError, match="no sound called 'rainy'") as refused:
        Sounds(folder).beds["rainy"]
    assert refused.value.hint == "did you mean 'rain'?"
    with pytest.raises(SoundError, match="no sound called 'rainy'") as refused:
        Sounds(folder)["rainy"]
    assert refused.value.hint == "there are bell, bowl, gong, tingsha"


def test_a_sound_that_no_table_names_may_be_either(folder: Path) -> None:
    soundfile.write(folder / "sounds" / "mine.wav", hum(), RATE)
    sounds = Sounds(folder)
    assert "mine" in set(sounds) & set(sounds.beds)
    assert (len(sounds), len(sounds.beds)) == (5, 6)
    assert sounds["mine"].key != sounds.beds["mine"].key
    assert next(one.kind for one in sounds.descriptions() if one.name == "mine") is None


def test_a_table_beside_it_makes_a_sound_a_bed(folder: Path) -> None:
    soundfile.write(folder / "sounds" / "mine.wav", hum(), RATE)
    (folder / "sounds" / "sounds.toml").write_text('[mine]\nkind = "bed"\n')
    assert "mine" in Sounds(folder).beds
    assert "mine" not in Sounds(folder)
    with pytest.raises(SoundError, match=r"'mine\.wav' is a bed, not a chime"):
        Sounds(folder)["mine.wav"]


def test_a_person_may_name_any_file_as_a_bed(folder: Path) -> None:
    far = folder.parent / "far.wav"
    soundfile.write(far, hum(), RATE)
    assert str(far) not in Sounds(folder).beds
    assert Sounds(folder, given=[str(far)]).beds[str(far)].frames > 100


# Keys, and what is kept


def test_a_bed_is_opened_once_and_can_not_be_written_to(folder: Path) -> None:
    soundfile.write(folder / "sounds" / "mine.wav", hum(), RATE)
    beds = Sounds(folder).beds
    assert beds["mine"] is beds["mine"]
    with pytest.raises(ValueError, match="read-only"):
        beds["mine"].samples()[0] = 1


def test_a_kept_bed_is_the_same_bed_whatever_is_left_of_it(folder: Path) -> None:
    soundfile.write(folder / "sounds" / "mine.wav", hum(channels=2), RATE)
    cache = Cache(folder / "own cache")
    made = Sounds(folder, cache=cache).beds["mine"]
    assert {shelf.kind for shelf in cache.shelves()} == {"beds", "loops"}
    for shelf in ("", "beds", "loops"):
        for path in cache.folder.glob(f"{shelf}/*/*" if shelf else "nothing"):
            path.write_bytes(path.read_bytes()[:-1])
        kept = Sounds(folder, cache=cache).beds["mine"]
        assert kept == made
        assert np.array_equal(kept.samples(), made.samples())
    assert Sounds(folder).beds["mine"] == made


def test_a_kept_bed_is_opened_without_reading_its_samples(folder: Path) -> None:
    soundfile.write(folder / "sounds" / "mine.wav", hum(), RATE)
    cache = Cache(folder / "own cache")
    frames = Sounds(folder, cache=cache).beds["mine"].frames
    (samples,) = cache.folder.glob("loops/*/*")
    samples.unlink()
    assert Sounds(folder, cache=cache).beds["mine"].frames == frames
    assert not samples.exists()
