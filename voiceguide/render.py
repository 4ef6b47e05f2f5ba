"""Job -> Rendered: joins the stages, from a script's file to the recording's."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import metadata
from pathlib import Path

from voiceguide import audio, audiofile, shipped
from voiceguide.audiofile import Label
from voiceguide.cache import Cache
from voiceguide.cues import Chime, Cue, Say, Slot, Utterance, read_cues
from voiceguide.durations import Ms, written
from voiceguide.errors import OutputError, Place, SoundError, VoiceguideError, raise_all
from voiceguide.script import Known, Script, Source, expand, read_script
from voiceguide.sounds import Sounds
from voiceguide.speech import Cast, Spoken, speak_all
from voiceguide.timeline import Chapter, Timeline, lay_out

Progress = Callable[[str, int, int], None]
"""Told what is being done (`speaking`, `assembling`), how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A session someone wants. Whatever is None is as the script says."""

    script: Path
    values: Mapping[str, str] = field(default_factory=dict)
    """Of the script's parameters, as they were written."""
    voice: str | None = None
    rate: int | None = None
    """Words a minute."""
    target: Ms | None = None
    """How long the recording is."""
    out: Path | None = None
    """A name that ends in .mp3, or a folder; None for `output/`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A session with every line spoken and every moment known, before anything is encoded."""

    source: Source
    script: Script
    timeline: Timeline
    spoken: Spoken
    sounds: Sounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A recording and what it took."""

    path: Path
    length: Ms
    chapters: tuple[Chapter, ...]
    spoken_new: int
    """Lines spoken now."""
    spoken_cached: int
    """Lines kept from before."""
    spans_new: int
    """Stretches of sound encoded now."""
    spans_cached: int
    """Stretches of sound whose frames were kept from before."""
    loudness: float
    """LUFS, integrated over the whole recording"""
    true_peak: float
    """dBTP"""


def render(job: Job, *, cache: Cache | None = None, progress: Progress = lambda *_: None) -> Rendered:
    """Make the recording. What was there under its name stays until the new one is complete.

    Raises VoiceguideError.
    """
    cache = cache or Cache()
    out = output_path(job)
    audiofile.check_writable(out)
    session = plan(job, cache=cache, progress=progress)
    spans = audio.spans(session.timeline, session.spoken.clips, session.sounds)
    done = partial(progress, "assembling")
    made = audiofile.write_file(out, spans, _label(session), cache=cache, progress=done)
    return Rendered(
        path=out,
        length=session.timeline.length,
        chapters=session.timeline.chapters,
        spoken_new=session.spoken.new,
        spoken_cached=session.spoken.cached,
        spans_new=made.spans_new,
        spans_cached=made.spans_cached,
        loudness=made.loudness,
        true_peak=made.true_peak,
    )


def plan(job: Job, *, cache: Cache | None = None, progress: Progress = lambda *_: None) -> Plan:
    """Speak what was never spoken, and lay the session out. Raises VoiceguideError."""
    cache = cache or Cache()
    sounds = Sounds(job.script.parent, given=tuple(job.values.values()), cache=cache)
    with Cast(cache) as cast:
        known = Known(chimes=sounds, voices=cast.names)
        source = _as_asked(read_script(job.script, known), job, cast)
        script = expand(source, job.values, job.target, known)
        cues = read_cues(script, known)
        _open(cues, sounds)
        says = [cue for cue in _heard(cues) if isinstance(cue, Say)]
        spoken = speak_all(says, cast, cache, progress=partial(progress, "speaking"))
    timeline = lay_out(cues, spoken.clips, sounds, script.target)
    return Plan(source=source, script=script, timeline=timeline, spoken=spoken, sounds=sounds)


def speak_line(utterance: Utterance, out: Path, *, progress: Progress = lambda *_: None) -> Ms:
    """Speak one utterance into a WAV file; give its length. Raises VoiceguideError."""
    if out.suffix.lower() != ".wav":
        raise OutputError(f"'{out}' is not the name of a WAV", hint=f"write {out.with_suffix('.wav')}")
    audiofile.check_writable(out)
    cache = Cache()
    here = Say(utterance=utterance, at=Place(path="say", line=1, width=len(utterance.text), source=utterance.text))
    with Cast(cache) as cast:
        spoken = speak_all([here], cast, cache, progress=partial(progress, "speaking"))
    clip = spoken.clips[utterance]
    audiofile.write_line(out, clip.samples())
    return clip.length


def read_all() -> dict[str, Source | VoiceguideError]:
    """Read every script that has a name, or give what is wrong with it."""
    with Cast() as cast:
        return {name: _read(path, cast) for name, path in shipped.scripts().items()}


def _read(path: Path, cast: Cast) -> Source | VoiceguideError:
    try:
        return read_script(path, Known(chimes=Sounds(path.parent), voices=cast.names))
    except VoiceguideError as error:
        return error


def output_path(job: Job) -> Path:
    """Where a job's recording goes: `output/NAME.mp3`, with the length in the name if one was asked for.

    Raises OutputError.
    """
    out = job.out or Path("output")
    if out.suffix and not out.is_dir():
        if out.suffix.lower() != ".mp3":
            raise OutputError(
                f"'{out}' is not the name of an MP3", hint=f"write {out.with_suffix('.mp3')}, or a folder"
            )
        return out
    length = f"-{written(job.target)}" if job.target is not None else ""
    return out / f"{job.script.stem}{length}.mp3"


def _as_asked(source: Source, job: Job, cast: Cast) -> Source:
    """Let the job's voice and rate stand in for the script's. Raises SpeechError for a voice that can't speak it."""
    voice = job.voice or source.voice
    if job.voice is not None:
        cast.resolve(job.voice, source.language)
    return replace(source, voice=voice, rate=job.rate or source.rate)


def _heard(cues: Sequence[Cue]) -> Iterator[Cue]:
    """Give what is in `[for]` lines like what is not."""
    for cue in cues:
        if isinstance(cue, Slot):
            yield from cue.cues
        else:
            yield cue


def _open(cues: Sequence[Cue], sounds: Sounds) -> None:
    """Open every sound that will ring, before anything is spoken, and tell of all that can't be."""
    errors: dict[str, VoiceguideError] = {}
    for chime in (cue for cue in _heard(cues) if isinstance(cue, Chime)):
        if chime.sound not in errors:
            try:
                sounds[chime.sound]
            except SoundError as error:
                errors[chime.sound] = SoundError(error.message, at=chime.at, hint=error.hint)
    raise_all(list(errors.values()))


def _label(session: Plan) -> Label:
    return Label(
        title=session.script.title,
        language=session.script.language,
        chapters=session.timeline.chapters,
        words=_words(session.timeline),
        length=session.timeline.length,
        software=f"voiceguide {metadata.version('voiceguide')}",
    )


def _words(timeline: Timeline) -> str:
    """All that is spoken, a line each, chapters apart: what a player shows as lyrics."""
    starts = {chapter.start for chapter in timeline.chapters[1:]}
    lines: list[str] = []
    for event in timeline.events:
        if event.start in starts and lines:
            starts.discard(event.start)
            lines.append("")
        if isinstance(event.cue, Say):
            lines.append(event.cue.utterance.text)
    return "\n".join(lines)
