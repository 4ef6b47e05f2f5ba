"""This machine -> what works here and what does not, found out by doing it, and what to do about it."""

import platform
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from voiceguide import files, shipped, soundfiles
from voiceguide.audiofile import FORMATS
from voiceguide.cache import Cache
from voiceguide.engines import Voice
from voiceguide.engines.casting import OTHER_VOICE, Cast
from voiceguide.engines.worker import FalteredError
from voiceguide.errors import VoiceguideError, to_install
from voiceguide.job import Job
from voiceguide.player.miniaudio import has_miniaudio
from voiceguide.player.mpv import has_mpv
from voiceguide.player.system import programs
from voiceguide.render import render
from voiceguide.settings import read_settings
from voiceguide.speech.judging import judge_sound

_SESSION = "---\ntitle: Trying out\n---\n[chime tingsha wait 1s]\n"
_LEAST_BYTES = 100_000_000
"""An hour takes some 45 MB, and as much again in the cache."""
_STUDIO = ("starlette", "uvicorn", "segno")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of trying one thing."""

    about: str
    """What: `Python`, `hibari`, `MP3`."""
    works: bool
    told: str
    """How well, or why not."""
    advice: str | None = None
    """What to do, where it does not work."""
    needed: bool = False
    """Whether no MP3 can be made without."""


def examine(cast: Cast, cache: Cache) -> tuple[Tried, ...]:
    """Try out all that a session may need: quickly, without the network, and leaving nothing behind."""
    with ThreadPoolExecutor(max_workers=len(cast.engines) + 1) as pool:
        engines = [pool.submit(_engine, name, cast) for name in cast.engines]
        formats = pool.submit(_formats)
        around = (_settings(), *_folders(cache), _space(cache), _decoder(), _player(), _studio())
        spoken = _one_needed([engine.result() for engine in engines])
        return (_python(), *spoken, *formats.result(), *around)


def can_render(tried: Sequence[Tried]) -> bool:
    """Tell whether an MP3 can be made."""
    return all(one.works for one in tried if one.needed)


def _python() -> Tried:
    return Tried(about="Python", works=True, told=f"{platform.python_version()} on {platform.platform(terse=True)}")


def _engine(name: str, cast: Cast) -> Tried:
    try:
        voices = cast.voices(name)
        here = [voice for voice in voices if not voice.fetch]
        if not here:
            return Tried(about=name, works=False, told="it has no voice here", advice=_MORE_VOICES)
        voice = _first(here)
        judge_sound(*cast.hear(name, voice))
    except VoiceguideError as error:
        return Tried(about=name, works=False, told=error.message, advice=error.hint)
    except FalteredError as error:
        return Tried(about=name, works=False, told=f"'{voice.name}' does not work here: {error}", advice=OTHER_VOICE)
    more = f", and {len(voices) - len(here)} to download" if len(here) < len(voices) else ""
    count = f"{len(here)} voices" if len(here) > 1 else "one voice"
    return Tried(about=name, works=True, told=f"speaks; it has {count} here{more}")


_MORE_VOICES = "`voiceguide voices` says how to get one"


def _first(voices: list[Voice]) -> Voice:
    """Choose who tries: an English voice, if there is one, since the word is English."""
    return next((voice for voice in voices if voice.language.startswith("en")), voices[0])


def _one_needed(engines: list[Tried]) -> list[Tried]:
    """One voice is enough for a session."""
    dumb = not any(engine.works for engine in engines)
    return [replace(engine, needed=dumb) for engine in engines]


def _formats() -> list[Tried]:
    """Make a recording without words as each kind of file: whether there is a voice is told beside."""
    with TemporaryDirectory(prefix="voiceguide-") as folder:
        script = Path(folder, "trying.md")
        script.write_text(_SESSION, encoding="utf-8")
        job = Job(script=script)
        cache = Cache(Path(folder, "cache"))
        return [_format(name, replace(job, out=Path(folder, f"trying.{name}")), cache) for name in FORMATS]


def _format(name: str, job: Job, cache: Cache) -> Tried:
    needed, about = name == FORMATS[0], "Opus" if name == "opus" else name.upper()
    try:
        render(job, cache=cache)
    except VoiceguideError as error:
        return Tried(about=about, works=False, told=error.message, advice=error.hint, needed=needed)
    return Tried(about=about, works=True, told="a short recording was made", needed=needed)


def _settings() -> Tried:
    try:
        path = read_settings().path
    except VoiceguideError as error:
        return Tried(about="settings", works=False, told=str(error), advice=_EDIT, needed=True)
    return Tried(about="settings", works=True, told=str(path) if path.exists() else f"none yet; they go to {path}")


_EDIT = "`voiceguide settings` says where it is wrong, `voiceguide settings edit` opens it"


def _folders(cache: Cache) -> Iterator[Tried]:
    yield _folder("recordings", _output(), "name another with -o FOLDER, or `voiceguide settings set output FOLDER`")
    size = sum(shelf.size for shelf in cache.shelves())
    kept = f"{cache.folder}, {size / 1e6:.0f} MB; `voiceguide cache trim` makes it smaller"
    yield _folder("cache", cache.folder, "VOICEGUIDE_CACHE=FOLDER in the environment names another", told=kept)
    own = "VOICEGUIDE_HOME=FOLDER in the environment names another"
    yield replace(_folder("your own folder", shipped.home(), own), needed=False)


def _output() -> Path:
    try:
        return read_settings().wishes.get("out", Path("output"))
    except VoiceguideError:
        return Path("output")  # what is wrong with the settings is told beside


def _folder(about: str, folder: Path, advice: str, *, told: str | None = None) -> Tried:
    try:
        files.try_out(folder.absolute())
    except OSError as error:
        reason = f"{folder} can't be written to: {error.strerror}"
        return Tried(about=about, works=False, told=reason, advice=advice, needed=True)
    return Tried(about=about, works=True, told=told or str(folder.absolute()), needed=True)


def _space(cache: Cache) -> Tried:
    """See what is left where there is least."""
    folders = (_output().absolute(), cache.folder.absolute())
    least = min(shutil.disk_usage(files.nearest(folder)).free for folder in folders)
    told = f"{least / 1e9:.1f} GB left on the disk"
    advice = "make room: `voiceguide cache trim --to 100` keeps 100 MB of the cache"
    return Tried(about="space", works=least >= _LEAST_BYTES, told=told, advice=advice, needed=True)


def _decoder() -> Tried:
    """What reads sounds of one's own. The usual kinds need nothing; a session without m4a needs no ffmpeg."""
    try:
        version = soundfiles.ffmpeg_version()
    except VoiceguideError as error:
        return Tried(about="own sounds", works=False, told=error.message, advice=error.hint)
    return Tried(about="own sounds", works=True, told=f"wav, flac, mp3, ogg; m4a and others by ffmpeg {version}")


def _player() -> Tried:
    there = {"mpv": has_mpv(), "miniaudio": has_miniaudio(), "the system's": bool(programs(unheard=False))}
    found = [name for name, is_there in there.items() if is_there]
    if found:
        return Tried(about="player", works=True, told=f"{found[0]} plays recordings; there is {', '.join(found)}")
    advice = f"{to_install('voiceguide[play]')}, as does mpv; a recording plays in any other program"
    return Tried(about="player", works=False, told="nothing here plays recordings", advice=advice)


def _studio() -> Tried:
    missing = [package for package in _STUDIO if find_spec(package) is None]
    if missing:
        told, advice = f"{', '.join(missing)} is not installed", to_install("voiceguide[studio]")
        return Tried(about="studio", works=False, told=told, advice=advice)
    return Tried(about="studio", works=True, told="`voiceguide studio` opens a page in the browser")
