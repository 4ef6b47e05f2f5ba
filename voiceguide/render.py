"""Job -> Rendered: joins the stages, from a script's file to the recording's."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache, partial
from importlib import metadata
from pathlib import Path

from voiceguide import audio, audiofile, levels, shipped
from voiceguide.ahead import is_new, note
from voiceguide.audio import AIR_DBFS, Mix, event_gains
from voiceguide.audiofile import Coding, Label, Written
from voiceguide.audiofile.promise import Promise, promise, promise_to_json
from voiceguide.cache import Cache, digest
from voiceguide.check import missing_safety
from voiceguide.cues import Chime, Cue, Say, Utterance, opened, read_cues
from voiceguide.durations import Ms, written
from voiceguide.errors import OutputError, Place, VoiceguideError, did_you_mean
from voiceguide.files import safe_name
from voiceguide.job import PROOF_SILENCE, Job, as_asked
from voiceguide.levels import VOICE_LUFS
from voiceguide.script import Known, Script, Source, expand, read_script
from voiceguide.settings import ANY_LANGUAGE
from voiceguide.sounds import Sounds, open_all
from voiceguide.speech import Cast, Spoken, speak_all
from voiceguide.timeline import Chapter, Timeline, lay_out
from voiceguide.verify import check_unheard

_log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
"""Told what is being done (`speaking`, `assembling`), how much of it is done, and of how much.

What it raises stops the work: the line at hand is finished and kept, and nothing half is left.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cued:
    """A script read as a job wants it, its sounds opened; not a line of it is spoken yet."""

    source: Source
    script: Script
    as_written: tuple[Cue, ...]
    """As the script has them."""
    cues: tuple[Cue, ...]
    """As the job asks."""
    sounds: Sounds

    @property
    def says(self) -> list[Say]:
        return [cue for cue in opened(self.cues) if isinstance(cue, Say)]


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
    seed: int
    """Which wordings it has, where a script has several: the same seed gives the same again."""
    captions: tuple[Path, ...] = ()
    """Files beside the recording."""
    replaced: bool = False
    """There was a file of that name."""


def render(
    job: Job, *, cache: Cache | None = None, cast: Cast | None = None, progress: Progress = lambda *_: None
) -> Rendered:
    """Make the recording. What was there under its name stays until the new one is complete.

    `cast` is who speaks, if someone has opened it already; it stays open. Raises VoiceguideError.
    """
    cache = cache or Cache()
    coding = Coding(kbit=job.for_purpose.kbit, varying=job.varying_rate)
    out = output_path(job)
    captions = _beside(out, job.captions)
    for path in (out, *captions.values()):
        audiofile.check_writable(path)
    replaced = out.exists()
    session = plan(job, cache=cache, cast=cast, progress=progress)
    if session.sounds.has_opened(out):
        raise OutputError(f"{out} is a sound of this session, and would be lost", hint="name another file")
    for voice in session.spoken.drafts:
        _log.warning("%s is a draft voice, for trying scripts out; `voiceguide voices` lists what there is", voice)
    if unsaid := missing_safety(session.timeline, session.source):
        _log.warning("%s: %s", job.script, unsaid)
    made = assemble(session, out, cache=cache, coding=coding, captions=captions, progress=progress)
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
        seed=session.script.seed,
        captions=tuple(captions.values()),
        replaced=replaced,
    )


