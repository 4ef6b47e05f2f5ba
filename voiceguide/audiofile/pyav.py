"""A recording -> M4B (AAC) or Opus, through PyAV, which comes with the extra `formats`.

The decoded length is exact to the sample. AAC: by an edit list, which counts in 44,100ths and not, as FFmpeg would, in
milliseconds. Opus: by the pre-skip and the last page's position; it runs at 48 kHz, where a millisecond is 48 samples.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np

from voiceguide import levels
from voiceguide.audiofile.blocks import Recording
from voiceguide.audiofile.tags import Label, tag_m4b, three_letters, vorbis_comments
from voiceguide.errors import OutputError, to_install
from voiceguide.levels import RATE, Samples
from voiceguide.timeline import Chapter

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.container.core import Chapter as FFmpegChapter

_REPEATABLE = {"fflags": "+bitexact"}
"""No version and no random number: the same recording gives the same bytes."""
_LAYOUTS = {1: "mono", 2: "stereo"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Codec:
    name: str
    """As FFmpeg calls the encoder."""
    rate: int
    """Hz"""
    kbit: Mapping[int, int]
    """1000 bits a second, by channels."""
    sample_format: str
    """As FFmpeg calls float32: a plane for each channel, or samples of all channels by turns."""
    options: Mapping[str, str] = field(default_factory=dict)


_FASTER = {"aac_coder": "fast"}
"""Also better: four minutes spoken by hibari took 2.0 s for 3.0 s, the error 36.7 dB under the sound for 29.8 dB."""

_AAC = _Codec(name="aac", rate=RATE, kbit={1: 96, 2: 160}, sample_format="fltp", options=_FASTER)
_OPUS = _Codec(name="libopus", rate=48_000, kbit={1: 64, 2: 112}, sample_format="flt")


def check_pyav() -> None:
    """Raise OutputError, with what to type, where PyAV is not installed."""
    try:
        import av  # noqa: F401, PLC0415  -- an MP3 need not pay for it
    except ImportError as error:
        hint = f"{to_install('voiceguide[formats]')}; mp3, flac and wav do without"
        raise OutputError("M4B and Opus are made with PyAV, which is not installed", hint=hint) from error


def write_m4b(file: BinaryIO, recording: Recording, label: Label) -> None:
    """Write an M4B with chapters, title, words and cover; the index comes first, so that it plays while it loads.

    FFmpeg reads what it wrote to move the index: so `file` must be on the disk, under its name.
    """
    import av  # noqa: PLC0415  -- an MP3 need not pay for it

    options = _REPEATABLE | {"movflags": "+faststart", "brand": "M4B ", "movie_timescale": str(RATE)}
    with av.open(file.name, "w", format="ipod", options=options) as container:
        container.set_chapters([_chapter(number, one) for number, one in enumerate(label.chapters, start=1)])
        _encode(container, _AAC, recording.blocks(), recording.channels, label)
    tag_m4b(file, label)


def write_opus(file: BinaryIO, recording: Recording, label: Label) -> None:
    """Write an Ogg Opus with chapters, title, words and cover."""
    import av  # noqa: PLC0415  -- an MP3 need not pay for it

    with av.open(file, "w", format="opus", options=_REPEATABLE) as container:
        container.metadata.update(vorbis_comments(label))
        resampled = levels.resampled_blocks(recording.blocks(), _OPUS.rate, recording.channels)
        blocks = _exactly(resampled, label.length * _OPUS.rate // 1000, recording.channels)
        _encode(container, _OPUS, blocks, recording.channels, label)


def _chapter(number: int, chapter: Chapter) -> "FFmpegChapter":
    return {
        "id": number,
        "start": chapter.start,
        "end": chapter.end,
        "time_base": Fraction(1, 1000),
        "metadata": {"title": chapter.title},
    }


def _exactly(blocks: Iterable[Samples], count: int, channels: int) -> Iterator[Samples]:
    """Cut or fill up: 44.1 kHz holds most milliseconds only roughly, which can come to one sample too many or few."""
    for block in blocks:
        yield block[:count]
        count -= min(count, len(block))
    yield np.zeros((count, channels), np.float32)


def _encode(
    container: "OutputContainer", codec: _Codec, blocks: Iterable[Samples], channels: int, label: Label
) -> None:
    import av  # noqa: PLC0415  -- an MP3 need not pay for it

    added = container.add_stream(codec.name, rate=codec.rate, layout=_LAYOUTS[channels], options=dict(codec.options))
    stream = cast("av.AudioStream", added)  # as the codec is one for sound
    stream.bit_rate = codec.kbit[channels] * 1000
    stream.format = codec.sample_format
    stream.codec_context.flags |= av.codec.context.Flags.bitexact
    stream.metadata["language"] = three_letters(label.language)
    position = 0
    for block in filter(len, blocks):
        shaped = block.T if codec.sample_format == "fltp" else block.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(shaped), codec.sample_format, _LAYOUTS[channels])
        frame.sample_rate, frame.pts, frame.time_base = codec.rate, position, Fraction(1, codec.rate)
        position += len(block)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
