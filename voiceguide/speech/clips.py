"""Utterances -> clips: each distinct one spoken once, treated, judged and kept, and only if it was not kept before."""

import logging
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, fields
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from voiceguide.cache import Cache, digest
from voiceguide.durations import Ms
from voiceguide.engines import Reading, Word
from voiceguide.engines.casting import Cast, Speaker
from voiceguide.engines.worker import FalteredError, Worker
from voiceguide.errors import Place, SpeechError, raise_all
from voiceguide.levels import RATE, Samples
from voiceguide.speech import calibration, treatment
from voiceguide.speech.calibration import SPEEDS, Calibration, passage
from voiceguide.speech.judging import fades, judge_likeness, judge_passage, judge_sound, judge_speech, letters
from voiceguide.speech.pronunciation import Lexicon, pronounced, read_lexicon

if TYPE_CHECKING:
    from voiceguide.cues import Say, Utterance  # who only lists voices need not load Jinja2

Progress = Callable[[int, int], None]
"""Told how many lines are done, and of how many."""

_log = logging.getLogger(__name__)

_CLIPS = "clips"
_VOICES = "voices"
_MOST_CHARACTERS = 500
_MOST_LETTERS_A_SECOND = 40
"""Twice as many as a hurried speaker says."""

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A spoken utterance: at 44.1 kHz, trimmed with 30 ms kept before, levelled. Its sound stays on disk."""

    key: str
    """Names the sound: equal keys sound the same."""
    length: Ms
    cache: Cache = field(repr=False, compare=False)

    def samples(self) -> Samples:
        """Read mono float32 samples, `length` long to the millisecond. Raises SpeechError if they are gone."""
        body = self.cache.get(_CLIPS, self.key)
        if body is None:
            raise SpeechError("a spoken line has vanished from the cache", hint="run this again: it is spoken anew")
        return treatment.unpacked(body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What came of speaking a session's lines."""

    clips: Mapping["Utterance", Clip]
    new: int
    """Clips spoken now; a recording is none of them."""
    cached: int
    """Clips there were before."""
    drafts: tuple[str, ...] = ()
    """The voices that spoke and are for drafts, by their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoned:
    """A line nobody has spoken yet, as far as time goes: it may come out a tenth longer or shorter."""

    length: Ms


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """A speaker reading a language: what is calibrated."""

    speaker: Speaker
    language: str

    @property
    def identity(self) -> tuple[str, str, str]:
        """Everything of it that changes the sound; a voice's title does not."""
        return self.speaker.fingerprint, self.speaker.name, self.language


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """An utterance with everything decided."""

    utterance: "Utterance"
    at: Place
    reader: _Reader
    parts: tuple[str | Word, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """A clip to make."""

    key: str
    line: _Line
    reading: Reading
    stretch: float
    calibration: Calibration


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """What an engine gave for a reading."""

    clean: Samples
    """At 44.1 kHz, trimmed."""
    rate_hz: float
    """At which it came."""
    fades: bool


def speak_all(
    says: Sequence["Say"],
    cast: Cast,
    cache: Cache,
    *,
    recordings: Mapping[str, Clip] | None = None,
    lexicon: Path | None = None,
    progress: Progress | None = None,
) -> Spoken:
    """Give every utterance's clip, speaking what is not in the cache, on all cores.

    `recordings` are what says some of them in the place of a voice; `lexicon` is a file of words the user wants said
    their way. Raises SpeechError or SeveralErrors, naming all lines that failed; the clips of all others are kept.
    """
    progress = progress or _untold
    recorded = _recorded(says, {} if recordings is None else recordings)
    lines = _decided([say for say in says if say.utterance not in recorded], cast, read_lexicon(lexicon))
    progress(0, len(lines))
    calibrations = _calibrations(lines, cast, cache)
    orders = _orders(lines, calibrations)
    _start_engines([order for order in orders if not cache.holds(_CLIPS, order.key)], cast)
    ready = {key: clip for key in {order.key for order in orders} if (clip := _kept(key, cache))}
    missing = list({order.key: order for order in orders if order.key not in ready}.values())
    made = _made(missing, cast, cache, progress)
    clips = ready | made
    spoken = {order.line.utterance: clips[order.key] for order in orders}
    drafts = tuple(dict.fromkeys(line.reader.speaker.name for line in lines if line.reader.speaker.voice.draft))
    return Spoken(clips=recorded | spoken, new=len(made), cached=len(ready), drafts=drafts)


def reckon_all(
    says: Sequence["Say"],
    cast: Cast,
    cache: Cache,
    *,
    recordings: Mapping[str, Clip] | None = None,
    lexicon: Path | None = None,
) -> dict["Utterance", Clip | Reckoned]:
    """Give every utterance's clip where it is kept, and else how long it will take, about. Nothing is spoken.

    Raises as `speak_all` for a line that could not be spoken at all.
    """
    recorded = _recorded(says, {} if recordings is None else recordings)
    lines = _decided([say for say in says if say.utterance not in recorded], cast, read_lexicon(lexicon))
    measured = {reader: _kept_calibration(reader, cache) for reader in {line.reader for line in lines}}
    found: dict[Utterance, Clip | Reckoned] = {**recorded}
    for line in lines:
        known = measured[line.reader]
        clip = _kept(_order(line, known).key, cache) if known else None
        found[line.utterance] = clip or _reckoned(line)
    return found


def _reckoned(line: _Line) -> Reckoned:
    seconds = calibration.usual_seconds(letters(_text(line.parts)), line.utterance.language, line.utterance.rate)
    return Reckoned(length=Ms(round(seconds * 1000)))


def _untold(done: int, total: int) -> None:
    pass


def _recorded(says: Sequence["Say"], recordings: Mapping[str, Clip]) -> dict["Utterance", Clip]:
    """Give the clips that are no voice's; refuse those too short to be the words, for a caption would say otherwise."""
    clips: dict[Utterance, Clip] = {}
    errors: list[SpeechError] = []
    for say in says:
        name = say.utterance.recording
        if name is None or say.utterance in clips:
            continue
        clips[say.utterance] = clip = recordings[name]
        if clip.length * _MOST_LETTERS_A_SECOND < letters(say.utterance.text) * 1000:
            message = f"'{name}' lasts {clip.length / 1000:.1f} s, too short for these words"
            errors.append(SpeechError(message, at=say.at, hint="write those it says, or play another recording"))
    raise_all(errors)
    return clips


def _decided(says: Sequence["Say"], cast: Cast, lexicon: Lexicon) -> list[_Line]:
    """Decide who speaks each distinct utterance and how it is pronounced; tell each kind of error once."""
    places: dict[Utterance, Place] = {}
    for say in says:
        places.setdefault(say.utterance, say.at)
    lines: list[_Line] = []
    errors: dict[str, SpeechError] = {}
    for utterance, at in places.items():
        try:
            lines.append(_decide(utterance, at, cast, lexicon))
        except SpeechError as error:
            errors.setdefault(error.message, SpeechError(error.message, at=at, hint=error.hint))
    raise_all(list(errors.values()))
    return lines


def _decide(utterance: "Utterance", at: Place, cast: Cast, lexicon: Lexicon) -> _Line:
    if len(utterance.text) > _MOST_CHARACTERS:
        raise SpeechError(
            f"a sentence of {len(utterance.text)} characters is too long to be spoken in one breath",
            hint=f"end it sooner with a full stop: {_MOST_CHARACTERS} is the most",
        )
    speaker = cast.resolve(utterance.voice, utterance.language)
    parts = pronounced(utterance.text, utterance.language, lexicon)
    if not letters(_text(parts)):
        raise SpeechError(
            f"'{utterance.text}' has nothing in it that can be spoken", hint="write words, or leave it out"
        )
    return _Line(utterance=utterance, at=at, reader=_Reader(speaker=speaker, language=utterance.language), parts=parts)


def _text(parts: tuple[str | Word, ...]) -> str:
    return Reading(parts=parts, language="", voice="", speed=1).text


def _calibrations(lines: Sequence[_Line], cast: Cast, cache: Cache) -> dict[_Reader, Calibration]:
    """Give each reader's calibration, measuring it if it was never measured."""
    found: dict[_Reader, Calibration] = {}
    for reader, count in Counter(line.reader for line in lines).items():
        kept = _kept_calibration(reader, cache)
        found[reader] = kept or _measured(reader, cast, count)
        if kept is None:
            cache.put(_VOICES, _calibration_key(reader), calibration.packed(found[reader]))
    return found


def _kept_calibration(reader: _Reader, cache: Cache) -> Calibration | None:
    kept = cache.get(_VOICES, _calibration_key(reader))
    return None if kept is None else calibration.unpacked(kept)


def _calibration_key(reader: _Reader) -> str:
    measures = [field.name for field in fields(Calibration)]
    return digest(treatment.VERSION, reader.identity, SPEEDS, passage(reader.language), measures)


def _measured(reader: _Reader, cast: Cast, lines: int) -> Calibration:
    """Have the passage read at each speed, by those who will read so many lines."""
    sentences = passage(reader.language)
    readings = [_reading(reader, (sentence,), speed) for speed in SPEEDS for sentence in sentences]
    try:
        heard = list(_in_parallel(readings, _clean, cast.workers(reader.speaker.engine, lines)))
        clean = [one.clean for one in heard]
        by_speed = [clean[at : at + len(sentences)] for at in range(0, len(clean), len(sentences))]
        judge_passage(by_speed, {one.rate_hz for one in heard})
    except FalteredError as error:
        name = reader.speaker.name
        raise SpeechError(f"the voice '{name}' does not work here: {error}", hint="choose another voice") from error
    own_way = all(one.fades for one in heard)
    return calibration.calibration(by_speed, reader.language, heard[0].rate_hz, fades=own_way)


def _orders(lines: Sequence[_Line], calibrations: Mapping[_Reader, Calibration]) -> list[_Order]:
    orders: list[_Order] = []
    errors: dict[str, SpeechError] = {}
    for line in lines:
        try:
            orders.append(_order(line, calibrations[line.reader]))
        except SpeechError as error:
            errors.setdefault(error.message, SpeechError(error.message, at=line.at, hint=error.hint))
    raise_all(list(errors.values()))
    return orders


def _order(line: _Line, measured: Calibration) -> _Order:
    """Name a clip by everything that changes its sound."""
    reader, rate = line.reader, line.utterance.rate
    key = digest(treatment.VERSION, reader.identity, rate, line.parts, measured)
    speed, stretch = measured.pace(rate, reader.speaker.name)
    reading = _reading(reader, line.parts, speed)
    return _Order(key=key, line=line, reading=reading, stretch=stretch, calibration=measured)


def _reading(reader: _Reader, parts: tuple[str | Word, ...], speed: float) -> Reading:
    return Reading(parts=parts, language=reader.language, voice=reader.speaker.voice.name, speed=speed)


def _start_engines(missing: Sequence[_Order], cast: Cast) -> None:
    """Start the processes that will be needed: they take a second to be ready, in which the kept clips are checked."""
    for engine, lines in Counter(order.line.reader.speaker.engine for order in missing).items():
        cast.workers(engine, lines)


def _kept(key: str, cache: Cache) -> Clip | None:
    body = cache.get(_CLIPS, key)
    return None if body is None else _clip(key, body, cache)


def _clip(key: str, body: bytes, cache: Cache) -> Clip:
    return Clip(key=key, length=Ms(round(len(body) / 2 * 1000 / RATE)), cache=cache)


def kept_clip(key: str, made: Callable[[], Samples], cache: Cache) -> Clip:
    """Give the clip that is kept under a key, or make and keep it."""
    clip = _kept(key, cache)
    return clip if clip is not None else _put(key, made(), cache)


def _put(key: str, samples: Samples, cache: Cache) -> Clip:
    body = treatment.packed(samples)
    cache.put(_CLIPS, key, body)
    return _clip(key, body, cache)


def _made(orders: Sequence[_Order], cast: Cast, cache: Cache, progress: Progress) -> dict[str, Clip]:
    """Speak what is ordered, engine by engine; go on past a line that fails, and name all of them at the end."""
    clips: dict[str, Clip] = {}
    errors: list[SpeechError] = []

    def make(worker: Worker, order: _Order) -> Clip | SpeechError:
        try:
            return _speak(worker, order, cache)
        except SpeechError as error:
            return error

    for engine in dict.fromkeys(order.line.reader.speaker.engine for order in orders):
        own = [order for order in orders if order.line.reader.speaker.engine == engine]
        workers = cast.workers(engine, len(own))
        with closing(_in_parallel(own, make, workers)) as results:
            for order, result in zip(own, results, strict=True):
                if isinstance(result, Clip):
                    clips[order.key] = result
                else:
                    errors.append(result)
                progress(len(clips) + len(errors), len(orders))
    raise_all(errors)
    return clips


def _speak(worker: Worker, order: _Order, cache: Cache) -> Clip:
    """Make one clip. Raises SpeechError at the line's place."""
    line, measured = order.line, order.calibration
    least, usual = (
        measured.seconds(count, line.utterance.rate) / order.stretch
        for count in (letters(order.reading.text, digit=1), letters(order.reading.text))
    )
    try:
        clean = _clean(worker, order.reading, measured, (least, usual)).clean
    except FalteredError as error:
        name = line.reader.speaker.name
        message = f"'{line.utterance.text}' could not be spoken by '{name}': {error}"
        raise SpeechError(message, at=line.at, hint="try another voice, or other words") from error
    except SpeechError as error:
        raise SpeechError(error.message, at=line.at, hint=error.hint) from error
    slow = treatment.stretched(clean, order.stretch)
    return _put(order.key, treatment.levelled(slow, measured.gain_db), cache)


def _clean(
    worker: Worker,
    reading: Reading,
    measured: Calibration | None = None,
    expected_seconds: tuple[float, float] | None = None,
) -> _Heard:
    """Have something read and cleaned; what can't be speech is read once more, by a process that reads nothing else."""
    try:
        return _clean_once(worker, reading, measured, expected_seconds)
    except FalteredError:
        worker.retire()  # the next sentence deserves a fresh one as well
    with closing(worker.apart()) as alone:
        return _clean_once(alone, reading, measured, expected_seconds)


def _clean_once(
    worker: Worker, reading: Reading, measured: Calibration | None, expected_seconds: tuple[float, float] | None
) -> _Heard:
    samples, rate_hz = worker.speak(reading)
    judge_sound(samples, rate_hz)
    if measured:
        judge_likeness(samples, rate_hz, measured)
    clean = treatment.cleaned(samples, rate_hz, measured.softer_db if measured else ())
    judge_speech(clean, expected_seconds)
    return _Heard(clean=clean, rate_hz=rate_hz, fades=fades(samples, rate_hz))


def _in_parallel(
    tasks: Sequence[_Task], work: Callable[[Worker, _Task], _Result], workers: Sequence[Worker]
) -> Generator[_Result, None, None]:
    """Do the tasks, each with a worker of its own, and give the results in order. Closed early, it starts no more."""
    free: SimpleQueue[Worker] = SimpleQueue()
    for worker in workers:
        free.put(worker)

    def with_a_free_worker(task: _Task) -> _Result:
        worker = free.get()
        try:
            return work(worker, task)
        finally:
            free.put(worker)

    with ThreadPoolExecutor(max_workers=len(workers)) as pool:
        try:
            yield from pool.map(with_a_free_worker, tasks)
        except KeyboardInterrupt:
            _log.warning("stopping: what is being spoken is finished and kept")
            raise
        finally:
            pool.shutdown(cancel_futures=True)