def plan(
    job: Job, *, cache: Cache | None = None, cast: Cast | None = None, progress: Progress = lambda *_: None
) -> Plan:
    """Speak what was never spoken, and lay the session out. `cast` is as in `render`. Raises VoiceguideError."""
    cache = cache or Cache()
    with nullcontext(cast) if cast else Cast(cache) as speaking:
        cued = read_cued(job, speaking, cache, ahead=is_new(job.script, cache))
        spoken = speak_all(
            cued.says,
            speaking,
            cache,
            recordings=cued.sounds.recordings,
            lexicon=job.lexicon,
            progress=partial(progress, "speaking"),
        )
        speaking.dismiss()
    note(job.script, cued.source.voice, cued.source.language, cache)
    _log.info("%s: %d lines spoken, %d kept from before", cued.script.name, spoken.new, spoken.cached)
    timeline = lay_out(
        cued.cues,
        spoken.clips,
        cued.sounds,
        None if job.proof else cued.script.target,
        head=job.head,
        tail=job.tail,
        lead_in=job.lead_in,
        longest_silence=PROOF_SILENCE if job.proof else None,
    )
    return Plan(
        source=cued.source, script=cued.script, timeline=timeline, spoken=spoken, sounds=cued.sounds, mix=job.mix
    )


def read_cued(job: Job, cast: Cast, cache: Cache, *, ahead: bool = False, before: Cued | None = None) -> Cued:
    """Read a job's script, and open its sounds. Raises VoiceguideError.

    `ahead` lets the voice's engine load while the script is still being read. `before` is what was read last: where it
    was the same but for the length, as while a slider moves, its lines are not read again.
    """
    sounds = Sounds(shipped.home_of(job.script), given=job.given, cache=cache)
    known = _known(sounds, cast)
    _log.info("reading %s; what is made is kept in %s", job.script, cache.folder)
    source = _in_its_voice(read_script(job.script, known), job, cast)
    if ahead:
        cast.warm_up(source.voice, source.language)
    script = expand(source, _values(source, job), job.target, known, seed=_seed(job))
    same = before if before and replace(before.script, target=script.target) == script else None
    as_written = same.as_written if same else read_cues(script, known)
    cues = as_asked(as_written, job, sounds.beds)
    open_all(cues, sounds)
    return Cued(source=source, script=script, as_written=as_written, cues=cues, sounds=sounds)


def assemble(
    session: Plan,
    out: Path,
    *,
    cache: Cache,
    coding: Coding | None = None,
    captions: Mapping[str, Path] | None = None,
    progress: Progress = lambda *_: None,
) -> Written:
    """Write the recording of a plan, and its captions, of kinds of `audiofile.CAPTIONS`. Raises VoiceguideError."""
    sounds = session.sounds
    spans = audio.spans(session.timeline, session.spoken.clips, sounds, sounds.beds, session.mix)
    label = _label(session, cache)
    beside = {path: audiofile.caption_text(kind, session.timeline, label) for kind, path in (captions or {}).items()}
    _log.info("%s: %d spans to join into %s", session.script.name, len(spans), out)
    done = partial(progress, "assembling")
    return audiofile.write_file(
        out, spans, label, cache=cache, coding=coding, progress=done, beside=beside, check=check_unheard
    )


def speak_line(
    text: str,
    out: Path,
    *,
    voice: str | None,
    rate: int,
    language: str | None,
    voices: Mapping[str, str] | None = None,
    lexicon: Path | None = None,
    progress: Progress = lambda *_: None,
) -> Ms:
    """Speak one line into a WAV file; give its length. Raises VoiceguideError.

    `voices` and `lexicon` are as in a `Job`. Without a language it is in the voice's own, or English.
    """
    if out.suffix.lower() != ".wav":
        raise OutputError(f"'{out}' is not the name of a WAV", hint=f"write {out.with_suffix('.wav')}")
    audiofile.check_writable(out)
    cache = Cache()
    with Cast(cache) as cast:
        language = language or cast.language(voice)
        voice = voice or usual_voice(voices or {}, language, cast)
        utterance = Utterance(text=text, language=language, voice=voice, rate=rate)
        here = Say(utterance=utterance, at=Place(path="say", line=1, width=len(text), source=text))
        spoken = speak_all([here], cast, cache, lexicon=lexicon, progress=partial(progress, "speaking"))
    clip = spoken.clips[utterance]
    audiofile.write_line(out, clip.samples())
    return clip.length


