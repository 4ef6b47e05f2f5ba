"""A name -> a chime, opened, levelled and measured.

A chime may come from anyone, so its file is read whole and once, from inside its folder only, decoded with a ceiling
that does not trust its header, and then made fit for closed eyes: no lead, no hard attack, one loudness.
"""

import hashlib
import io
import os
import stat
import struct
import tomllib
import unicodedata
import warnings
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from voiceguide import levels, shipped
from voiceguide.cache import Cache, digest
from voiceguide.durations import Ms
from voiceguide.errors import SoundError, did_you_mean
from voiceguide.levels import Samples

LOUDEST = -22.0
"""LUFS, momentary: no chime rings louder, unless its script says so."""

_SOFTEST = -60.0
_TREATMENT = 1
"""Counted up whenever what is done to a sound changes: it is part of every key."""
_MARGIN = 0.3
"""LU under what is asked for: an MP3 comes out a little louder than what went in, and blocks may fall otherwise."""
_PEAK = -3.0
"""dBTP."""
_ONSET_DB, _ONSET_KEPT_MS = 40, 30
_FADED_DB, _END_FADE_MS = 60, 50
_ATTACK_MS, _SOFT_ATTACK_MS, _OPENING_MS = 15, 40, 50
"""Of 40 ms along a raised cosine, 24 lie between 10 and 90 %; what falls off meanwhile makes them fewer."""
_SILENT_DB = -60
"""dBFS: what never gets above would bring up more noise than sound."""

_ABSURD = 1e9
"""Amplitude: floating-point files may hold anything, and some count full scale as 32,768."""
_RATES_HZ = range(4000, 768_001)
_LONGEST_SECONDS = 600
_MOST_FRAMES = 48_000 * _LONGEST_SECONDS
_MOST_BYTES = 50_000_000
_MOST_TABLE_BYTES = 1_000_000
_FLAGS = os.O_RDONLY | sum(getattr(os, flag, 0) for flag in ("O_NONBLOCK", "O_NOFOLLOW", "O_BINARY"))
"""Of these, Windows has only the last."""
_BLOCK = 65_536
_PIECE_SECONDS = 60

_DEMUXERS = {".m4a": "mp4", ".m4b": "mp4", ".mp4": "mp4", ".aac": "aac", ".wma": "asf", ".webm": "webm"}
"""What ffmpeg opens, and as what. Forced, because left to guess it takes a playlist in disguise and reads any file
that one names; none of these opens another file."""
_ENDINGS = (".flac", ".wav", ".ogg", ".opus", ".mp3", ".aiff", ".aif", ".caf", ".au", *_DEMUXERS)
"""Where a name fits several files of a folder, the first of these wins."""
_FRONT, _SIDE = 1.0, 0.707
_SPEAKERS = {1: "M", 2: "LR", 3: "LRC", 4: "LRlr", 5: "LRClr", 6: "LRC-lr", 7: "LRC-clr", 8: "LRC-lrlr"}
"""Channels in their order in a file: left, right, centre, behind in small letters, `-` for the woofer's."""
_MIX = {"L": (_FRONT, 0), "R": (0, _FRONT), "C": (_SIDE, _SIDE), "l": (_SIDE, 0), "r": (0, _SIDE), "c": (0.5, 0.5)}

_ENTRY = {"title": (str,), "kind": (str,), "origin": (str,), "licence": (str,), "loudness": (int, float)}
"""What `sounds.toml` may say of a sound."""
_HEAD = struct.Struct("<II")
"""Of a kept chime: channels, fade in ms. Samples follow."""
_CONVERT = "open it in an audio editor such as Audacity and export it as WAV or FLAC"
_WHERE = "put the file into a folder named sounds beside the script, and write its name: [chime mybell]"


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
    heard: Samples = field(repr=False, compare=False)

    def samples(self) -> Samples:
        """Read float32 samples, (frames, channels), `length` long. They are shared: don't write to them."""
        return self.heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a list of sounds says of one."""

    name: str
    title: str
    kind: str
    origin: str
    licence: str
    loudness: float = LOUDEST
    """LUFS, momentary, at its loudest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    root: Path
    """The folder that it may not lead out of."""
    inside: str
    """Its path from there, with `/`."""

    @property
    def path(self) -> Path:
        return self.root / self.inside

    def beside(self, name: str) -> "_File":
        return _File(root=self.root, inside=str(PurePosixPath(self.inside).with_name(name)))


