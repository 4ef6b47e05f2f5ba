"""A name -> a chime, a bed or a recording of one's own, opened, made fit for closed eyes and levelled."""

import functools
import hashlib
import os
import struct
import tomllib
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar, get_args

import numpy as np

from voiceguide import chimes, levels, loops, shipped, soundfiles
from voiceguide.cache import Cache, digest
from voiceguide.cues import Bed, Chime, Cue, Say, Utterance, opened
from voiceguide.durations import Ms
from voiceguide.errors import SoundError, VoiceguideError, did_you_mean, raise_all
from voiceguide.levels import Samples
from voiceguide.soundfiles import File
from voiceguide.speech import Clip, recorded

Kind = Literal["chime", "bed", "recording"]
_CUES: Mapping[Kind, str] = {"chime": "chime", "bed": "bed", "recording": "play"}

_SOFTEST = -60.0
_MOST_TABLE_BYTES = 1_000_000
_ENTRY = {"title": (str,), "kind": (str,), "origin": (str,), "licence": (str,), "loudness": (int, float)}
"""What `sounds.toml` may say of a sound."""
_CHIME = struct.Struct("<II")
"""Of a kept chime: channels, fade in ms. Samples follow."""
_RING = struct.Struct("<III")
"""Of a kept chime, in an entry of its own, for few sessions need its samples again: channels, fade in ms, frames."""
_LOOP = struct.Struct("<II")
"""Of a kept loop: channels, MP3 frames. Samples follow, in an entry of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A chime ready to ring, at 44.1 kHz."""

    key: str
    """Names the sound: equal keys sound the same."""
    channels: int
    """1 or 2."""
    length: Ms
    """From the first sample until it has faded 60 dB from its loudest."""
    fade: Ms
    """From the first sample until it has faded 20 dB from its loudest."""
    heard: Callable[[], Samples] = field(repr=False, compare=False)

    def samples(self) -> Samples:
        """Read float32 samples, (frames, channels), `length` long. They are shared: don't write to them."""
        return self.heard()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A bed ready to go round, at 44.1 kHz, as loud as a voice: -19 LUFS."""

    key: str
    """Names the sound: equal keys sound the same."""
    channels: int
    """1 or 2."""
    frames: int
    """Its length in MP3 frames of 1152 samples; its last sample goes on with its first."""
    heard: Callable[[], Samples] = field(repr=False, compare=False)

    def samples(self) -> Samples:
        """Read float32 samples, (frames * 1152, channels). They are shared: don't write to them."""
        return self.heard()


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a list of sounds says of one."""

    name: str
    title: str
    kind: Kind | None
    """None where no table says: it may be any."""
    origin: str
    licence: str
    loudness: float = chimes.LOUDEST
    """LUFS, momentary, of a chime at its loudest."""


Opened = TypeVar("Opened")


class _OfOneKind(Mapping[str, Opened]):
    """The sounds of one kind that a script may use, by name or path, each opened when it is first asked for."""

    def __init__(self, kind: Kind, names: "_Names", opened: Callable[[File, Description], Opened]) -> None:
        self._kind = kind
        self._names = names
        self._open = opened
        self._opened: dict[str, Opened] = {}

    def __getitem__(self, name: str) -> Opened:
        if name not in self._opened:
            file = self._names.find(name)
            if file is None:
                raise SoundError(f"there is no sound called '{name}'", hint=_refusal(name) or did_you_mean(name, self))
            described = self._names.described(file)
            if described.kind not in (self._kind, None):
                raise SoundError(
                    f"'{name}' is a {described.kind}, not a {self._kind}",
                    hint=f"write [{_CUES[described.kind]} {name}]",
                )
            self._opened[name] = self._open(file, described)
        return self._opened[name]

    def __contains__(self, name: object) -> bool:
        file = self._names.find(name) if isinstance(name, str) else None
        return file is not None and self._fits(file)

    def files(self) -> Iterator[Path]:
        """Give where those lie that were opened."""
        return (file.path for file in map(self._names.find, self._opened) if file)

    def __iter__(self) -> Iterator[str]:
        return (name for name, file in sorted(self._names.bare.items()) if self._fits(file))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _fits(self, file: File) -> bool:
        try:
            return self._names.described(file).kind in (self._kind, None)
        except SoundError:
            return True  # what is wrong with a table is told when a sound of it is opened, at the cue that asks for it


class _Recordings(_OfOneKind[Clip]):
    """Also those that lie beside the script, by their whole names."""

    def __iter__(self) -> Iterator[str]:
        yield from super().__iter__()
        yield from self._names.beside_script


class Sounds(_OfOneKind[Sound]):
    """The chimes a script may use, by name or path, each opened when first asked for; `beds`, and `recordings` as well.

    A bare name is looked for in `sounds/` beside the script, then on the shelves of `shipped`; one with an ending, such
    as `bells/mine.wav`, from the script's own folder as well. `given` are names that the person typed rather than the
    script's writer: these may be paths anywhere. Where no table says what it is, a sound may be used as any of them.
    Testing and listing names opens no sound; `sounds[name]`, as of beds and recordings, raises SoundError.
    """

    def __init__(
        self, script_folder: Path | None = None, *, given: Collection[str] = (), cache: Cache | None = None
    ) -> None:
        names = _Names(script_folder, frozenset(given))
        super().__init__("chime", names, functools.partial(_chime, cache=cache))
        self.beds: _OfOneKind[Loop] = _OfOneKind("bed", names, functools.partial(_bed, cache=cache))
        made = functools.partial(_recording, cache=cache or Cache())
        self.recordings: _OfOneKind[Clip] = _Recordings("recording", names, made)

    def has_opened(self, path: Path) -> bool:
        """Tell whether a file is one of the sounds of any kind that were opened."""
        kinds = (self, self.beds, self.recordings)
        return path.exists() and any(path.samefile(file) for kind in kinds for file in kind.files())

    def descriptions(self) -> tuple[Description, ...]:
        """Describe every sound that has a name, by the table beside it. Raises SoundError for a table that is wrong."""
        return tuple(self._names.described(file) for _, file in sorted(self._names.bare.items()))


class _Names:
    """Where names lead, and what the tables beside those files say."""

    def __init__(self, script_folder: Path | None, given: frozenset[str]) -> None:
        self._script_folder = script_folder
        self._given = given
        self.described = functools.cache(_described)

    @functools.cached_property
    def bare(self) -> dict[str, File]:
        """Every sound of every folder, by bare name: the nearest folder wins, and in it the best ending."""
        return {name: file for root, folder in reversed(self._folders) for name, file in _listed(root, folder)}

    @property
    def beside_script(self) -> list[str]:
        """The sounds in the script's own folder and the folders in it, by their paths from there; no sessions."""
        root = self._script_folder
        if root is None:
            return []
        paths = (path for pattern in ("*", "*/*") for path in root.glob(pattern) if soundfiles.is_sound(path.name))
        paths = (path for path in paths if path.is_file() and not _is_session(path))
        names = (unicodedata.normalize("NFC", path.relative_to(root).as_posix()) for path in paths)
        return sorted(name for name in names if _refusal(name) is None)

    def find(self, name: str) -> File | None:
        if name in self.bare or not soundfiles.is_sound(name):
            return self.bare.get(name)
        return next((file for file in self._paths(name) if os.path.lexists(file.path)), None)

    def _paths(self, name: str) -> Iterator[File]:
        if name in self._given:
            typed = Path(os.path.expanduser(name))  # noqa: PTH111  -- Path's raises where there is no such home
            yield File(root=typed.parent, inside=typed.name)
        if _refusal(name) is None:
            for root, folder in self._folders:
                yield File(root=root, inside=str(PurePosixPath(folder, name)))
            if self._script_folder:
                yield File(root=self._script_folder, inside=name)

    @property
    def _folders(self) -> list[tuple[Path, str]]:
        beside_script = [(self._script_folder, "sounds")] if self._script_folder else []
        return beside_script + [(shelf, ".") for shelf in shipped.shelves("sounds")]


