"""A voice's name and a language -> who speaks: the engines at hand, found by entry points, and their voices."""

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, fields
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from voiceguide.cache import Cache, digest
from voiceguide.engines import ANY_LANGUAGE, Engine, Reading, Voice
from voiceguide.engines.worker import FalteredError, Worker
from voiceguide.errors import SpeechError, did_you_mean

if TYPE_CHECKING:
    from voiceguide.levels import Samples

_Answer = TypeVar("_Answer")

OTHER_VOICE = "`voiceguide voices` lists what works"
"""What to do about one that does not."""

_GROUP = "voiceguide.engines"
_SHELF = "voices"
_ENGLISH, _NATURAL, _OTHER = "hibari", "kokoro", "pyttsx3"
_LIKELY = {"en": "en-us", "pt": "pt-br", "es": "es", "fr": "fr-fr", "zh": "cmn", "no": "nb"}
"""The variety meant by a bare language code, where a voice's own list begins with another."""
_PATIENCE_SECONDS = 10.0
_SLOW = {"kokoro": 12.0}
"""Times the patience for engines that are slower than speech: Kokoro took 65 s for 10 s where three others wanted its
core."""
_LINES_A_PROCESS = 8
"""Fewer are spoken sooner than another process has loaded its model."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Introduced:
    """What an engine says of itself, without loading anything large."""

    fingerprint: str
    at_once: int
    """How many things a process of it may be asked at the same time."""


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
        self._introduced: dict[str, _Introduced] = {}
        self._voices: dict[str, tuple[Voice, ...]] = {}
        self._workers: dict[str, list[Worker]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def dismiss(self) -> None:
        """Let every engine's process end, without waiting for it."""
        for worker in self._all():
            worker.retire()

    def close(self) -> None:
        """End every engine's process."""
        running = self._all()
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

    def hear(self, engine: str, voice: Voice) -> tuple["Samples", int]:
        """Have a voice say a word: give its samples and their rate in Hz. Raises SpeechError: why it can't."""
        reading = _a_word(voice, "en" if voice.language == ANY_LANGUAGE else voice.language)
        return self._told(engine, lambda worker: worker.speak(reading), f"'{engine}:{voice.name}'")

    def warm_up(self, voice: str | None, language: str) -> None:
        """Let the engine of who speaks load what it needs, without waiting; no such voice is told of at its lines."""
        try:
            speaker = self.resolve(voice, language)
        except SpeechError:
            return
        (worker,) = self._hired(speaker.engine, 1)
        worker.warm_up(_a_word(speaker.voice, language))

    def fingerprint(self, engine: str) -> str:
        """Name everything of an engine that changes its sound. Raises SpeechError."""
        return self._introduction(engine).fingerprint

    def workers(self, engine: str, lines: int = 1) -> tuple[Worker, ...]:
        """Give who reads so many lines, each for one thread, in as few processes as go: all started, or starting.

        One that may be asked several things at once is given as many times. Raises SpeechError.
        """
        hired = self._hired(engine, lines)
        for worker in hired:
            worker.start()
        return hired

    def _hired(self, engine: str, lines: int) -> tuple[Worker, ...]:
        """Choose those at hand first, and at most one for each core."""
        at_once = self._introduction(engine).at_once
        threads = min(_cores(), lines, at_once * -(-lines // _LINES_A_PROCESS))
        at_hand = self._workers.setdefault(engine, [])
        patience = self._patience * _SLOW.get(engine, 1.0)
        while len(at_hand) * at_once < threads:
            at_hand.append(Worker(self._sources[engine], patience=patience, at_once=at_once))
        return tuple(worker for worker in at_hand for _ in range(at_once))[:threads]

    def _all(self) -> list[Worker]:
        return [worker for workers in self._workers.values() for worker in workers]

    def _introduction(self, engine: str) -> _Introduced:
        if engine not in self._introduced:
            self._introduced[engine] = _introduced(engine, self._sources[engine])
        return self._introduced[engine]

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
            advice = "" if error.hint in {None, OTHER_VOICE} else f": {error.hint}"
            return Listed(engine=engine, voices=(), trouble=f"{error.message}{advice}")

    def _ask(self, engine: str) -> tuple[Voice, ...]:
        return self._told(engine, Worker.voices, f"the engine '{engine}'")

    def _told(self, engine: str, ask: Callable[[Worker], _Answer], called: str) -> _Answer:
        (worker,) = self.workers(engine)
        try:
            return ask(worker)
        except FalteredError as error:
            worker.retire()
            raise SpeechError(f"{called} does not work here: {error}", hint=OTHER_VOICE) from error

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


def _installed() -> dict[str, str]:
    from importlib.metadata import entry_points  # noqa: PLC0415  -- where nothing is spoken nobody needs it

    return {point.name: point.value for point in entry_points(group=_GROUP)}


def _introduced(name: str, source: str) -> _Introduced:
    from importlib.metadata import EntryPoint  # noqa: PLC0415

    try:
        engine: Engine = EntryPoint(name=name, value=source, group=_GROUP).load()()
        with closing(engine):
            return _Introduced(fingerprint=engine.fingerprint(), at_once=getattr(engine, "at_once", 1))
    except SpeechError:
        raise  # the engine says it better itself
    except Exception as error:  # an engine may raise anything
        raise SpeechError(f"the engine '{name}' does not work here: {error}", hint=OTHER_VOICE) from error


def _cores() -> int:
    cores: int = getattr(os, "process_cpu_count", os.cpu_count)() or 1
    return cores


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
