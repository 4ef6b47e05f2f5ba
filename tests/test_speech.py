import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import faulty_engine
import numpy as np
import pytest

from voiceguide import levels
from voiceguide.cache import Cache
from voiceguide.cues import Say, Utterance
from voiceguide.engines import Reading
from voiceguide.engines.tone import Tone
from voiceguide.engines.worker import FalteredError, Worker
from voiceguide.errors import Place, SeveralErrors, SpeechError
from voiceguide.job import Job
from voiceguide.render import Plan, assemble, read_cued
from voiceguide.speech import Cast, Clip, speak_all
from voiceguide.timeline import lay_out

FAULTY = {"faulty": "faulty_engine:open_engine"}
SHARED = {"faulty": "faulty_engine:open_shared"}
"""The same, in one process for two threads."""
CALM = (
    "Let your shoulders grow heavy, and breathe out slowly.",
    "In.",
    "There is nothing to follow now.",
    "Feel the place between the shoulder blades, and let it be as it is.",
)


def says(*texts: str, voice: str | None = "anna", language: str = "en", rate: int = 115) -> list[Say]:
    return [
        Say(
            utterance=Utterance(text=text, language=language, voice=voice, rate=rate),
            at=Place(path="session.md", line=number, source=text),
        )
        for number, text in enumerate(texts, start=1)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Shared by the tests of a process, since starting and measuring an engine takes longest: texts must differ."""
    folder = tmp_path_factory.mktemp("speech")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAULTS", str(folder))
        yield folder


@pytest.fixture(scope="module")
def cache(folder: Path) -> Cache:
    return Cache(folder / "cache")


@pytest.fixture(scope="module")
def cast(cache: Cache) -> Iterator[Cast]:
    with Cast(cache, engines=FAULTY, patience=30) as cast:
        yield cast


@pytest.fixture
def times_asked(folder: Path) -> Callable[[str], int]:
    """How often the engine was asked for a sentence."""

    def times(text: str) -> int:
        return sum(line.startswith(f"{text} at ") for line in (folder / "asked").read_text().splitlines())

    return times


def sounds(clips: Sequence[Clip]) -> np.ndarray:
    return np.concatenate([clip.samples() for clip in clips])


def test_every_sentence_gets_a_clip_of_whole_milliseconds(cast: Cast, cache: Cache) -> None:
    spoken = speak_all(says(*CALM), cast, cache)
    assert [utterance.text for utterance in spoken.clips] == list(CALM)
    for clip in spoken.clips.values():
        assert len(clip.samples()) == levels.frames(clip.length)


def test_a_clip_begins_30_ms_before_its_first_audible_sample(cast: Cast, cache: Cache) -> None:
    (clip,) = speak_all(says(CALM[0]), cast, cache).clips.values()
    samples = np.abs(clip.samples())
    audible = int(np.flatnonzero(samples > samples.max() * levels.gain(-45))[0])
    assert audible == pytest.approx(levels.frames(30), abs=levels.frames(3))


def test_speech_is_at_its_loudness_and_under_its_peak(cast: Cast, cache: Cache) -> None:
    clips = tuple(speak_all(says(*CALM), cast, cache).clips.values())
    assert levels.loudness(sounds(clips)) == pytest.approx(-19, abs=0.5)
    for clip in clips:
        assert levels.true_peak(clip.samples()) <= -1.9
        assert clip.length < 1000 or levels.loudness(clip.samples()) == pytest.approx(-19, abs=1)


def test_the_same_sentence_is_spoken_once(cast: Cast, cache: Cache, times_asked: Callable[[str], int]) -> None:
    spoken = speak_all(says("Once only.", "And this.", "Once only."), cast, cache)
    assert (spoken.new, spoken.cached, len(spoken.clips)) == (2, 0, 2)
    assert times_asked("Once only.") == 1


def test_a_second_run_asks_no_engine_for_anything(cast: Cast, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    first = speak_all(says(*CALM), cast, cache)
    monkeypatch.setattr("subprocess.Popen", None)
    with Cast(cache, engines=FAULTY) as fresh:
        second = speak_all(says(*CALM), fresh, cache)
    assert (second.new, second.cached) == (0, len(CALM))
    assert dict(second.clips) == dict(first.clips)


def test_a_changed_line_is_the_only_one_spoken(cast: Cast, cache: Cache) -> None:
    speak_all(says(*CALM), cast, cache)
    spoken = speak_all(says(*CALM[:-1], "A new last line."), cast, cache)
    assert (spoken.new, spoken.cached) == (1, len(CALM) - 1)


def test_voice_rate_and_lexicon_change_the_clip(cast: Cast, cache: Cache, tmp_path: Path) -> None:
    lexicon = tmp_path / "words.toml"
    lexicon.write_text('[shoulders]\nen = "showlders"\n')
    asked = says(CALM[0])[0]
    (plain,) = speak_all([asked], cast, cache).clips.values()
    (other_voice,) = speak_all(says(CALM[0], voice="bert"), cast, cache).clips.values()
    (slower,) = speak_all(says(CALM[0], rate=100), cast, cache).clips.values()
    (respelled,) = speak_all([asked], cast, cache, lexicon=lexicon).clips.values()
    assert len({plain.key, other_voice.key, slower.key, respelled.key}) == 4


def test_bytes_do_not_depend_on_order_or_company(cast: Cast, cache: Cache, tmp_path: Path) -> None:
    other = Cache(tmp_path)
    with Cast(other, engines=FAULTY) as alone:
        clips = speak_all(says(*CALM[::-1], "A stranger."), alone, other).clips
    for utterance, clip in speak_all(says(*CALM), cast, cache).clips.items():
        assert clip.key == clips[utterance].key
        assert np.array_equal(clip.samples(), clips[utterance].samples())


@pytest.mark.parametrize("rate", [45, 80, 115, 170])
def test_a_rate_is_real_words_a_minute(cast: Cast, cache: Cache, rate: int) -> None:
    texts = (
        "Come back slowly, resting your attention on your left shoulder.",
        "The mat holds you there for a while.",
        "Stay with every breath.",
    )
    clips = speak_all(says(*texts, rate=rate), cast, cache).clips.values()
    minutes = sum(clip.length for clip in clips) / 60_000
    assert len(" ".join(texts).split()) / minutes == pytest.approx(rate, rel=0.12)


def test_a_rate_the_voice_cannot_reach_says_what_it_reaches(cast: Cast, cache: Cache) -> None:
    with pytest.raises(SpeechError, match="can't speak 5 words a minute") as caught:
        speak_all(says(CALM[0], rate=5), cast, cache)
    assert "it reaches from" in str(caught.value.hint)
    assert caught.value.at
    assert caught.value.at.line == 1


@pytest.mark.parametrize("fault", sorted(set(faulty_engine.FAULTS) - {"hang"}))
def test_what_goes_wrong_once_is_spoken_by_a_fresh_process(
    cast: Cast, cache: Cache, times_asked: Callable[[str], int], fault: str
) -> None:
    (clip,) = speak_all(says(f"Please {fault} once."), cast, cache).clips.values()
    assert levels.loudness(clip.samples()) > -25
    assert times_asked(f"Please {fault} once.") == 2


def test_what_goes_wrong_twice_is_named_with_all_other_lines_that_do(cast: Cast, cache: Cache) -> None:
    faults = ("nan", "noise", "raise")
    with pytest.raises(SeveralErrors) as caught:
        speak_all(says(CALM[0], *(f"Please {fault}." for fault in faults), CALM[2]), cast, cache)
    assert [error.at.line for error in caught.value.errors if error.at] == list(range(2, 2 + len(faults)))
    for fault, error in zip(faults, caught.value.errors, strict=True):
        assert f"'Please {fault}.' could not be spoken by 'faulty:anna'" in error.message
    assert speak_all(says(CALM[0], CALM[2]), cast, cache).cached == 2


def test_an_error_of_many_lines_is_told_once_at_the_first(cast: Cast, cache: Cache) -> None:
    lost = says("Eins.", "Zwei.", "Eins.", voice="anna", language="de")
    with pytest.raises(SpeechError, match="the voice 'anna' does not speak 'de'") as caught:
        speak_all([*says("One."), *lost[1:]], cast, cache)
    assert caught.value.at == lost[1].at


def test_a_crash_is_told_with_the_engines_last_words(cast: Cast, cache: Cache) -> None:
    with pytest.raises(SpeechError, match="its process ended with status -9: the last words"):
        speak_all(says("Please crash."), cast, cache)


def test_an_engine_that_hangs_is_ended_and_asked_again(
    cast: Cast, cache: Cache, times_asked: Callable[[str], int]
) -> None:
    speak_all(says(CALM[0]), cast, cache)
    with Cast(cache, engines=FAULTY, patience=2) as hasty:
        speak_all(says("A first line while it starts."), hasty, cache)
        assert speak_all(says("Hang once."), hasty, cache).new == 1
    assert times_asked("Hang once.") == 2


def test_many_sentences_with_faults_among_them_are_all_spoken(cast: Cast, cache: Cache) -> None:
    faults = {3: "nan", 17: "crash", 31: "raise"}
    texts = [f"{number} {faults[number]} once." if number in faults else f"{number}." for number in range(40)]
    told: list[tuple[int, int]] = []
    spoken = speak_all(says(*texts), cast, cache, progress=lambda done, total: told.append((done, total)))
    assert spoken.new == len(texts)
    assert told == [(done, len(texts)) for done in range(len(texts) + 1)]


def test_an_interrupted_run_keeps_what_it_has_spoken(cast: Cast, cache: Cache) -> None:
    def interrupt(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    texts = [f"Kept, {number}." for number in range(6)]
    with pytest.raises(KeyboardInterrupt):
        speak_all(says(*texts), cast, cache, progress=interrupt)
    assert speak_all(says(*texts), cast, cache).cached >= 1


def test_a_voice_that_is_elsewhere_is_refused_with_the_command_that_gets_it(cast: Cast, cache: Cache) -> None:
    with pytest.raises(SpeechError, match="has not been downloaded") as caught:
        speak_all(says("Bonjour.", voice="far", language="fr"), cast, cache)
    assert caught.value.hint == "get it with: fetch-the-voice far"


@pytest.mark.parametrize("text", ["…", "—", "[]", "♥ ♥"])
def test_a_line_without_words_is_an_error_and_no_gap(cast: Cast, cache: Cache, text: str) -> None:
    with pytest.raises(SpeechError, match="nothing in it that can be spoken"):
        speak_all(says(text), cast, cache)


def test_a_sentence_without_end_is_refused_before_any_engine(cast: Cast, cache: Cache) -> None:
    with pytest.raises(SpeechError, match="5999 characters is too long"):
        speak_all(says(("breathe " * 750).strip()), cast, cache)


def test_a_clip_that_vanished_says_so(cast: Cast, cache: Cache) -> None:
    (clip,) = speak_all(says("Soon gone."), cast, cache).clips.values()
    (cache.folder / "clips" / clip.key[:2] / clip.key[2:]).unlink()
    with pytest.raises(SpeechError, match="vanished"):
        clip.samples()


def test_a_damaged_clip_is_spoken_again(cast: Cast, cache: Cache) -> None:
    asked = says("Soon damaged.")
    (clip,) = speak_all(asked, cast, cache).clips.values()
    before = clip.samples()
    entry = cache.folder / "clips" / clip.key[:2] / clip.key[2:]
    body = bytearray(entry.read_bytes())
    body[len(body) // 2] ^= 1
    entry.write_bytes(body)
    spoken = speak_all(asked, cast, cache)
    assert spoken.new == 1
    assert np.array_equal(spoken.clips[asked[0].utterance].samples(), before)


def test_an_engines_process_ends_with_its_cast(cache: Cache) -> None:
    with Cast(cache, engines=FAULTY) as cast:
        (worker,) = cast.workers("faulty", 1)
        worker.voices()
        process = worker._running.process  # type: ignore[union-attr]  # noqa: SLF001  -- there is no other way to see it
        assert process.poll() is None
    assert process.poll() is not None
    if os.name == "posix":
        with pytest.raises(ProcessLookupError):
            os.kill(process.pid, 0)


def test_who_shares_a_process_with_a_line_that_ends_it_is_spoken_all_the_same(cache: Cache) -> None:
    texts = [f"{number} slow." for number in range(6)]
    with Cast(cache, engines=SHARED) as cast:
        with pytest.raises(SpeechError, match=r"'Please crash\.' could not be spoken"):
            speak_all(says("Please crash.", *texts), cast, cache)
        assert speak_all(says(*texts), cast, cache).cached == len(texts)


def test_a_process_shared_by_threads_gives_each_its_own_answers(cache: Cache) -> None:
    texts = [" ".join(["now"] * count) + "." for count in range(1, 17)]
    asked = [Reading(parts=(text,), language="en", voice="anna", speed=1) for text in texts]
    with Cast(cache, engines=SHARED) as cast:
        workers = cast.workers("faulty", len(asked))
        assert len(set(workers)) == 1
        with ThreadPoolExecutor(max_workers=4) as pool:
            shared = [samples for samples, _ in pool.map(workers[0].speak, asked)]
    assert all(np.array_equal(samples, Tone().speak(one)[0]) for samples, one in zip(shared, asked, strict=True))


def test_a_process_that_retires_answers_what_it_was_asked(cache: Cache) -> None:
    reading = Reading(parts=("Be here, slow.",), language="en", voice="anna", speed=1)
    with Cast(cache, engines=SHARED) as cast, ThreadPoolExecutor(max_workers=1) as pool:
        (worker,) = cast.workers("faulty")
        worker.voices()
        process = worker._running.process  # type: ignore[union-attr]  # noqa: SLF001  -- there is no other way to see it
        asked = pool.submit(worker.speak, reading)
        while not asked.running():
            time.sleep(0.01)
        time.sleep(0.05)
        worker.retire()
        assert len(asked.result()[0])
        worker.voices()
        assert worker._running.process is not process  # type: ignore[union-attr]  # noqa: SLF001  -- as above
    assert process.poll() == 0


def script_of(count: int, folder: Path) -> Path:
    """Write a session of so many lines, no two alike."""
    words = ("now", "rest", "here", "let", "go", "out", "slow", "soft", "warm", "heavy", "wide", "still", "ground")
    chosen, lines = random.Random(5), dict[str, None]()
    while len(lines) < count:
        lines[f"{' '.join(chosen.choices(words, k=chosen.randint(2, 5)))}."] = None
    script = folder / "long.md"
    script.write_text("\n".join(["---", "title: Long", "pace: {line: 500ms}", "---", *lines]))
    return script


def read_aloud(script: Path, out: Path, cache: Cache, patience: float, engines: dict[str, str]) -> bytes:
    """Make a recording by the faulty engine. Raises what `speak_all` raises."""
    job = Job(script=script, voice="faulty:anna", seed=1)
    with Cast(cache, engines=engines, patience=patience) as cast:
        cued = read_cued(job, cast, cache)
        spoken = speak_all(cued.says, cast, cache)
    timeline = lay_out(cued.cues, spoken.clips, cued.sounds, None)
    plan = Plan(source=cued.source, script=cued.script, timeline=timeline, spoken=spoken, sounds=cued.sounds)
    assemble(plan, out, cache=cache)
    return out.read_bytes()


def resume_until_complete(
    script: Path, out: Path, cache: Cache, patience: float, engines: dict[str, str]
) -> tuple[bytes, int]:
    """Make it again until nothing goes wrong; give it, and how many lines failed on the way, each of them named."""
    failed = 0
    for _ in range(10):
        try:
            return read_aloud(script, out, cache, patience, engines), failed
        except (SpeechError, SeveralErrors) as error:
            assert not out.exists()
            for one in error.errors if isinstance(error, SeveralErrors) else [error]:
                text = one.at.source.strip() if one.at else "does not work here"
                assert text in one.message
                failed += 1
    pytest.fail("it never came to an end")


def check_faults_change_nothing(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, patience: float, engines: dict[str, str]
) -> tuple[int, int]:
    """Give how often the engine was asked, and how many lines failed."""
    script, caches = script_of(count, tmp_path), [Cache(tmp_path / name) for name in ("undisturbed", "disturbed")]
    undisturbed = read_aloud(script, tmp_path / "undisturbed.mp3", caches[0], 60, FAULTY)
    monkeypatch.setenv("FAULTS", str(tmp_path))
    monkeypatch.setenv("FAULT_RATE", "0.2")
    monkeypatch.setenv("FAULT_SEED", "1")
    disturbed, failed = resume_until_complete(script, tmp_path / "disturbed.mp3", caches[1], patience, engines)
    assert disturbed == undisturbed
    assert caches[1].verify() == ()
    kept = [sorted(path.relative_to(cache.folder) for path in cache.folder.rglob("clips/*/*")) for cache in caches]
    assert kept[0] == kept[1]
    assert len(kept[0]) == count
    return len((tmp_path / "asked").read_text().splitlines()), failed


@pytest.mark.parametrize("engines", [FAULTY, SHARED], ids=["alone", "shared"])
def test_an_engine_at_fault_every_fifth_time_makes_no_other_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engines: dict[str, str]
) -> None:
    asked, _ = check_faults_change_nothing(16, tmp_path, monkeypatch, patience=1, engines=engines)
    assert asked > 20


@pytest.mark.long
@pytest.mark.parametrize("engines", [FAULTY, SHARED], ids=["alone", "shared"])
def test_an_engine_at_fault_every_fifth_time_of_hundreds_makes_no_other_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engines: dict[str, str]
) -> None:
    """With VOICEGUIDE_LINES=2000 it took 19 minutes, 6 of them of a processor, on a busy machine."""
    lines = int(os.environ.get("VOICEGUIDE_LINES", "300"))
    asked, failed = check_faults_change_nothing(lines, tmp_path, monkeypatch, patience=1, engines=engines)
    print(f"{lines} lines: asked {asked} times, {failed} failed on the way")  # noqa: T201  -- for `pytest -m long -s`


def test_a_fresh_process_has_time_to_load_its_model_again(folder: Path) -> None:
    worker = Worker(FAULTY["faulty"], patience=60)
    reading = Reading(parts=("Be here.",), language="en", voice="anna", speed=1)
    first = worker.limit(reading)
    worker.speak(reading)
    assert worker.limit(reading) < first
    worker.close()
    assert worker.limit(reading) == first


def test_what_is_read_to_warm_up_is_not_heard(folder: Path) -> None:
    said = Reading(parts=("Be here.",), language="en", voice="anna", speed=1)
    warm, cold = (Worker(FAULTY["faulty"], patience=60) for _ in range(2))
    warm.warm_up(replace(said, parts=("These are words that nobody will ever hear.",)))
    warm.warm_up(replace(said, parts=("Please raise.",)))
    for number in ("one", "two"):
        line = replace(said, parts=(f"Be here, {number}.",))
        assert np.array_equal(warm.speak(line)[0], cold.speak(line)[0])
    warm.close()
    cold.close()


def test_an_engine_that_ends_while_it_warms_up_is_asked_again(folder: Path) -> None:
    said = Reading(parts=("Be here.",), language="en", voice="anna", speed=1)
    worker = Worker(FAULTY["faulty"], patience=60)
    worker.warm_up(replace(said, parts=("Please crash.",)))
    with pytest.raises(FalteredError, match="the last words"):
        worker.speak(said)
    worker.close()
    samples, _ = worker.speak(said)
    worker.close()
    assert len(samples)
