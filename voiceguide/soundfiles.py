"""A sound's file -> its samples, at 44.1 kHz, mono or stereo.

It may come from anyone: it is read whole and once, from inside its folder only, and decoded with a ceiling that does
not trust its header.
"""

import io
import os
import stat
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from voiceguide import levels
from voiceguide.errors import SoundError, to_install
from voiceguide.levels import Samples

WHERE = "put the file into a folder named sounds beside the script, and write its name"

_SILENT_DB = -60
"""dBFS: what never gets above would bring up more noise than sound."""
_ABSURD = 1e9
"""Amplitude: floating-point files may hold anything, and some count full scale as 32,768."""
_RATES_HZ = range(4000, 768_001)
_LONGEST_SECONDS = 600
_MOST_FRAMES = 48_000 * _LONGEST_SECONDS
_MOST_BYTES = 50_000_000
_FLAGS = os.O_RDONLY | sum(getattr(os, flag, 0) for flag in ("O_NONBLOCK", "O_NOFOLLOW", "O_BINARY"))
"""Of these, Windows has only the last."""
_BLOCK = 65_536

_DEMUXERS = {".m4a": "mp4", ".m4b": "mp4", ".mp4": "mp4", ".aac": "aac", ".wma": "asf", ".webm": "webm"}
"""What ffmpeg opens, and as what. Forced, because left to guess it takes a playlist in disguise and reads any file
that one names; none of these opens another file."""
ENDINGS = (".flac", ".wav", ".ogg", ".opus", ".mp3", ".aiff", ".aif", ".caf", ".au", *_DEMUXERS)
"""Where a name fits several files of a folder, the first of these wins."""
_FRONT, _SIDE = 1.0, 0.707
_SPEAKERS = {1: "M", 2: "LR", 3: "LRC", 4: "LRlr", 5: "LRClr", 6: "LRC-lr", 7: "LRC-clr", 8: "LRC-lrlr"}
"""Channels in their order in a file: left, right, centre, behind in small letters, `-` for the woofer's."""
_MIX = {"L": (_FRONT, 0), "R": (0, _FRONT), "C": (_SIDE, _SIDE), "l": (_SIDE, 0), "r": (0, _SIDE), "c": (0.5, 0.5)}

_CONVERT = "open it in an audio editor such as Audacity and export it as WAV or FLAC"
_CUT = "cut it to the part you want to hear"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    root: Path
    """The folder that it may not lead out of."""
    inside: str
    """Its path from there, with `/`."""

    @property
    def path(self) -> Path:
        return self.root / self.inside

    def beside(self, name: str) -> "File":
        return File(root=self.root, inside=str(PurePosixPath(self.inside).with_name(name)))


def is_sound(name: str) -> bool:
    """Tell by its ending whether a file's name is a sound's."""
    return PurePosixPath(name).suffix.lower() in ENDINGS


def content(file: File, most: int = _MOST_BYTES) -> bytes:
    """Read a file without leaving its folder, waiting on a pipe, or taking in more than `most` bytes.

    Raises SoundError.
    """
    root = os.path.realpath(file.root)
    path = os.path.realpath(file.path)
    if not Path(path).is_relative_to(root):
        raise SoundError(f"{file.path} is a link that leads out of its folder", hint="copy the file there instead")
    try:
        with open(path, "rb", opener=lambda path, _: os.open(path, _FLAGS)) as opened:
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SoundError(f"{file.path} is not a file", hint=WHERE)
            read = opened.read(min(most, status.st_size) + 1)
    except OSError as error:
        raise SoundError(f"{file.path} can't be opened: {error.strerror}", hint=WHERE) from error
    if len(read) > most:
        raise SoundError(f"{file.path} is larger than {most // 1_000_000} MB", hint=_CUT)
    return read