def open_all(cues: Sequence[Cue], sounds: Sounds) -> None:
    """Open every sound that will be heard, before anything is spoken, and tell of all that can't be.

    Raises SoundErrors, each at the cue that asks for it.
    """
    errors: dict[str, VoiceguideError] = {}
    for cue in opened(cues):
        shelf: Mapping[str, object]
        match cue:
            case Chime(sound=name):
                shelf = sounds
            case Bed(sound=str(name)):
                shelf = sounds.beds
            case Say(utterance=Utterance(recording=str(name))):
                shelf = sounds.recordings
            case _:
                continue
        try:
            _ = shelf[name] if name not in errors else None
        except SoundError as error:
            errors[name] = SoundError(error.message, at=cue.at, hint=error.hint)
    raise_all(list(errors.values()))


def _refusal(name: str) -> str | None:
    """Say why a script may not use a name, whatever lies there; None if it may."""
    parts = name.split("/")
    if not name or not name.isprintable() or any(char in name for char in "\\:"):
        return f"a sound's name has only letters, digits, spaces and -_./ in it; {soundfiles.WHERE}"
    if name.startswith(("/", "~")) or ".." in parts:
        return f"a script can only use sounds of its own folder: {soundfiles.WHERE}"
    if any(not part or part.startswith((".", "-")) for part in parts):
        return f"no part of a sound's name is empty or begins with '.' or '-': {soundfiles.WHERE}"
    return None


def _listed(root: Path, folder: str) -> Iterator[tuple[str, File]]:
    """Give the sounds of a folder, those with the best endings last."""
    try:
        files = [path for path in (root / folder).iterdir() if soundfiles.is_sound(path.name) and path.is_file()]
    except OSError:
        return  # a folder that is not there, or not ours to read, has no sounds in it
    for path in sorted(files, key=lambda path: (-soundfiles.ENDINGS.index(path.suffix.lower()), path.name)):
        name = unicodedata.normalize("NFC", path.stem)  # as scripts are; a Mac may write ü as two
        if _refusal(name) is None:
            yield name, File(root=root, inside=str(PurePosixPath(folder, path.name)))


