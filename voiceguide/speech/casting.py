"""A voice's name and a language -> who speaks: the engines at hand, found by entry points, and their voices."""

import json
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, fields
from types import TracebackType
from typing import Self

from voiceguide.cache import Cache, digest
from voiceguide.engines import ANY_LANGUAGE, Engine, Reading, Voice
from voiceguide.engines.worker import FalteredError, Worker
from voiceguide.errors import SpeechError, did_you_mean
from voiceguide.speech.judging import judge_sound

_GROUP = "voiceguide.engines"
_SHELF = "voices"
_ENGLISH, _NATURAL, _OTHER = "hibari", "kokoro", "pyttsx3"
_LIKELY = {"en": "en-us", "pt": "pt-br", "es": "es", "fr": "fr-fr", "zh": "cmn", "no": "nb"}
"""The variety meant by a bare language code, where a voice's own list begins with another."""
_PATIENCE_SECONDS = 10.0
_SLOW = {"kokoro": 12.0}
"""Times the patience for engines that are slower than speech: Kokoro took 65 s for 10 s where three others wanted its
core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A voice and the engine it belongs to."""

    engine: str
    fingerprint: str
    voice: Voice

    @property
    def name(self) -> str:
        """As it is written in a script or on the command line."""
        return f"{self.engine}:{self.voice.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An engine in the list of voices."""

    engine: str
    voices: tuple[Voice, ...]
    trouble: str | None = None
    """Why it can't speak here."""