class Sounds(Mapping[str, Sound]):
    """The sounds a script may use, by name or path, each opened when it is first asked for.

    A bare name is looked for in `sounds/` beside the script, then on the shelves of `shipped`; one with an ending, such
    as `bells/mine.wav`, from the script's own folder as well. `given` are names that the person typed rather than the
    script's writer: these may be paths anywhere. Testing and listing names opens no sound; `sounds[name]` raises
    SoundError.
    """

    def __init__(
        self, script_folder: Path | None = None, *, given: Collection[str] = (), cache: Cache | None = None
    ) -> None:
        self._script_folder = script_folder
        self._given = frozenset(given)
        self._cache = cache
        self._opened: dict[str, Sound] = {}

    def __getitem__(self, name: str) -> Sound:
        if name not in self._opened:
            file = self._find(name)
            if file is None:
                raise SoundError(f"there is no sound called '{name}'", hint=_refusal(name) or did_you_mean(name, self))
            self._opened[name] = self._open(file)
        return self._opened[name]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._named))

    def __len__(self) -> int:
        return len(self._named)

    def descriptions(self) -> tuple[Description, ...]:
        """Describe every sound that has a name, by the table beside it. Raises SoundError for a table that is wrong."""
        return tuple(_described(self._named[name]) for name in self)

    @cached_property
    def _named(self) -> dict[str, _File]:
        """Every sound of every folder, by bare name: the nearest folder wins, and in it the best ending."""
        return {name: file for root, folder in reversed(self._folders) for name, file in _listed(root, folder)}

    @property
    def _folders(self) -> list[tuple[Path, str]]:
        beside_script = [(self._script_folder, "sounds")] if self._script_folder else []
        return beside_script + [(shelf, ".") for shelf in shipped.shelves("sounds")]

    def _find(self, name: str) -> _File | None:
        if name in self._named or not _has_ending(name):
            return self._named.get(name)
        return next((file for file in self._paths(name) if os.path.lexists(file.path)), None)

    def _paths(self, name: str) -> Iterator[_File]:
        if name in self._given:
            typed = Path(os.path.expanduser(name))  # noqa: PTH111  -- Path's raises where there is no such home
            yield _File(root=typed.parent, inside=typed.name)
        if _refusal(name) is None:
            for root, folder in self._folders:
                yield _File(root=root, inside=str(PurePosixPath(folder, name)))
            if self._script_folder:
                yield _File(root=self._script_folder, inside=name)

    def _open(self, file: _File) -> Sound:
        content = _content(file, _MOST_BYTES)
        loudness = _described(file).loudness
        key = digest("chime", _TREATMENT, hashlib.sha256(content).hexdigest(), loudness)
        kept = self._cache.get("chimes", key) if self._cache else None
        if kept is None:
            kept = _packed(_treated(_decoded(content, file), loudness, file))
            if self._cache:
                self._cache.put("chimes", key, kept)
        return _unpacked(key, kept)


