"""Job -> Rendered: joins the stages, from a script's file to the recording's."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import metadata
from pathlib import Path

from voiceguide import audio, audiofile, levels, shipped
from voiceguide.audio import AIR_DBFS, FADE_OUT, Mix, event_gains
from voiceguide.audiofile import Coding, Label
from voiceguide.audiofile.promise import Promise, promise, promise_to_json
from voiceguide.cache import Cache, digest
from voiceguide.cues import Bed, Chime, Cue, Mark, Say, Slot, Utterance, read_cues
from voiceguide.durations import Ms, written
from voiceguide.errors import OutputError, Place, SoundError, VoiceguideError, did_you_mean, raise_all
from voiceguide.purposes import PURPOSES, Purpose
from voiceguide.script import Known, Script, Source, expand, read_script
from voiceguide.sounds import Sounds
from voiceguide.speech import Cast, Spoken, speak_all
from voiceguide.timeline import Chapter, Timeline, lay_out
from voiceguide.verify import check_unheard

_log = logging.getLogger(__name__)

_NONE = Ms(0)
_HEAD, _TAIL = Ms(2000), Ms(5000)
"""Of air before the first sound and after the last one."""
_OFF = "off"
_CALM_DB = -4.0
_SLEEP_ENDING = Ms(60_000)
_PROOF_SILENCE = Ms(1500)

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
    lead_in: Ms = _NONE
    """Time to lie down, before all else and not counted."""
    bed: str | None = None
    """The sound of every bed, or of one all along if the script has none; `off` for no bed."""
    bed_level_db: float | None = None
    """Of every bed, relative to the voice, while words are spoken."""
    bell_level_db: float = 0.0
    """How much louder every chime rings than its cue says."""
    air: bool = True
    """Whether there is a breath of air under everything, and some of it before and after; or digital silence."""
    sleep: bool = False
    """Whether it is for falling asleep: softer but for what is marked as safety, no bell at the end, a long fade."""
    purpose: str | None = None
    """One of `PURPOSES`: where the recording goes."""
    proof: bool = False
    """Whether to shorten all silences, to listen through the words; then `target` says nothing of the length."""
    out: Path | None = None
    """A file's name, or a folder; None for `output/`."""
    format: str | None = None
    """One of `audiofile.FORMATS`; None is as the name in `out` ends, and an MP3 if it is a folder."""
    varying_rate: bool = False
    """Whether the bit rate of an MP3 follows its sound."""
    captions: tuple[str, ...] = ()
    """Of `audiofile.CAPTIONS`: written beside the recording, under its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A session with every line spoken and every moment known, before anything is encoded."""

    source: Source
    script: Script
    timeline: Timeline
    spoken: Spoken
    sounds: Sounds
    mix: Mix = field(default_factory=Mix)


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
    captions: tuple[Path, ...] = ()
    """Files beside the recording."""
    replaced: bool = False
    """There was a file of that name."""


def render(job: Job, *, cache: Cache | None = None, progress: Progress = lambda *_: None) -> Rendered:
    """Make the recording. What was there under its name stays until the new one is complete.

    Raises VoiceguideError.
    """
    cache = cache or Cache()
    purpose = _purpose(job)
    out = output_path(job)
    captions = _beside(out, job.captions)
    for path in (out, *captions.values()):
        audiofile.check_writable(path)
    replaced = out.exists()
    session = plan(job, cache=cache, progress=progress)
    sounds = session.sounds
    spans = audio.spans(session.timeline, session.spoken.clips, sounds, sounds.beds, session.mix)
    label = _label(session, cache)
    beside = {path: audiofile.caption_text(kind, session.timeline, label) for kind, path in captions.items()}
    _log.info("%s: %d spans to join into %s", session.script.name, len(spans), out)
    done = partial(progress, "assembling")
    coding = Coding(kbit=purpose.kbit, varying=job.varying_rate)
    made = audiofile.write_file(
        out, spans, label, cache=cache, coding=coding, progress=done, beside=beside, check=check_unheard
    )
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
        captions=tuple(captions.values()),
        replaced=replaced,
    )