class Cast:
    """The engines at hand. Each is opened at first need and closed at the end; what voices they have is kept."""

    def __init__(
        self,
        cache: Cache | None = None,
        *,
        engines: Mapping[str, str] | None = None,
        patience: float = _PATIENCE_SECONDS,
    ) -> None:
        """Find the engines that are installed, unless `engines` names them as `module:function`.

        `patience` is how many seconds an engine may take for a sentence, besides 0.1 for each character.
        """
        self._cache = cache or Cache()
        self._sources = dict(engines) if engines is not None else _installed()
        self._patience = patience
        self._fingerprints: dict[str, str] = {}
        self._voices: dict[str, tuple[Voice, ...]] = {}
        self._workers: dict[str, list[Worker]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End every engine's process."""
        running = [worker for workers in self._workers.values() for worker in workers]
        self._workers.clear()
        with ThreadPoolExecutor(max_workers=max(1, len(running))) as pool:
            list(pool.map(Worker.close, running))  # each may take a second

    @property
    def names(self) -> Collection[str]:
        """Every name a voice can be called by. An engine's own name is known without asking it for its voices."""
        return _Names(self)

    @property
    def engines(self) -> tuple[str, ...]:
        return tuple(sorted(self._sources))

    def listing(self) -> tuple[Listed, ...]:
        """Ask every engine for its voices; one that can't answer is listed with the reason."""
        with ThreadPoolExecutor(max_workers=max(1, len(self._sources))) as pool:
            return tuple(pool.map(self._listed, self.engines))

    def resolve(self, voice: str | None, language: str) -> Speaker:
        """Find who speaks a language under a name: `ENGINE`, `ENGINE:VOICE`, or `VOICE` where only one engine has it.

        None is hibari for English, Kokoro for the languages of its own once it was downloaded, and pyttsx3 for every
        other. Raises SpeechError.
        """
        engine, chosen = self._named(voice or self._usual(language))
        voices = self.voices(engine)
        candidates = tuple(one for one in voices if one.name == chosen) if chosen else voices
        speaking = [one for one in candidates if speaks(one, language)]
        if not speaking:
            raise SpeechError(
                f"the voice '{voice or engine}' does not speak '{language}'",
                hint=f"use {self._speaking(language)}",
            )
        best = min(speaking, key=lambda one: _distance(one, language))
        return Speaker(engine=engine, fingerprint=self.fingerprint(engine), voice=best)

    def speaks(self, voice: str, language: str) -> bool:
        """Tell whether a voice speaks a language. Raises SpeechError: there is no such voice."""
        engine, chosen = self._named(voice)
        return any(speaks(one, language) for one in self.voices(engine) if chosen in {None, one.name})

    def language(self, voice: str | None) -> str:
        """Give the language of a voice that was named itself, English where only an engine was. Raises SpeechError."""
        engine, chosen = self._named(voice or _ENGLISH)
        own = next((one.language for one in self.voices(engine) if one.name == chosen), ANY_LANGUAGE)
        return "en" if own == ANY_LANGUAGE else own

    def voices(self, engine: str) -> tuple[Voice, ...]:
        """Give an engine's voices, as it gave them when it was last asked in this form. Raises SpeechError."""
        if engine not in self._voices:
            key = digest(engine, self.fingerprint(engine), [field.name for field in fields(Voice)])
            kept = self._cache.get(_SHELF, key)
            self._voices[engine] = _unpacked(kept) if kept else self._ask(engine)
            if not kept:
                self._cache.put(_SHELF, key, _packed(self._voices[engine]))
        return self._voices[engine]

    def try_voice(self, engine: str, voice: Voice) -> None:
        """Have a voice say a word. Raises SpeechError: why it can't."""
        (worker,) = self.workers(engine, 1)
        language = "en" if voice.language == ANY_LANGUAGE else voice.language
        try:
            judge_sound(*worker.speak(_a_word(voice, language)))
        except FalteredError as error:
            worker.close()
            raise SpeechError(f"'{engine}:{voice.name}' does not work here: {error}", hint=_OTHER_VOICE) from error

    def warm_up(self, voice: str | None, language: str) -> None:
        """Let the engine of who speaks load what it needs, without waiting; no such voice is told of at its lines."""
        try:
            speaker = self.resolve(voice, language)
        except SpeechError:
            return
        (worker,) = self.workers(speaker.engine, 1)
        worker.warm_up(_a_word(speaker.voice, language))

    def fingerprint(self, engine: str) -> str:
        """Name everything of an engine that changes its sound. Raises SpeechError."""
        if engine not in self._fingerprints:
            self._fingerprints[engine] = _fingerprint(engine, self._sources[engine])
        return self._fingerprints[engine]

    def workers(self, engine: str, count: int) -> tuple[Worker, ...]:
        """Give that many processes of an engine, all started, those at hand first."""
        at_hand = self._workers.setdefault(engine, [])
        while len(at_hand) < count:
            at_hand.append(Worker(self._sources[engine], patience=self._patience * _SLOW.get(engine, 1.0)))
        for worker in at_hand[:count]:
            worker.start()
        return tuple(at_hand[:count])

    def _usual(self, language: str) -> str:
        """Give the engine that speaks a language where nobody asked for one."""
        if _primary(language) == "en":
            return _ENGLISH
        natural = self._voices_or_none(_NATURAL) if _NATURAL in self._sources else ()
        here = any(speaks(voice, language) and not voice.fetch for voice in natural)
        return _NATURAL if here else _OTHER

    def _listed(self, engine: str) -> Listed:
        try:
            self.fingerprint(engine)
            return Listed(engine=engine, voices=self._ask(engine))
        except SpeechError as error:
            advice = "" if error.hint in {None, _OTHER_VOICE} else f": {error.hint}"
            return Listed(engine=engine, voices=(), trouble=f"{error.message}{advice}")

    def _ask(self, engine: str) -> tuple[Voice, ...]:
        (worker,) = self.workers(engine, 1)
        try:
            return worker.voices()
        except FalteredError as error:
            worker.close()
            raise SpeechError(f"the engine '{engine}' does not work here: {error}", hint=_OTHER_VOICE) from error

    def _named(self, name: str) -> tuple[str, str | None]:
        """Split a name into the engine and, where one is named, the voice."""
        engine, _, voice = name.partition(":")
        if engine in self._sources and (not voice or any(one.name == voice for one in self.voices(engine))):
            return engine, voice or None
        owners = [one for one in self.engines if any(voice.name == name for voice in self._voices_or_none(one))]
        if len(owners) == 1:
            return owners[0], name
        if owners:
            raise SpeechError(
                f"there is more than one voice called '{name}'",
                hint=f"write {' or '.join(f'{owner}:{name}' for owner in owners)}",
            )
        raise SpeechError(f"there is no voice called '{name}'", hint=did_you_mean(name, self.names))

    def _voices_or_none(self, engine: str) -> tuple[Voice, ...]:
        """Pass over a broken engine where it was not asked for: `voiceguide voices` tells."""
        try:
            return self.voices(engine)
        except SpeechError:
            return ()

    def _speaking(self, language: str) -> str:
        able = [one for one in self.engines if any(speaks(voice, language) for voice in self._voices_or_none(one))]
        return " or ".join(f"'{engine}'" for engine in able) or f"a script in another language than '{language}'"


class _Names(Collection[str]):
    def __init__(self, cast: Cast) -> None:
        self._cast = cast

    def __contains__(self, name: object) -> bool:
        return name in self._cast.engines or name in set(self)

    def __iter__(self) -> Iterator[str]:
        for engine in self._cast.engines:
            yield engine
            for voice in self._cast._voices_or_none(engine):  # noqa: SLF001  -- one class in two
                yield voice.name
                yield f"{engine}:{voice.name}"

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _a_word(voice: Voice, language: str) -> Reading:
    return Reading(parts=("Now.",), language=language, voice=voice.name, speed=1)


_OTHER_VOICE = "`voiceguide voices` lists what works"


def _installed() -> dict[str, str]:
    from importlib.metadata import entry_points  # noqa: PLC0415  -- engines' processes import this too, and need none

    return {point.name: point.value for point in entry_points(group=_GROUP)}


def _fingerprint(name: str, source: str) -> str:
    from importlib.metadata import EntryPoint  # noqa: PLC0415

    try:
        engine: Engine = EntryPoint(name=name, value=source, group=_GROUP).load()()
        with closing(engine):
            return engine.fingerprint()
    except SpeechError:
        raise  # the engine says it better itself
    except Exception as error:  # an engine may raise anything
        raise SpeechError(f"the engine '{name}' does not work here: {error}", hint=_OTHER_VOICE) from error


def _primary(language: str) -> str:
    return language.replace("_", "-").lower().partition("-")[0]


def speaks(voice: Voice, language: str) -> bool:
    """Tell whether a voice speaks a language, in whatever variety."""
    return voice.language == ANY_LANGUAGE or _primary(voice.language) in (
        _primary(language),
        _LIKELY.get(_primary(language)),
    )


def _distance(voice: Voice, wanted: str) -> tuple[bool, int]:
    """How far a voice is: at hand or not yet, then the very variety, the one usually meant, or a sister."""
    wanted, offered = wanted.replace("_", "-").lower(), voice.language.replace("_", "-").lower()
    bare = _primary(wanted)
    order = (_LIKELY.get(bare), bare) if wanted == bare else (wanted, bare, _LIKELY.get(bare))
    return voice.fetch is not None, order.index(offered) if offered in order else len(order)


def _packed(voices: tuple[Voice, ...]) -> bytes:
    return json.dumps([asdict(voice) for voice in voices]).encode()


def _unpacked(body: bytes) -> tuple[Voice, ...]:
    return tuple(Voice(**voice) for voice in json.loads(body))
