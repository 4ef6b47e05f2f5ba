"""What a person chooses on the page -> a job; and what they see of it: the form, the outline, a line to hear.

One voice cast stays open for all, and what is known of lines is kept, so that a slider can be followed.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from voiceguide import shipped
from voiceguide.audiofile import FORMATS
from voiceguide.cache import Cache
from voiceguide.cues import Say, Utterance
from voiceguide.durations import Ms, parse_duration
from voiceguide.engines import Voice
from voiceguide.errors import ScriptError, TimelineError, VoiceguideError, did_you_mean
from voiceguide.job import Job
from voiceguide.points import whole_table
from voiceguide.render import Cued, read_all, read_cued
from voiceguide.script import Source
from voiceguide.settings import Wishes, read_settings
from voiceguide.sounds import Description, Sounds
from voiceguide.speech import Cast, Clip, Reckoned, reckon_all, speak_all, speaks
from voiceguide.timeline import Timeline, lay_out

Json = dict[str, Any]

_RATES = range(60, 221)
_LONGEST_TEXT = 2000
_LENGTHS_SHOWN = Ms(24 * 3_600_000)


class MalformedError(ValueError):
    """A request that our own page never sends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A session as it will come out, before its lines are spoken."""

    source: Source
    title: str
    sounds: Sounds
    timeline: Timeline
    """As near to the length that was asked for as its silences allow."""
    reckoned: int
    """Lines whose length is not measured yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A script in the list."""

    name: str
    path: Path
    source: Source | VoiceguideError

    @property
    def is_on_the_mat(self) -> bool:
        begins = whole_table().positions["mat"].begins
        return isinstance(self.source, Source) and any(word in self.source.position.casefold() for word in begins)


class Desk:
    """Where sessions are looked at. Safe for many threads: one looks at a time."""

    def __init__(self, cache: Cache | None = None) -> None:
        self.cache = cache or Cache()
        self.settings = read_settings()
        self._cast, self._speakers = Cast(self.cache), Cast(self.cache)
        """Looking at a session goes on while a line is spoken."""
        self._clips: dict[Utterance, Clip] = {}
        self._reckoned: dict[Utterance, Reckoned] = {}
        self._heard: dict[str, Clip] = {}
        self._listed: tuple[object, tuple[Entry, ...]] = (None, ())
        self._looked_at: Cued | None = None
        self._lock, self._speaking = threading.RLock(), threading.Lock()

    def close(self) -> None:
        with self._lock, self._speaking:
            self._cast.close()
            self._speakers.close()

    @property
    def output(self) -> Path:
        """The folder for recordings."""
        return self.settings.wishes.get("out", Path("output"))

    def entries(self) -> tuple[Entry, ...]:
        """List the scripts that have a name; they are read again only where one has changed."""
        with self._lock:
            named = shipped.scripts()
            seen = [(name, path, path.stat().st_mtime_ns) for name, path in named.items()]
            if self._listed[0] != seen:
                read = read_all()
                entries = (
                    Entry(name=name, path=named[name], source=one) for name, one in read.items() if name in named
                )
                self._listed = (seen, tuple(entries))
            return self._listed[1]

    def find(self, name: object) -> Path:
        """Give the script of a name that is in the list. Raises ScriptError."""
        named = shipped.scripts()
        if not isinstance(name, str) or name not in named:
            raise ScriptError(f"there is no script called '{name}'", hint=did_you_mean(str(name), named))
        return named[name]

    def form(self, name: object) -> tuple[Cued, Job]:
        """Read what a script is without any choice, and what someone usually wants of it."""
        with self._lock:
            self.look_again()  # another program may have spoken meanwhile
            job = self._job(self.find(name), {})
            return read_cued(job, self._cast, self.cache), job

    def voices(self, language: str) -> tuple[tuple[str, Voice], ...]:
        """Give the voices that speak a language and are at hand, the best first, each with its engine's name."""
        with self._lock:
            engines = sorted(self._cast.engines, key=lambda engine: (engine != "hibari", engine))
            return tuple(
                (engine, voice) for engine in engines for voice in self._voices(engine) if _can_speak(voice, language)
            )

    def sounds(self, script: object) -> tuple[Description, ...]:
        return Sounds(shipped.home_of(self.find(script)), cache=self.cache).descriptions()

    def job(self, asked: Mapping[str, Any]) -> Job:
        """Make a job of what was chosen. Raises MalformedError, or VoiceguideError for a script that is not there."""
        return self._job(self.find(asked.get("script")), _wishes(asked))

    def outline(self, job: Job) -> Outline:
        """Lay a session out from the lines that were ever spoken, and the likely lengths of the others."""
        with self._lock:
            cued = self._looked_at = read_cued(job, self._cast, self.cache, before=self._looked_at)
            lines = self._known(cued, job)
        return Outline(
            source=cued.source,
            title=cued.script.title,
            sounds=cued.sounds,
            timeline=_nearest(cued, lines, job),
            reckoned=sum(isinstance(one, Reckoned) for one in lines.values()),
        )

    def look_again(self) -> None:
        """Lines were spoken: lengths that were reckoned may be measured now."""
        with self._lock:
            self._reckoned.clear()

    def _known(self, cued: Cued, job: Job) -> Mapping[Utterance, Clip | Reckoned]:
        """Give each line's clip, or what it is reckoned to be; a recording is looked up in its own script's folder."""
        kept = self._clips | self._reckoned
        new = [say for say in cued.says if say.utterance not in kept]
        found = self._found(new, cued, job) if new else {}
        for line, one in found.items():
            if isinstance(one, Reckoned):
                self._reckoned[line] = one
            elif line.recording is None:
                self._clips[line] = one
        return {say.utterance: found.get(say.utterance) or kept[say.utterance] for say in cued.says}

    def _found(self, says: list[Say], cued: Cued, job: Job) -> Mapping[Utterance, Clip | Reckoned]:
        return reckon_all(says, self._cast, self.cache, recordings=cued.sounds.recordings, lexicon=job.lexicon)

    def speak(self, job: Job, number: int) -> str:
        """Speak one line of a session, if it never was; give the name of its sound. Raises VoiceguideError."""
        outline = self.outline(job)
        says = [event.cue for event in outline.timeline.events if isinstance(event.cue, Say)]
        if not 0 <= number < len(says):
            raise MalformedError(f"there is no line {number}")
        line = says[number]
        with self._speaking:
            spoken = speak_all(
                [line], self._speakers, self.cache, recordings=outline.sounds.recordings, lexicon=job.lexicon
            )
        self.look_again()
        clip = spoken.clips[line.utterance]
        self._heard[clip.key] = clip
        return clip.key

    def heard(self, key: str) -> Clip | None:
        """Give a line that was spoken to be heard."""
        return self._heard.get(key)

    def _voices(self, engine: str) -> Iterable[Voice]:
        try:
            return self._cast.voices(engine)
        except VoiceguideError:
            return ()  # `voiceguide voices` says why

    def _job(self, script: Path, wishes: Wishes) -> Job:
        return Job.from_settings(self.settings, script, **wishes)


