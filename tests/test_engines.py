"""Real engines, few and quick. What eSpeak and hibari make of a text is read from their phonemes, not by ear."""
# ruff: noqa: RUF001

import ctypes
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from voiceguide import levels
from voiceguide.audiofile.wav import wav_bytes
from voiceguide.cache import Cache
from voiceguide.cues import Say, Utterance
from voiceguide.engines import Reading
from voiceguide.engines.hibari import _marked_up
from voiceguide.engines.pyttsx3 import open_engine
from voiceguide.engines.worker import FalteredError, Worker
from voiceguide.errors import Place, SpeechError
from voiceguide.speech import Cast, speak_all
from voiceguide.speech.pronunciation import pronounced, read_lexicon

pytestmark = pytest.mark.engine

CALM = (
    "Welcome. The next ten minutes are for your back.",
    "Sit just in front of the mat, with your knees bent and your feet on the floor.",
    "If something needs adjusting, lift, move, and settle again.",
    "And breathe out, a little longer.",
    "Feel the place between the shoulder blades.",
    "Rest your attention on the left side.",
    "Let it be wide, and quiet.",
    "Thank you for taking this time.",
)


def says(*texts: str, voice: str | None, language: str = "en", rate: int = 115) -> list[Say]:
    return [
        Say(
            utterance=Utterance(text=text, language=language, voice=voice, rate=rate),
            at=Place(path="session.md", line=number, source=text),
        )
        for number, text in enumerate(texts, start=1)
    ]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return Cache(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def cast(cache: Cache) -> Iterator[Cast]:
    with Cast(cache, patience=60) as cast:
        yield cast


@pytest.fixture(scope="module")
def hibari_phonemes() -> Callable[[str], str]:
    hibari = pytest.importorskip("hibari", reason="hibari-tts is not installed")
    model = hibari.Hibari(threads=1)
    lexicon = read_lexicon()

    def phonemes(text: str) -> str:
        reading = Reading(parts=pronounced(text, "en", lexicon), language="en", voice="heart", speed=1)
        return " ".join(model.phonemize(_marked_up(reading)))

    return phonemes


@pytest.fixture(scope="module")
def espeak_phonemes() -> Callable[[str, str, str], str]:
    if sys.platform != "linux":
        pytest.skip("eSpeak NG comes as a package on Linux alone")
    loader = pytest.importorskip("espeakng_loader", reason="espeakng-loader is not installed")
    library = ctypes.CDLL(loader.get_library_path())
    library.espeak_Initialize(2, 0, str(Path(loader.get_data_path()).parent).encode(), 0)
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    lexicon = read_lexicon()

    def phonemes(text: str, language: str, voice: str) -> str:
        assert library.espeak_SetVoiceByName(voice.encode()) == 0
        reading = Reading(parts=pronounced(text, language, lexicon), language=language, voice=voice, speed=1)
        rest, spoken = ctypes.c_char_p(reading.text.encode()), []
        while rest.value:
            spoken.append(library.espeak_TextToPhonemes(ctypes.byref(rest), 1, 2).decode())
        return " ".join(spoken)

    return phonemes


@pytest.mark.parametrize(
    ("text", "phonemes"),
    [
        ("Press B 23.", "bˈi twˈɛnti θɹˈi"),
        ("Press BL23.", "bˈi ˈɛl twˈɛnti θɹˈi"),
        ("Now GV 4.", "ʤˈi vˈi fˈɔɹ"),
        ("EX-HN3", "ˈi ˈɛks ˈAʧ ˈɛn θɹˈi"),
        ("1-2 minutes", "wˈʌn tə tˈu mˈɪnəts"),
        ("At 20:00 we rest.", "ˈAt pˌiˈɛm"),
        ("5 min", "fˈIv mˈɪnəts"),
        ("Your qi rests.", "ʧˈi"),
        ("Shenshu", "ʃˌʌnʃˈu"),
        ("Mìngmén", "mˌɪŋmˈʌn"),
        ("Yintang", "jˌɪntˈɑŋ"),
        ("Wei Zhong", "wˌAʤˈɔŋ"),
    ],
)
def test_hibari_says_it_right(hibari_phonemes: Callable[[str], str], text: str, phonemes: str) -> None:
    assert phonemes in hibari_phonemes(text)


@pytest.mark.parametrize(
    ("text", "phonemes"),
    [
        ("Press B 23.", "bˈiː twˈɛnti θɹˈiː"),
        ("Press BL23.", "bˈiː ˈɛl twˈɛnti θɹˈiː"),
        ("Now GV 4.", "dʒˈiː vˈiː fˈɔːɹ"),
        ("1-2 minutes", "wˈʌn tə tˈuː mˈɪnɪts"),
        ("At 20:00 we rest.", "ˈeɪt pˌiːˈɛm"),
        ("5 min", "fˈaɪv mˈɪnɪts"),
        ("Your qi rests.", "tʃˈiː"),
        ("Shenshu", "ʃˈʌn ʃˈuː"),
        ("Mìngmén", "mˈɪŋ mˈʌn"),
        ("Yintang", "jˈɪn tˈɑːŋ"),
        ("Yongquan", "jˈɑːŋ tʃˈuːˈɛn"),
    ],
)
def test_espeak_says_it_right(espeak_phonemes: Callable[[str, str, str], str], text: str, phonemes: str) -> None:
    assert phonemes in espeak_phonemes(text, "en", "gmw/en-us")


@pytest.mark.parametrize(
    ("language", "voice", "text", "phonemes"),
    [
        ("de", "gmw/de", "Shenshu", "ʃˈɛnʃˈuː"),
        ("de", "gmw/de", "qi", "tʃˈiː"),
        ("it", "roa/it", "Mingmen", "mˈiŋɡmˈen"),
        ("fr", "roa/fr", "qi", "tʃˈi"),
        ("es", "roa/es", "Yintang", "ʝˈintˈaŋ"),
        ("de", "gmw/de", "20:00", "tsvˈantsɪç ˈuːɾ"),
        ("it", "roa/it", "1-2 minuti", "ˈuno a dˈue minˈutɪ"),
    ],
)
def test_espeak_says_it_right_in_other_languages(
    espeak_phonemes: Callable[[str, str, str], str], language: str, voice: str, text: str, phonemes: str
) -> None:
    assert phonemes in espeak_phonemes(text, language, voice)


@pytest.mark.parametrize("voice", ["hibari", "pyttsx3"])
def test_a_voice_speaks_at_one_level_and_its_rate(cast: Cast, cache: Cache, voice: str) -> None:
    spoken = speak_all(says(*CALM, voice=voice), cast, cache)
    clips = [clip.samples() for clip in spoken.clips.values()]
    assert levels.loudness(np.concatenate(clips)) == pytest.approx(-19, abs=0.5)
    for clip in clips:
        assert levels.loudness(clip) == pytest.approx(-19, abs=2)
        assert levels.true_peak(clip) <= -1.9
    minutes = sum(clip.length for clip in spoken.clips.values()) / 60_000
    assert len(" ".join(CALM).split()) / minutes == pytest.approx(115, rel=0.12)


def test_hibari_leaves_no_letters_out(cast: Cast, cache: Cache) -> None:
    with pytest.raises(SpeechError, match="this voice can't say '闭'") as caught:
        speak_all(says("Now 闭上 your eyes.", voice="hibari"), cast, cache)
    assert caught.value.at is not None
    spoken = speak_all(says("A café, and a naïve π.", voice="hibari"), cast, cache)
    assert len(spoken.clips) == 1


@pytest.mark.long
def test_hibari_gives_the_same_bytes_in_any_order_and_process() -> None:
    workers = [Worker("voiceguide.engines.hibari:open_engine", patience=60) for _ in range(2)]
    sounds = [
        {
            text: worker.speak(Reading(parts=(text,), language="en", voice="heart", speed=0.8))[0].tobytes()
            for text in order
        }
        for worker, order in zip(workers, (CALM[:3], CALM[2::-1]), strict=True)
    ]
    for worker in workers:
        worker.close()
    assert sounds[0] == sounds[1]


def test_hibari_never_downloads_a_voice_unasked(
    cast: Cast, cache: Cache, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HIBARI_HOME", str(tmp_path))
    with Cast(cache) as fresh, pytest.raises(SpeechError, match="'emma' has not been downloaded") as caught:
        speak_all(says("Hello.", voice="emma", language="en-GB"), fresh, cache)
    assert caught.value.hint == 'get it with: hibari "Hello" --voice emma -o hello.wav'
    assert not list(tmp_path.iterdir())


def test_hibari_is_for_english_and_pyttsx3_for_the_rest(cast: Cast) -> None:
    assert cast.resolve(None, "en-GB").name == "hibari:heart"
    assert cast.resolve(None, "de-AT").engine == "pyttsx3"
    with pytest.raises(SpeechError) as caught:
        cast.resolve("heart", "de")
    assert caught.value.hint == "use 'pyttsx3' or 'tone'"


@pytest.mark.skipif(sys.platform != "linux", reason="eSpeak's names")
@pytest.mark.parametrize(
    ("language", "voice"),
    [
        ("en", "gmw/en-us"),
        ("en-GB", "gmw/en"),
        ("de", "gmw/de"),
        ("fr", "roa/fr"),
        ("es-MX", "roa/es"),
        ("pt", "roa/pt-br"),
        ("pt-PT", "roa/pt"),
        ("zh", "sit/cmn"),
        ("no", "gmq/nb"),
    ],
)
def test_pyttsx3_has_a_voice_for_a_language(cast: Cast, language: str, voice: str) -> None:
    assert cast.resolve("pyttsx3", language).voice.name == f"{voice}+f3"
    plain = cast.resolve(f"pyttsx3:{voice}", language).voice
    assert plain.name == voice
    assert plain.draft
    assert plain.title.endswith("a draft voice")


def test_pyttsx3_never_speaks_with_another_voice_than_asked() -> None:
    worker = Worker("voiceguide.engines.pyttsx3:open_engine", patience=60)
    with pytest.raises(SpeechError, match="there is no voice called 'klingon'"):
        worker.speak(Reading(parts=("Hello.",), language="en", voice="klingon", speed=1))
    worker.close()


def test_pyttsx3_loses_no_sentence_and_mixes_no_voices() -> None:
    worker = Worker("voiceguide.engines.pyttsx3:open_engine", patience=60)
    lengths: dict[tuple[str, float], set[float]] = {}
    for _ in range(8):
        for voice, speed in (("gmw/de", 0.6), ("gmw/en-us+f3", 1.0), ("roa/it", 1.4)):
            samples, rate = worker.speak(Reading(parts=("Uno, due, tre.",), language="it", voice=voice, speed=speed))
            assert np.abs(samples).max() > 0.05
            lengths.setdefault((voice, speed), set()).add(round(len(samples) / rate, 1))
    worker.close()
    assert all(max(spread) - min(spread) <= 0.11 for spread in lengths.values())
    assert len({min(spread) for spread in lengths.values()}) == 3


def test_markup_that_reaches_espeak_all_the_same_plays_runs_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "x$(touch ran).wav"  # the sound of a minute; another rate than the voice's is what had a shell called
    (tmp_path / name).write_bytes(wav_bytes(np.zeros(60 * levels.RATE, np.float32)))
    worker = Worker("voiceguide.engines.pyttsx3:open_engine", patience=60)
    spoken = {}
    for text in ("Be here.", f'<speak>Be here. <audio src="{name}"/><break time="60s"/></speak>', "[[bi: hI@]]."):
        samples, rate = worker.speak(Reading(parts=(text,), language="en", voice="gmw/en-us", speed=1))
        spoken[text] = len(samples) / rate
    worker.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]
    assert max(spoken.values()) < 15


def test_pyttsx3_needs_no_system_package() -> None:
    if sys.platform == "linux":
        assert "espeakng-loader" in open_engine().fingerprint() or "the system's" in open_engine().fingerprint()


def test_an_engine_killed_from_outside_is_started_again() -> None:
    worker = Worker("voiceguide.engines.pyttsx3:open_engine", patience=60)
    reading = (
        Reading(parts=("Breathe in.",), language="en", voice="gmw/en-us", speed=1) if sys.platform == "linux" else None
    )
    if reading is None:
        pytest.skip("eSpeak's names")
    worker.speak(reading)
    worker._running.process.kill()  # type: ignore[union-attr]  # noqa: SLF001  -- as the system would
    with pytest.raises(FalteredError, match="its process ended"):
        worker.speak(reading)
    worker.close()
    assert len(worker.speak(reading)[0]) > 1000
    worker.close()
