"""A reading -> hibari's natural English voice, by a neural model inside its package."""

import json
import threading
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from voiceguide.engines import Reading, Voice, Word
from voiceguide.errors import SpeechError, to_install

if TYPE_CHECKING:
    from hibari import Hibari

    from voiceguide.levels import Samples

_SEED = 0
"""Of the noise in breath and s: the same words give the same samples."""
_UNHURRIED = 0.65
"""Its own speed 1 is brisk."""


def open_engine() -> "Engine":
    return Engine()


class Engine:
    """Keeps each voice's model once it was used: some 220 MB, 340 where two threads speak, and a second to load."""

    at_once = 2
    """Most of its work leaves Python to other threads: two said 54 lines in 2.0 s that took one 3.6, the same bytes."""

    def __init__(self) -> None:
        self._models: dict[str, Hibari] = {}
        self._loading = threading.Lock()

    def voices(self) -> tuple[Voice, ...]:
        """List its voices from the package's own table, the one inside the package first."""
        table = json.loads((_assets() / "voices.json").read_text(encoding="utf-8"))
        voices = [_voice(name, entry) for name, entry in table.items()]
        return tuple(sorted(voices, key=lambda voice: voice.fetch is not None))

    def speak(self, reading: Reading) -> "tuple[Samples, int]":
        with self._loading:
            model = self._models.get(reading.voice) or self._load(reading.voice)
        _check_letters(reading, model)
        return model(_marked_up(reading), speed=_UNHURRIED * reading.speed, seed=_SEED), model.sample_rate

    def fingerprint(self) -> str:
        from importlib.metadata import version  # noqa: PLC0415  -- its process need not load it

        return f"hibari-tts {version('hibari-tts')}"

    def close(self) -> None:
        self._models.clear()

    def _load(self, name: str) -> "Hibari":
        """Load a voice that is here: hibari itself would download it unasked."""
        from hibari import Hibari  # noqa: PLC0415  -- a second, which listing the voices need not pay
        from hibari.g2p import G2P  # noqa: PLC0415
        from hibari.voices import VOICES  # noqa: PLC0415

        voice = next(voice for voice in self.voices() if voice.name == name)
        if voice.fetch:
            raise SpeechError(f"the voice '{name}' has not been downloaded", hint=f"get it with: {voice.fetch}")
        with ThreadPoolExecutor(max_workers=1) as beside:  # its dictionaries take half of the time, its model the rest
            dictionaries = beside.submit(G2P, british=VOICES[name]["british"])

            def phonemes(text: str) -> str:
                said: str = dictionaries.result()(text)
                return said

            self._models[name] = Hibari(voice=name, threads=1, g2p=phonemes)
        return self._models[name]


def _voice(name: str, entry: dict[str, object]) -> Voice:
    here = entry.get("bundled") or (_downloads() / str(entry["file"])).exists()
    return Voice(
        name=name,
        language=str(entry["language"]),
        title=f"{name.title()}, {entry['accent']} English, {entry['gender']}, natural",
        fetch=None if here else f'hibari "Hello" --voice {name} -o hello.wav',
    )


def _marked_up(reading: Reading) -> str:
    """Write hibari's own markup for words whose phonemes are known: `[qi](/ʧi/)`."""
    return "".join(part if isinstance(part, str) else _known(part) for part in reading.parts)


def _known(word: Word) -> str:
    return f"[{word.written}](/{word.phonemes}/)" if word.phonemes else word.say


def _check_letters(reading: Reading, model: "Hibari") -> None:
    """Refuse letters of which hibari makes nothing, as of Chinese ones: it leaves them out. Raises SpeechError."""
    spoken = "".join(part if isinstance(part, str) else "" if part.phonemes else part.say for part in reading.parts)
    letters = (char for char in spoken if not char.isascii() and unicodedata.category(char) in _LETTERS)
    for char in letters:
        if not model.g2p(char).strip():
            hint = "write it as it sounds, in Latin letters, or choose a voice of its language"
            raise SpeechError(f"this voice can't say '{char}'", hint=hint)


_LETTERS = {"Lu", "Ll", "Lt", "Lo"}


def _assets() -> Path:
    package = find_spec("hibari")
    if not package or not package.origin:
        raise SpeechError("hibari is not installed", hint=to_install("hibari-tts"))
    return Path(package.origin).parent / "assets"


def _downloads() -> Path:
    from hibari.voices import cache_dir  # noqa: PLC0415  -- hibari knows where; asked only by `voices`

    return Path(cache_dir())