def plan(job: Job, *, cache: Cache | None = None, progress: Progress = lambda *_: None) -> Plan:
    """Speak what was never spoken, and lay the session out. Raises VoiceguideError."""
    cache = cache or Cache()
    purpose = _purpose(job)
    given = (*job.values.values(), *([job.bed] if job.bed else []))
    sounds = Sounds(job.script.parent, given=given, cache=cache)
    with Cast(cache) as cast:
        known = Known(chimes=sounds, voices=cast.names, beds=sounds.beds)
        _log.info("reading %s; what is made is kept in %s", job.script, cache.folder)
        source = _as_asked(read_script(job.script, known), job, cast)
        script = expand(source, job.values, job.target, known)
        cues = _without_waking(_with_bed(read_cues(script, known), job, sounds), job)
        _open(cues, sounds)
        says = [cue for cue in _heard(cues) if isinstance(cue, Say)]
        spoken = speak_all(says, cast, cache, progress=partial(progress, "speaking"))
    _log.info("%s: %d lines spoken, %d kept from before", script.name, spoken.new, spoken.cached)
    timeline = lay_out(
        cues,
        spoken.clips,
        sounds,
        None if job.proof else script.target,
        head=_around(job, purpose.head, _HEAD),
        tail=_around(job, purpose.tail, _TAIL),
        lead_in=job.lead_in,
        longest_silence=_PROOF_SILENCE if job.proof else None,
    )
    mix = _mix(job, purpose)
    return Plan(source=source, script=script, timeline=timeline, spoken=spoken, sounds=sounds, mix=mix)


def _purpose(job: Job) -> Purpose:
    if job.purpose is None:
        return Purpose()
    if job.purpose not in PURPOSES:
        hint = did_you_mean(job.purpose, PURPOSES)
        raise OutputError(f"there is no purpose called '{job.purpose}'", hint=hint)
    if job.varying_rate and PURPOSES[job.purpose].kbit:
        hint = "leave out one of the two"
        raise OutputError(f"a recording for '{job.purpose}' has a constant bit rate", hint=hint)
    return PURPOSES[job.purpose]


def _mix(job: Job, purpose: Purpose) -> Mix:
    return Mix(
        air=job.air,
        chimes_db=job.bell_level_db,
        calm_db=_CALM_DB if job.sleep else 0.0,
        gain_db=purpose.voice_lufs - Purpose().voice_lufs,
        ceiling_db=purpose.ceiling_dbtp,
        ending=_SLEEP_ENDING if job.sleep else FADE_OUT,
    )


def _around(job: Job, asked: Ms | None, usual: Ms) -> Ms:
    """How much air stands around what is heard: without air there is nothing to hear in it."""
    return (usual if asked is None else asked) if job.air else _NONE


def _with_bed(cues: Sequence[Cue], job: Job, sounds: Sounds) -> tuple[Cue, ...]:
    """Let the job's bed stand in for the script's. Raises SoundError for one that is not there."""
    if job.bed == _OFF:
        return tuple(cue for cue in cues if not isinstance(cue, Bed))
    if job.bed is not None and job.bed not in sounds.beds:
        raise SoundError(f"there is no bed called '{job.bed}'", hint=did_you_mean(job.bed, [*sounds.beds, _OFF]))
    if job.bed is not None and not any(isinstance(cue, Bed) for cue in cues):
        cues = (Bed(sound=job.bed, at=Place(path="--bed", line=1)), *cues)
    return tuple(_as_bed(cue, job) if isinstance(cue, Bed) and cue.sound is not None else cue for cue in cues)


def _as_bed(cue: Bed, job: Job) -> Bed:
    level_db = cue.level_db if job.bed_level_db is None else job.bed_level_db
    return replace(cue, sound=job.bed or cue.sound, level_db=level_db)


def _without_waking(cues: Sequence[Cue], job: Job) -> tuple[Cue, ...]:
    """For sleep, leave out what rings in the last chapter."""
    last = max((number for number, cue in enumerate(cues) if isinstance(cue, Mark)), default=0)
    return tuple(cue for number, cue in enumerate(cues) if not (job.sleep and number > last and isinstance(cue, Chime)))


def speak_line(
    text: str, out: Path, *, voice: str | None, rate: int, language: str | None, progress: Progress = lambda *_: None
) -> Ms:
    """Speak one line into a WAV file; give its length. Raises VoiceguideError.

    Without a language it is in the voice's own, or English.
    """
    if out.suffix.lower() != ".wav":
        raise OutputError(f"'{out}' is not the name of a WAV", hint=f"write {out.with_suffix('.wav')}")
    audiofile.check_writable(out)
    cache = Cache()
    with Cast(cache) as cast:
        utterance = Utterance(text=text, language=language or cast.language(voice), voice=voice, rate=rate)
        here = Say(utterance=utterance, at=Place(path="say", line=1, width=len(text), source=text))
        spoken = speak_all([here], cast, cache, progress=partial(progress, "speaking"))
    clip = spoken.clips[utterance]
    audiofile.write_line(out, clip.samples())
    return clip.length


