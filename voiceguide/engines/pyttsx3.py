"""A reading -> the system's own voices, by pyttsx3: SAPI5 on Windows, NSSpeech on macOS, eSpeak NG elsewhere.

Where the system has no eSpeak NG, the one in the package `espeakng-loader` speaks. What is done here to pyttsx3 2.99
was measured: without a barrier after each property 75 of 160 were not applied, without one after each sentence 14 of
48 files were not there, and two sentences at once lose the first (nateshmbhat/pyttsx3 issues 194, 219, 283, 324).
"""

import ctypes
import os
import platform
import re
import sys
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from voiceguide.engines import Reading, Voice
from voiceguide.errors import SpeechError, to_install
from voiceguide.levels import Samples

_ESPEAK = sys.platform not in ("win32", "darwin")
_ESPEAK_LIBRARY = "libespeak-ng.so.1"
_WORDS_A_MINUTE = 200
"""pyttsx3's own pace; eSpeak's slowest, 80, is the slowest that can be asked for."""
_VARIANT = "+f3"
"""eSpeak's plain voices got 2.46 of 5 from a trained listener model, and 12 % of their words were misheard; with this
variant it was 2.96 and 6 %."""
_SETTLED_SECONDS = 0.25


def open_engine() -> "Engine":
    return Engine()


class Engine:
    """Reads into a file, one sentence at a time, and waits until it is really there."""

    def __init__(self) -> None:
        self._opened: Any = None
        self._ids: dict[str, str] = {}
        self._folder: TemporaryDirectory[str] | None = None

    def voices(self) -> tuple[Voice, ...]:
        """List the system's voices; eSpeak's each in a smoother and in its plain form."""
        return tuple(voice for _, voice in _offered(self._driver().getProperty("voices")))

    def speak(self, reading: Reading) -> tuple[Samples, int]:
        import soundfile  # noqa: PLC0415  -- NSSpeech writes AIFF, which the standard library can't read

        self._folder = self._folder or TemporaryDirectory(prefix="voiceguide-")
        path = Path(self._folder.name, "sentence.wav" if sys.platform != "darwin" else "sentence.aiff")
        path.unlink(missing_ok=True)
        driver = self._driver()
        self._use_voice(reading.voice)
        self._set("rate", round(_WORDS_A_MINUTE * reading.speed))
        driver.save_to_file(reading.text, str(path))
        driver.runAndWait()
        _barrier()
        _wait_for(path)
        samples, rate_hz = soundfile.read(path, dtype="float32")
        return samples, rate_hz

    def fingerprint(self) -> str:
        system = _espeak_version() if _ESPEAK else platform.platform()
        return f"pyttsx3 {version('pyttsx3')}, {system}"

    def close(self) -> None:
        if self._folder:
            self._folder.cleanup()

    def _driver(self) -> Any:  # noqa: ANN401  -- pyttsx3 has no types
        if self._opened is None:
            if _ESPEAK:
                _espeak()
            import pyttsx3  # noqa: PLC0415  -- only where it is used, and after the library it looks for is loaded

            self._opened = pyttsx3.init("espeak" if _ESPEAK else None)
            self._opened.runAndWait()  # until then it only queues what it is told
            _barrier()
            self._ids = {voice.name: own for own, voice in _offered(self._opened.getProperty("voices"))}
        return self._opened

    def _use_voice(self, name: str) -> None:
        """Choose a voice, and see that it was: an unknown one leaves the last one speaking."""
        own = self._ids.get(name)
        if own is None:
            raise SpeechError(f"there is no voice called '{name}' on this system")
        self._set("voice", own)
        current = str(self._opened.getProperty("voice"))
        if current.lower() != own.lower():
            raise RuntimeError(f"asked for the voice '{own}', pyttsx3 chose '{current}'")

    def _set(self, name: str, value: object) -> None:
        self._opened.setProperty(name, value)
        _barrier()


def _offered(listed: list[Any]) -> list[tuple[str, Voice]]:
    """Turn pyttsx3's voices into ours, each with pyttsx3's own id."""
    return _espeak_voices(listed) if _ESPEAK else _system_voices(listed)


def _espeak_voices(listed: list[Any]) -> list[tuple[str, Voice]]:
    voices = []
    for one in listed:
        if one.id.startswith("mb/"):
            continue  # MBROLA's: listed, but they need data of their own
        for variant, kind in ((_VARIANT, "eSpeak NG"), ("", "eSpeak NG, plain")):
            name, title = one.id + variant, f"{one.name}, {kind}, a draft voice"
            voices.append((name, Voice(name=name, language=one.languages[0], title=title, draft=True)))
    return voices


def _system_voices(listed: list[Any]) -> list[tuple[str, Voice]]:
    """Name voices by their short names (`samantha`), and where two share one, by language as well."""
    short = [re.sub(r"\W+", "-", (one.name or one.id).partition(" - ")[0].lower()).strip("-") for one in listed]
    languages = [str(one.languages[0] if one.languages else "en").replace("_", "-") for one in listed]
    names = [
        name if short.count(name) == 1 else f"{name}-{language.lower()}"
        for name, language in zip(short, languages, strict=True)
    ]
    return [
        (one.id, Voice(name=name, language=language, title=one.name or name))
        for one, name, language in zip(listed, names, languages, strict=True)
    ]


def _espeak() -> tuple[ctypes.CDLL, str]:
    """Load eSpeak NG, the system's or the one in `espeakng-loader`, and say whose it is.

    pyttsx3 asks for it by its soname, and glibc hands out what is loaded under it. Its data it finds by a variable.
    """
    try:
        return ctypes.CDLL(_ESPEAK_LIBRARY), "the system's"
    except OSError:
        pass
    try:
        import espeakng_loader  # noqa: PLC0415  -- Linux only

        os.environ["ESPEAK_DATA_PATH"] = espeakng_loader.get_data_path()
        library = ctypes.CDLL(espeakng_loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)
        return library, f"espeakng-loader {version('espeakng-loader')}"
    except (ImportError, OSError, RuntimeError) as error:
        hint = f"{to_install('espeakng-loader')}, as does the system's espeak-ng"
        raise SpeechError(f"eSpeak NG can't be loaded: {error}", hint=hint) from error


def _espeak_version() -> str:
    library, whose = _espeak()
    library.espeak_Info.restype = ctypes.c_char_p
    return f"eSpeak NG {library.espeak_Info(None).decode()}, {whose}"


def _barrier() -> None:
    """Wait until eSpeak has done all it was told. The other systems' drivers do one thing at a time themselves."""
    if _ESPEAK:
        from pyttsx3.drivers import _espeak as driver  # noqa: PLC0415  -- loads the library

        driver.Synchronize()


def _wait_for(path: Path) -> None:
    """Wait for a file that is written in the background, as NSSpeech does. A worker's time limit ends it."""
    size, since = -1, time.monotonic()
    while sys.platform == "darwin" and (size <= 0 or time.monotonic() - since < _SETTLED_SECONDS):
        now = path.stat().st_size if path.exists() else -1
        if now != size:
            size, since = now, time.monotonic()
        time.sleep(0.02)
