"""What someone asks for -> what it changes: the script's beds and bells, the mix, and the air around it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, Unpack

from voiceguide.audio import Mix
from voiceguide.cues import FADE_OUT, Bed, Cue, Mark, without_chimes
from voiceguide.durations import Ms, written
from voiceguide.errors import OutputError, Place, SoundError, did_you_mean
from voiceguide.levels import VOICE_LUFS
from voiceguide.purposes import PURPOSES, Purpose
from voiceguide.settings import Preset, Settings, Wishes, over

PROOF_SILENCE = Ms(1500)
"""The longest one of a proof."""

_NONE = Ms(0)
_HEAD, _TAIL = Ms(2000), Ms(5000)
"""Of air before the first sound and after the last one."""
_OFF = "off"
_CALM_DB = -4.0
_SLEEP_ENDING = Ms(60_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A session someone wants. Whatever is None is as the script says."""

    script: Path
    values: Mapping[str, str] = field(default_factory=dict)
    """Of the script's parameters, as they were written."""
    usual: Mapping[str, str] = field(default_factory=dict)
    """The same, of parameters the script may not have; what is in `values` goes before."""
    voice: str | None = None
    """Who speaks."""
    voices: Mapping[str, str] = field(default_factory=dict)
    """Who speaks a language where no voice is asked for, by its code; under `*` in any language they can."""
    rate: int | None = None
    """Words a minute."""
    target: Ms | None = None
    """How long the recording is."""
    seed: int | None = None
    """Which wordings it has where a script has several; None for those of the day it is made on."""
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
    lexicon: Path | None = None
    """A file of words that are said in a way of one's own."""
    out: Path | None = None
    """A file's name, or a folder; None for `output/`."""
    name: str | None = None
    """Of the file, where `out` names none; None for the script's name and the length that was asked for."""
    format: str | None = None
    """One of `audiofile.FORMATS`; None is as the name in `out` ends, and an MP3 if it is a folder."""
    varying_rate: bool = False
    """Whether the bit rate of an MP3 follows its sound."""
    captions: tuple[str, ...] = ()
    """Of `audiofile.CAPTIONS`: written beside the recording, under its name."""

    @classmethod
    def from_settings(
        cls, settings: Settings, script: Path, preset: Preset | None = None, **asked: Unpack[Wishes]
    ) -> Self:
        """Make a job of what is asked for; what is left open is as a preset says, and then as the settings do.

        Only this looks at settings: a `Job` made without it is the same on every machine.
        """
        strong = over(asked, preset.wishes) if preset else asked
        fields: dict[str, Any] = {**over(strong, settings.wishes), "values": strong.get("values", {})}
        return cls(
            script=script,
            usual=settings.wishes.get("values", {}),
            voices=settings.voices,
            lexicon=settings.lexicon,
            name=None if preset is None else _name(preset, asked),
            **fields,
        )

    @property
    def given(self) -> tuple[str, ...]:
        """What was typed, not written in a script: so it may name files anywhere."""
        return (*self.usual.values(), *self.values.values(), *([self.bed] if self.bed else []))

    @property
    def for_purpose(self) -> Purpose:
        """What its purpose asks for. Raises OutputError: there is no such purpose, or it asks for something else."""
        if self.purpose is None:
            return Purpose()
        if self.purpose not in PURPOSES:
            hint = did_you_mean(self.purpose, PURPOSES)
            raise OutputError(f"there is no purpose called '{self.purpose}'", hint=hint)
        if self.varying_rate and PURPOSES[self.purpose].kbit:
            hint = "leave out one of the two"
            raise OutputError(f"a recording for '{self.purpose}' has a constant bit rate", hint=hint)
        return PURPOSES[self.purpose]

    @property
    def head(self) -> Ms:
        """Of air before the first sound: without air there is nothing to hear in it."""
        return self.for_purpose.head or _HEAD if self.air else _NONE

    @property
    def tail(self) -> Ms:
        """Of air after the last sound."""
        return self.for_purpose.tail or _TAIL if self.air else _NONE

    @property
    def mix(self) -> Mix:
        return Mix(
            air=self.air,
            chimes_db=self.bell_level_db,
            calm_db=_CALM_DB if self.sleep else 0.0,
            gain_db=self.for_purpose.voice_lufs - VOICE_LUFS,
            ceiling_db=self.for_purpose.ceiling_dbtp,
            ending=_SLEEP_ENDING if self.sleep else FADE_OUT,
        )


def _name(preset: Preset, asked: Wishes) -> str | None:
    """Name a recording for its preset, and for what was asked of it in another length; not if it is of any script."""
    if preset.script is None:
        return None
    return f"{preset.name}-{written(asked['target'])}" if "target" in asked else preset.name


def as_asked(cues: Sequence[Cue], job: Job, beds: Collection[str]) -> tuple[Cue, ...]:
    """Let a job's bed stand in for the script's, and for sleep leave out what would wake.

    Raises SoundError for a bed that is not there.
    """
    return tuple(_without_waking(_with_bed(cues, job, beds), job))


def _with_bed(cues: Sequence[Cue], job: Job, beds: Collection[str]) -> Sequence[Cue]:
    if job.bed == _OFF:
        return [cue for cue in cues if not isinstance(cue, Bed)]
    if job.bed is not None and job.bed not in beds:
        raise SoundError(f"there is no bed called '{job.bed}'", hint=did_you_mean(job.bed, [*beds, _OFF]))
    if job.bed is not None and not any(isinstance(cue, Bed) for cue in cues):
        cues = [Bed(sound=job.bed, at=Place(path="--bed", line=1)), *cues]
    return [_as_bed(cue, job) if isinstance(cue, Bed) and cue.sound is not None else cue for cue in cues]


def _as_bed(cue: Bed, job: Job) -> Bed:
    level_db = cue.level_db if job.bed_level_db is None else job.bed_level_db
    return replace(cue, sound=job.bed or cue.sound, level_db=level_db)


def _without_waking(cues: Sequence[Cue], job: Job) -> Sequence[Cue]:
    """Leave out what rings in the last chapter."""
    last = max((number for number, cue in enumerate(cues) if isinstance(cue, Mark)), default=0)
    return tuple(without_chimes(cues, last)) if job.sleep else cues