def _can_speak(voice: Voice, language: str) -> bool:
    return voice.fetch is None and speaks(voice, language)


def _nearest(cued: Cued, lines: Mapping[Utterance, Clip | Reckoned], job: Job) -> Timeline:
    """Lay out at the length that was asked for, or the nearest one there is."""
    laid_out = partial(lay_out, cued.cues, lines, cued.sounds, head=job.head, tail=job.tail, lead_in=job.lead_in)
    target = cued.script.target
    try:
        return laid_out(target)
    except TimelineError:
        if target is None:
            raise
        natural = laid_out(None)
        return laid_out(Ms(min(max(target, natural.shortest), natural.longest)))


def _wishes(asked: Mapping[str, Any]) -> Wishes:
    """Read what was chosen. Raises MalformedError for what our form can't say."""
    wishes = Wishes(values=_values(asked.get("values", {})))
    if (length := asked.get("length")) is not None:
        wishes["target"] = Ms(_whole(length, range(1, _LENGTHS_SHOWN + 1)))
    if (rate := asked.get("rate")) is not None:
        wishes["rate"] = _whole(rate, _RATES)
    if (seed := asked.get("seed")) is not None:
        wishes["seed"] = _whole(seed, range(10_000_000))
    if voice := asked.get("voice"):
        wishes["voice"] = _text(voice)
    if bed := asked.get("bed"):
        wishes["bed"] = _text(bed)
    if asked.get("sleep") is True:
        wishes["sleep"] = True
    if lead_in := asked.get("lead_in"):
        wishes["lead_in"] = _lead_in(lead_in)
    if (kind := asked.get("format")) is not None:
        if kind not in FORMATS:
            raise MalformedError(f"there is no format '{kind}'")
        wishes["format"] = kind
    return wishes


def _lead_in(asked: object) -> Ms:
    try:
        return parse_duration(_text(asked))
    except ValueError as error:
        raise ScriptError(f"the time to lie down: {error}") from error


def _values(asked: object) -> dict[str, str]:
    if not isinstance(asked, dict):
        raise MalformedError("values are texts by name")
    return {_text(name): _text(value) for name, value in asked.items()}


def _text(asked: object) -> str:
    if not isinstance(asked, str) or len(asked) > _LONGEST_TEXT:
        raise MalformedError("a text was expected")
    return asked


def _whole(asked: object, allowed: range) -> int:
    if not isinstance(asked, int) or isinstance(asked, bool) or asked not in allowed:
        raise MalformedError(f"a number from {allowed.start} to {allowed.stop - 1} was expected")
    return asked