def _is_session(path: Path) -> bool:
    """Tell whether a file was rendered: by where it lies, or by what stands near its beginning."""
    if path.parent.name == _OUTPUT:
        return True
    try:
        with path.open("rb") as file:
            begins = file.read(_BEGINNING)
    except OSError:
        return False
    return any("voiceguide ".encode(how) in begins for how in ("latin-1", "utf-16-le"))


_OUTPUT = "output"
"""The folder for recordings, unless someone asks for another."""
_BEGINNING = 4096
"""Bytes, in which tags say with what a file was made."""


def _described(file: File) -> Description:
    """Look a sound up in the table beside it. Raises SoundError for a table that is wrong."""
    name = unicodedata.normalize("NFC", PurePosixPath(file.inside).stem)
    table = file.beside("sounds.toml")
    entry = _table(table).get(name, {})
    if not isinstance(entry, dict) or not all(isinstance(entry[key], _ENTRY.get(key, ())) for key in entry):
        raise SoundError(
            f"{table.path} says of '{name}' what is not {', '.join(_ENTRY)}",
            hint="texts are written in quotes, loudness as a number such as -24",
        )
    kind = entry.get("kind")
    if kind not in (None, *get_args(Kind)):
        hint = 'kind is "chime", "bed" or "recording"'
        raise SoundError(f"{table.path} says that '{name}' is a '{kind}'", hint=hint)
    if "loudness" in entry and (instead := _NO_LOUDNESS.get(kind)):
        raise SoundError(f"{table.path} gives the {kind} '{name}' a loudness", hint=instead.format(name=name))
    return Description(
        name=name,
        title=entry.get("title", name),
        kind=kind,
        origin=entry.get("origin", str(file.path)),
        licence=entry.get("licence", ""),
        loudness=min(chimes.LOUDEST, max(_SOFTEST, float(entry.get("loudness", chimes.LOUDEST)))),
    )


_NO_LOUDNESS: Mapping[Kind | None, str] = {
    "bed": "say it where it is heard: [bed {name} at -24dB]",
    "recording": "leave it out: it is as loud as the voice",
}
"""What to do instead."""


def _table(file: File) -> dict[str, Any]:
    if not file.path.is_file():
        return {}
    try:
        return tomllib.loads(soundfiles.content(file, _MOST_TABLE_BYTES).decode())
    except ValueError as error:
        raise SoundError(f"{file.path} can't be read: {error}", hint="see the table of the shipped sounds") from error


def _chime(file: File, described: Description, *, cache: Cache | None) -> Sound:
    content = soundfiles.content(file)
    key = digest("chime", chimes.VERSION, hashlib.sha256(content).hexdigest(), described.loudness)

    def made() -> bytes:
        samples = chimes.struck(soundfiles.decoded(content, file), described.loudness)
        return _CHIME.pack(samples.shape[1], chimes.fade(samples)) + samples.astype("<f4").tobytes()

    @functools.cache
    def kept() -> bytes:
        return _kept(cache, "chimes", key, made)

    def heard() -> Samples:
        return np.frombuffer(kept(), "<f4", offset=_CHIME.size).reshape(-1, channels)

    def ring() -> bytes:
        channels, fade = _CHIME.unpack_from(kept())
        return _RING.pack(channels, fade, (len(kept()) - _CHIME.size) // (4 * channels))

    channels, fade, count = _RING.unpack(_kept(cache, "rings", key, ring))
    return Sound(key=key, channels=channels, length=Ms(round(count * 1000 / levels.RATE)), fade=Ms(fade), heard=heard)


def _bed(file: File, _: Description, *, cache: Cache | None) -> Loop:
    content = soundfiles.content(file)
    key = digest("bed", loops.VERSION, hashlib.sha256(content).hexdigest())

    def made() -> bytes:
        samples = loops.looped(soundfiles.decoded(content, file), file.path)
        return _LOOP.pack(samples.shape[1], len(samples) // loops.FRAME) + samples.astype("<f4").tobytes()

    @functools.cache
    def kept() -> bytes:
        return _kept(cache, "loops", key, made)

    def heard() -> Samples:
        return np.frombuffer(kept(), "<f4", offset=_LOOP.size).reshape(-1, channels)

    channels, frames = _LOOP.unpack(_kept(cache, "beds", key, lambda: kept()[: _LOOP.size]))
    return Loop(key=key, channels=channels, frames=frames, heard=heard)


def _recording(file: File, _: Description, *, cache: Cache) -> Clip:
    content = soundfiles.content(file)
    return recorded(hashlib.sha256(content).hexdigest(), lambda: soundfiles.decoded(content, file), file.path, cache)


def _kept(cache: Cache | None, shelf: str, key: str, made: Callable[[], bytes]) -> bytes:
    """Give what the cache keeps under a key, or make it and keep it."""
    body = cache.get(shelf, key) if cache else None
    if body is None:
        body = made()
        if cache:
            cache.put(shelf, key, body)
    return body