def _has_ending(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in _ENDINGS


def _refusal(name: str) -> str | None:
    """Say why a script may not use a name, whatever lies there; None if it may."""
    parts = name.split("/")
    if not name or not name.isprintable() or any(char in name for char in "\\:"):
        return f"a sound's name has only letters, digits, spaces and -_./ in it; {_WHERE}"
    if name.startswith(("/", "~")) or ".." in parts:
        return f"a script can only use sounds of its own folder: {_WHERE}"
    if any(not part or part.startswith((".", "-")) for part in parts):
        return f"no part of a sound's name is empty or begins with '.' or '-': {_WHERE}"
    return None


def _listed(root: Path, folder: str) -> Iterator[tuple[str, _File]]:
    """Give the sounds of a folder, those with the best endings last."""
    try:
        files = [path for path in (root / folder).iterdir() if _has_ending(path.name) and path.is_file()]
    except OSError:
        return  # a folder that is not there, or not ours to read, has no sounds in it
    for path in sorted(files, key=lambda path: (-_ENDINGS.index(path.suffix.lower()), path.name)):
        name = unicodedata.normalize("NFC", path.stem)  # as scripts are; a Mac may write ü as two
        if _refusal(name) is None:
            yield name, _File(root=root, inside=str(PurePosixPath(folder, path.name)))


def _content(file: _File, most: int) -> bytes:
    """Read a file without leaving its folder, waiting on a pipe, or taking in more than `most` bytes."""
    root = os.path.realpath(file.root)
    path = os.path.realpath(file.path)
    if not Path(path).is_relative_to(root):
        raise SoundError(f"{file.path} is a link that leads out of its folder", hint="copy the file there instead")
    try:
        with open(path, "rb", opener=lambda path, _: os.open(path, _FLAGS)) as opened:
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SoundError(f"{file.path} is not a file", hint=_WHERE)
            content = opened.read(min(most, status.st_size) + 1)
    except OSError as error:
        raise SoundError(f"{file.path} can't be opened: {error.strerror}", hint=_WHERE) from error
    if len(content) > most:
        raise SoundError(f"{file.path} is larger than {most // 1_000_000} MB", hint="cut it to the stroke you want")
    return content


def _described(file: _File) -> Description:
    name, table = PurePosixPath(file.inside).stem, file.beside("sounds.toml")
    entry = _table(table).get(name, {})
    if not isinstance(entry, dict) or not all(isinstance(entry[key], _ENTRY.get(key, ())) for key in entry):
        raise SoundError(
            f"{table.path} says of '{name}' what is not {', '.join(_ENTRY)}",
            hint="texts are written in quotes, loudness as a number such as -24",
        )
    return Description(
        name=name,
        title=entry.get("title", name),
        kind=entry.get("kind", "chime"),
        origin=entry.get("origin", str(file.path)),
        licence=entry.get("licence", ""),
        loudness=min(LOUDEST, max(_SOFTEST, float(entry.get("loudness", LOUDEST)))),
    )


def _table(file: _File) -> dict[str, Any]:
    if not file.path.is_file():
        return {}
    try:
        return tomllib.loads(_content(file, _MOST_TABLE_BYTES).decode())
    except ValueError as error:
        raise SoundError(f"{file.path} can't be read: {error}", hint="see the table of the shipped sounds") from error


def _decoded(content: bytes, file: _File) -> Samples:
    """Decode to 44.1 kHz, mono or stereo: by libsndfile, and what that can't by ffmpeg."""
    import soundfile  # noqa: PLC0415  -- listing names, and chimes kept before, need no decoder

    demuxer = _DEMUXERS.get(PurePosixPath(file.inside).suffix.lower())
    try:
        samples, rate = _by_libsndfile(content, file)
    except soundfile.SoundFileError as error:
        if demuxer is None:
            reason = error.error_string if isinstance(error, soundfile.LibsndfileError) else str(error)
            raise SoundError(f"{file.path} can't be read as a sound: {reason}", hint=_CONVERT) from error
        samples, rate = _by_ffmpeg(content, demuxer, file)
    return levels.resampled(samples, rate)


def _by_libsndfile(content: bytes, file: _File) -> tuple[Samples, int]:
    import soundfile  # noqa: PLC0415  -- as above

    blocks, count = [np.zeros((0, 1), np.float32)], 0
    with soundfile.SoundFile(io.BytesIO(content)) as opened:
        rate = opened.samplerate
        while len(block := opened.read(_BLOCK, dtype="float32", always_2d=True)):
            count += len(block)
            _check_size(count, rate, file)
            blocks.append(_mixed_down(block, file))
    return np.concatenate(blocks[1:] or blocks), rate


def _by_ffmpeg(content: bytes, demuxer: str, file: _File) -> tuple[Samples, int]:
    """Decode from pydub's private copy: an m4a has its index anywhere, and from a pipe ffmpeg gives 0 s and success."""
    import imageio_ffmpeg  # noqa: PLC0415  -- only for the few who bring such a file

    with warnings.catch_warnings(action="ignore"):  # its import looks for an ffmpeg of the system's, and complains
        from pydub import AudioSegment  # noqa: PLC0415
        from pydub.exceptions import CouldntDecodeError  # noqa: PLC0415

    try:
        AudioSegment.converter = imageio_ffmpeg.get_ffmpeg_exe()
        # Not from_file: that asks ffprobe first, which is not in the wheel and would guess the format.
        segment = AudioSegment.from_file_using_temporary_files(
            io.BytesIO(content), format=demuxer, duration=_LONGEST_SECONDS + 1
        )
    except (CouldntDecodeError, RuntimeError, OSError) as error:
        raise SoundError(f"{file.path} can't be read as a sound", hint=_CONVERT) from error
    samples = np.array(segment.get_array_of_samples(), np.float32) / float(1 << 8 * segment.sample_width - 1)
    _check_size(len(samples) // segment.channels, segment.frame_rate, file)
    return _mixed_down(samples.reshape(-1, segment.channels), file), segment.frame_rate


def _check_size(count: int, rate: int, file: _File) -> None:
    if rate not in _RATES_HZ:
        raise SoundError(f"{file.path} has {rate} samples a second", hint=_CONVERT)
    if count > min(rate * _LONGEST_SECONDS, _MOST_FRAMES):
        raise SoundError(
            f"{file.path} is longer than {_LONGEST_SECONDS // 60} minutes, or too large to be held",
            hint="a chime is one stroke: cut it to the stroke you want",
        )


def _mixed_down(samples: Samples, file: _File) -> Samples:
    """Bring any number of speakers to two, the sides 3 dB softer (ITU-R BS.775)."""
    count = samples.shape[1]
    if count not in _SPEAKERS:
        raise SoundError(f"{file.path} has {count} channels", hint=_CONVERT)
    if count <= 2:
        return samples
    mix = np.array([_MIX.get(speaker, (0, 0)) for speaker in _SPEAKERS[count]], np.float32)
    return samples @ mix


def _treated(samples: Samples, loudness: float, file: _File) -> Samples:
    """Make a sound fit for closed eyes: from its stroke on, softly struck, rung out, at one loudness."""
    centred = _centred(samples)
    if centred is None:
        raise SoundError(f"{file.path} is silent or damaged", hint="play it, and record or export it again")
    return _levelled(_one_if_equal(_rung_out(_softened(_from_stroke(centred)))), loudness)


def _centred(samples: Samples) -> Samples | None:
    """Remove a constant offset and bring the peak to 1; None where nothing sounds, or what no sound can be."""
    if not (len(samples) and np.abs(samples).max() < _ABSURD):  # nan is not less either
        return None
    centred = samples - samples.mean(axis=0, dtype=np.float64).astype(np.float32)
    peak = np.abs(centred).max()
    return centred / peak if peak > levels.gain(_SILENT_DB) else None


def _from_stroke(samples: Samples) -> Samples:
    """Cut what comes before the sound: it rings when its cue says, not after a recording's room has been heard."""
    return samples[max(0, _first_above(_rising(samples), -_ONSET_DB) - levels.frames(_ONSET_KEPT_MS)) :]


def _softened(samples: Samples) -> Samples:
    """Give a hard stroke a felt mallet: fade it in, if it rises from 10 to 90 % in less than 15 ms."""
    rising = _rising(samples)
    stroke = _first_above(rising, -20)
    opening = rising[stroke : stroke + levels.frames(_OPENING_MS)]
    attack = _first_above(opening, levels.decibels(0.9)) - _first_above(opening, -20)
    if attack >= levels.frames(_ATTACK_MS):
        return samples
    return levels.faded(samples[stroke:], start_ms=_SOFT_ATTACK_MS)


def _rung_out(samples: Samples) -> Samples:
    """Cut the tail where it stays 60 dB under the peak, fade it, and fill the last millisecond."""
    whole_ms = levels.milliseconds(len(samples))
    heard = levels.trimmed(samples, below_peak_db=_FADED_DB, keep_before_ms=whole_ms, keep_after_ms=_END_FADE_MS)
    missing = levels.frames(levels.milliseconds(len(heard))) - len(heard)
    return np.pad(levels.faded(heard, end_ms=_END_FADE_MS), ((0, missing), (0, 0)))


def _one_if_equal(samples: Samples) -> Samples:
    """Take one channel where both say the same, so that a session need not be stereo for it."""
    if np.abs(samples[:, 0] - samples[:, -1]).max() < levels.gain(-_FADED_DB):
        return samples[:, :1]
    return samples


def _levelled(samples: Samples, loudness: float) -> Samples:
    pieces = [samples[start:] for start in range(0, len(samples), _PIECE_SECONDS * levels.RATE)]
    pieces = [piece[: (_PIECE_SECONDS + 1) * levels.RATE] for piece in pieces]
    loudest = max(float(levels.momentary(piece).max()) for piece in pieces)
    peak = max(levels.true_peak(piece) for piece in pieces)
    return samples * np.float32(levels.gain(min(loudness - _MARGIN - loudest, _PEAK - peak)))


def _rising(samples: Samples) -> Samples:
    """The highest amplitude so far, over all channels."""
    return np.maximum.accumulate(np.abs(samples).max(axis=1))


def _first_above(rising: Samples, db: float) -> int:
    """Find the first frame where a rising amplitude is above `db` relative to its last."""
    return int(np.searchsorted(rising, rising[-1] * levels.gain(db), side="right"))


def _fade(samples: Samples) -> Ms:
    """Find when the power over 50 ms is 20 dB under its highest for good."""
    window, hop = levels.frames(50), levels.frames(10)
    energy = np.concatenate([[0.0], np.cumsum((samples.astype(np.float64) ** 2).sum(axis=1))])
    starts = np.arange(0, max(1, len(samples) - window), hop)
    powers = energy[np.minimum(starts + window, len(samples))] - energy[starts]
    last = starts[np.flatnonzero(powers > powers.max() / 100)[-1]]
    return Ms(min(levels.milliseconds(int(last) + window), levels.milliseconds(len(samples))))


def _packed(samples: Samples) -> bytes:
    return _HEAD.pack(samples.shape[1], _fade(samples)) + samples.astype("<f4").tobytes()


def _unpacked(key: str, kept: bytes) -> Sound:
    channels, fade = _HEAD.unpack_from(kept)
    samples = np.frombuffer(kept, "<f4", offset=_HEAD.size).reshape(-1, channels)
    length = Ms(round(len(samples) * 1000 / levels.RATE))
    return Sound(key=key, channels=channels, length=length, fade=Ms(fade), heard=samples)