def decoded(content: bytes, file: File) -> Samples:
    """Decode a file's content to (frames, channels): centred, its peak at full scale. Raises SoundError."""
    samples = _centred(levels.resampled(*_decoded(content, file)))
    if samples is None:
        raise SoundError(f"{file.path} is silent or damaged", hint="play it, and record or export it again")
    return _one_if_equal(samples)


def _decoded(content: bytes, file: File) -> tuple[Samples, int]:
    """Decode by libsndfile, and what that can't by ffmpeg."""
    import soundfile  # noqa: PLC0415  -- listing names, and sounds kept before, need no decoder

    demuxer = _DEMUXERS.get(PurePosixPath(file.inside).suffix.lower())
    try:
        # In a thread: Python raises Ctrl-C in the main one, from where it could not pass libsndfile, which calls back
        # for each piece it reads. It would be lost, or end the sound there.
        with ThreadPoolExecutor(1) as apart:
            return apart.submit(_by_libsndfile, content, file).result()
    except soundfile.SoundFileError as error:
        if demuxer is None:
            reason = error.error_string if isinstance(error, soundfile.LibsndfileError) else str(error)
            raise SoundError(f"{file.path} can't be read as a sound: {reason}", hint=_CONVERT) from error
    return _by_ffmpeg(content, demuxer, file)


def _by_libsndfile(content: bytes, file: File) -> tuple[Samples, int]:
    import soundfile  # noqa: PLC0415  -- as above

    blocks, count = [np.zeros((0, 1), np.float32)], 0
    with soundfile.SoundFile(io.BytesIO(content)) as opened:
        rate = opened.samplerate
        while len(block := opened.read(_BLOCK, dtype="float32", always_2d=True)):
            count += len(block)
            _check_size(count, rate, file)
            blocks.append(_mixed_down(block, file))
    return np.concatenate(blocks[1:] or blocks), rate


def _by_ffmpeg(content: bytes, demuxer: str, file: File) -> tuple[Samples, int]:
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


def ffmpeg_version() -> str:
    """Run the ffmpeg that opens what libsndfile can't, and give its version. Raises SoundError."""
    import imageio_ffmpeg  # noqa: PLC0415  -- as above

    try:
        return str(imageio_ffmpeg.get_ffmpeg_version())
    except (RuntimeError, OSError) as error:
        raise SoundError(f"ffmpeg does not work here: {error}", hint=to_install("imageio-ffmpeg")) from error


def _check_size(count: int, rate: int, file: File) -> None:
    if rate not in _RATES_HZ:
        raise SoundError(f"{file.path} has {rate} samples a second", hint=_CONVERT)
    if count > min(rate * _LONGEST_SECONDS, _MOST_FRAMES):
        raise SoundError(
            f"{file.path} is longer than {_LONGEST_SECONDS // 60} minutes, or too large to be held",
            hint=_CUT,
        )


def _mixed_down(samples: Samples, file: File) -> Samples:
    """Bring any number of speakers to two, the sides 3 dB softer (ITU-R BS.775)."""
    count = samples.shape[1]
    if count not in _SPEAKERS:
        raise SoundError(f"{file.path} has {count} channels", hint=_CONVERT)
    if count <= 2:
        return samples
    mix = np.array([_MIX.get(speaker, (0, 0)) for speaker in _SPEAKERS[count]], np.float32)
    return samples @ mix


def _centred(samples: Samples) -> Samples | None:
    """Remove a constant offset and bring the peak to 1; None where nothing sounds, or what no sound can be."""
    if not (len(samples) and np.abs(samples).max() < _ABSURD):  # nan is not less either
        return None
    centred = samples - samples.mean(axis=0, dtype=np.float64).astype(np.float32)
    peak = np.abs(centred).max()
    return centred / peak if peak > levels.gain(_SILENT_DB) else None


def _one_if_equal(samples: Samples) -> Samples:
    """Take one channel where both say the same, so that a session need not be stereo for it."""
    return samples[:, :1] if np.abs(samples[:, 0] - samples[:, -1]).max() < levels.gain(_SILENT_DB) else samples
