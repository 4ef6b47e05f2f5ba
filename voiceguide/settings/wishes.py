"""What someone asks for, a preset and the settings -> the one thing they want."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from voiceguide.durations import Ms
from voiceguide.errors import SettingsError, did_you_mean

ANY_LANGUAGE = "*"
"""In `Settings.voices`: of whoever speaks every script in a language they can."""


_PRESET_NAME = re.compile(r"\w[\w-]{0,59}")

KEYS: Mapping[str, tuple[str, str]] = {
    "voice": ("who speaks, in every language they can", "the script's, or the best for its language"),
    "voices": ("who speaks a language, as in voices.de", "as voice says"),
    "rate": ("words a minute while speaking", "the script's"),
    "language": ("of scripts that are there in several", "the script's own"),
    "lexicon": ("a file of words, and how they are said", "lexicon.toml beside this file"),
    "bell": ("which chime rings", "the script's"),
    "bell_level": ("how much louder or softer chimes ring", "0dB"),
    "bed": ("what goes on in the background", "the script's"),
    "bed_level": ("how far beds are under the voice", "the script's, or -22dB"),
    "air": ("a breath of air under everything, on or off", "on"),
    "lead_in": ("time to lie down before it starts", "0s"),
    "sleep": ("for falling asleep, on or off", "off"),
    "seed": ("which wordings, by a number or day", "today"),
    "params": ("of scripts that have such a parameter, as in params.name", "the script's"),
    "for": ("loudness and bit rate as such places ask for", "nowhere in particular"),
    "format": ("the kind of file", "mp3"),
    "vbr": ("an MP3's bit rate varies, on or off", "off"),
    "captions": ("written beside the recording", "none"),
    "output": ("the folder for recordings", "output"),
}
"""What can be set: what it is, and what holds where nothing is set."""


class Wishes(TypedDict, total=False):
    """What someone asks of a session, under the names `Job` has for it. What is not in it was left open."""

    values: Mapping[str, str]
    voice: str
    rate: int
    target: Ms
    seed: int | None
    lead_in: Ms
    bed: str
    bed_level_db: float
    bell_level_db: float
    air: bool
    sleep: bool
    purpose: str
    proof: bool
    out: Path
    format: str
    varying_rate: bool
    captions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A session someone liked, to make it again."""

    name: str
    script: str | None
    """A name or a path; None for any script."""
    wishes: Wishes
    said: Mapping[str, str] = field(default_factory=dict)
    """What stands under it in the file, as it would be typed, by key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What someone usually wants."""

    path: Path
    """The file, whether it is there or not."""
    wishes: Wishes = field(default_factory=Wishes)
    """Of every session; its values only where a script has such a parameter."""
    voices: Mapping[str, str] = field(default_factory=dict)
    """Who speaks a language, by its code; and under `ANY_LANGUAGE`."""
    language: str | None = None
    """Of scripts that are there in several."""
    lexicon: Path | None = None
    """A file of words and how they are said."""
    presets: Mapping[str, Preset] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)
    """What stands in the file, as it would be typed: by key, such as `bell` or `voices.de`; presets apart."""

    def preset(self, name: str) -> Preset:
        """Give a preset. Raises SettingsError, with the nearest name there is."""
        if name not in self.presets:
            hint = did_you_mean(name, self.presets) if self.presets else "--save-preset makes one"
            raise SettingsError(f"there is no preset called '{name}'", hint=hint)
        return self.presets[name]

    def check_free(self, name: str) -> None:
        """Raise SettingsError where a new preset can't have a name."""
        check_preset_name(name)
        if name in self.presets:
            hint = f"take another name, or first `voiceguide settings unset presets.{name}`"
            raise SettingsError(f"there is a preset called '{name}' already", hint=hint)


def check_preset_name(name: str) -> None:
    """Raise SettingsError where a preset can't be called so: recordings have its name."""
    if not _PRESET_NAME.fullmatch(name):
        hint = "use letters, digits, - and _, as in evening-at-home"
        raise SettingsError(f"a preset can't be called '{name}'", hint=hint)


def over(asked: Wishes, otherwise: Wishes) -> Wishes:
    """Let what is asked for go before what is wanted otherwise."""
    values = asked.get("values", {})
    kept = otherwise.copy()
    if "bed" in values:
        kept.pop("bed", None)  # `-p bed=rain` asks for one as `--bed rain` does
    if "out" in asked and asked["out"].suffix:
        kept.pop("format", None)  # `-o evening.flac` says it
    return {**kept, **asked, "values": {**otherwise.get("values", {}), **values}}