def read_all() -> dict[str, Source | VoiceguideError]:
    """Read every script that has a name, or give what is wrong with it."""
    with Cast() as cast:
        return {name: _read(path, cast) for name, path in shipped.scripts().items()}


def _read(path: Path, cast: Cast) -> Source | VoiceguideError:
    sounds = Sounds(shipped.home_of(path))
    try:
        return read_script(path, _known(sounds, cast))
    except VoiceguideError as error:
        return error


def _known(sounds: Sounds, cast: Cast) -> Known:
    return Known(chimes=sounds, voices=cast.names, beds=sounds.beds, recordings=sounds.recordings)


def output_path(job: Job) -> Path:
    """Where a job's recording goes: where it says, else `output/NAME.mp3`, or `NAME-proof`. Raises OutputError."""
    out = job.out or Path("output")
    if str(out) == "-":
        raise OutputError("a recording can't go to stdout: what stands first in it is written last", hint="name a file")
    if not out.suffix or out.is_dir():
        proof = "-proof" if job.proof else ""
        name = safe_name(job.name) if job.name else _usual_name(job)
        out /= f"{name}{proof}.{job.format or audiofile.FORMATS[0]}"
    _check_ending(out, job.format)
    return out


def _usual_name(job: Job) -> str:
    """`evening`, `evening-20m` if a length was asked for that is kept, `evening-de` of a translation."""
    language = shipped.language_folder(job.script)
    stem = safe_name(job.script.stem)
    name = f"{stem}-{language}" if language else stem
    return name if job.target is None or job.proof else f"{name}-{written(job.target)}"


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


def _seed(job: Job) -> int:
    """Give a job's seed, or today's: the only place where the clock is read."""
    return datetime.now().astimezone().toordinal() if job.seed is None else job.seed


def _in_its_voice(source: Source, job: Job, cast: Cast) -> Source:
    """Let the job's voice and rate stand in for the script's. Raises SpeechError for a voice that can't speak it."""
    voice = job.voice or usual_voice(job.voices, source.language, cast)
    if voice is not None:
        cast.resolve(voice, source.language)
    return replace(source, voice=voice or source.voice, rate=job.rate or source.rate)


def usual_voice(voices: Mapping[str, str], language: str, cast: Cast) -> str | None:
    """Give who usually speaks a language, as `Job.voices` has them; None where that is left open.

    One for any language is meant where it speaks this one. Raises SpeechError: there is no such voice.
    """
    for code in (language, language.partition("-")[0]):
        if code in voices:
            return voices[code]
    anyone = voices.get(ANY_LANGUAGE)
    return anyone if anyone is not None and cast.speaks(anyone, language) else None


def _values(source: Source, job: Job) -> Mapping[str, str]:
    """Give what the script's parameters are to be: what is usual only where it has such a parameter."""
    names = {parameter.name for parameter in source.parameters}
    return {name: value for name, value in job.usual.items() if name in names} | dict(job.values)


def _label(session: Plan, cache: Cache) -> Label:
    return Label(
        title=session.script.title,
        language=session.script.language,
        chapters=session.timeline.chapters,
        words=_words(session.timeline),
        length=session.timeline.length,
        software=f"voiceguide {_version()}",
        cover=audiofile.cover(session.script.title, session.timeline, cache),
        plan=promise_to_json(_promise(session, cache)),
    )


@lru_cache
def _version() -> str:
    return metadata.version("voiceguide")


def _promise(session: Plan, cache: Cache) -> Promise:
    mix = session.mix
    return promise(
        session.script.title,
        session.timeline,
        {name: loudest + mix.gain_db for name, loudest in _loudest(session, cache).items()},
        gains=event_gains(session.timeline, mix),
        voice_lufs=VOICE_LUFS + mix.gain_db,
        air_db=AIR_DBFS + mix.gain_db if mix.air else None,
        ending=mix.ending,
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