def read_all() -> dict[str, Source | VoiceguideError]:
    """Read every script that has a name, or give what is wrong with it."""
    with Cast() as cast:
        return {name: _read(path, cast) for name, path in shipped.scripts().items()}


def _read(path: Path, cast: Cast) -> Source | VoiceguideError:
    sounds = Sounds(path.parent)
    try:
        return read_script(path, Known(chimes=sounds, voices=cast.names, beds=sounds.beds))
    except VoiceguideError as error:
        return error


def output_path(job: Job) -> Path:
    """Where a job's recording goes: `output/NAME.mp3`, with the length in the name if one was asked for, or `-proof`.

    Raises OutputError.
    """
    out = job.out or Path("output")
    if str(out) == "-":
        raise OutputError("a recording can't go to stdout: what stands first in it is written last", hint="name a file")
    if not out.suffix or out.is_dir():
        length = f"-{written(job.target)}" if job.target is not None else ""
        length = "-proof" if job.proof else length
        out /= f"{job.script.stem}{length}.{job.format or audiofile.FORMATS[0]}"
    _check_ending(out, job.format)
    return out


def _beside(out: Path, captions: Sequence[str]) -> dict[str, Path]:
    for kind in captions:
        if kind not in audiofile.CAPTIONS:
            hint = did_you_mean(kind, audiofile.CAPTIONS)
            raise OutputError(f"there are no captions called '{kind}'", hint=hint)
    return {kind: out.with_suffix(f".{kind}") for kind in captions}


def _check_ending(out: Path, wanted: str | None) -> None:
    ending = out.suffix.lower().removeprefix(".")
    if ending not in audiofile.FORMATS:
        hint = f"end it with .{', .'.join(audiofile.FORMATS)}, or name a folder"
        raise OutputError(f"'{out}' is not the name of a recording", hint=hint)
    if wanted not in {None, ending}:
        hint = f"write {out.with_suffix(f'.{wanted}')}, or leave the format to the name"
        raise OutputError(f"'{out}' is not the name of a recording in {wanted}", hint=hint)


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
    """Open every sound that will be heard, before anything is spoken, and tell of all that can't be."""
    errors: dict[str, VoiceguideError] = {}
    for cue in _heard(cues):
        if not isinstance(cue, Chime | Bed) or cue.sound is None or cue.sound in errors:
            continue
        try:
            (sounds if isinstance(cue, Chime) else sounds.beds)[cue.sound]
        except SoundError as error:
            errors[cue.sound] = SoundError(error.message, at=cue.at, hint=error.hint)
    raise_all(list(errors.values()))


def _label(session: Plan, cache: Cache) -> Label:
    return Label(
        title=session.script.title,
        language=session.script.language,
        chapters=session.timeline.chapters,
        words=_words(session.timeline),
        length=session.timeline.length,
        software=f"voiceguide {metadata.version('voiceguide')}",
        cover=audiofile.cover(session.script.title, session.timeline, cache),
        plan=promise_to_json(_promise(session, cache)),
    )


def _promise(session: Plan, cache: Cache) -> Promise:
    mix = session.mix
    return promise(
        session.script.title,
        session.timeline,
        {name: loudest + mix.gain_db for name, loudest in _loudest(session, cache).items()},
        gains=event_gains(session.timeline, mix),
        voice_lufs=Purpose().voice_lufs + mix.gain_db,
        air_db=AIR_DBFS + mix.gain_db if mix.air else None,
    )


def _loudest(session: Plan, cache: Cache) -> dict[str, float]:
    """Measure each chime in LUFS, momentary, once ever: it takes longer than assembling a session."""
    result: dict[str, float] = {}
    for name in {event.cue.sound for event in session.timeline.events if isinstance(event.cue, Chime)}:
        sound = session.sounds[name]
        key = digest("loudness", sound.key)
        kept = cache.get("loudness", key)
        if kept is None:
            kept = f"{levels.momentary(sound.samples()).max():.2f}".encode()
            cache.put("loudness", key, kept)
        result[name] = float(kept)
    return result


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
