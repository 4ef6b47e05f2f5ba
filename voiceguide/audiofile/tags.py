"""A recording's title, chapters, words and cover -> the tags of each kind of file."""

import base64
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from mutagen import flac, id3, mp4

from voiceguide.audiofile.mp3 import SUM
from voiceguide.durations import Ms
from voiceguide.timeline import Chapter


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a player shows of a recording."""

    title: str
    language: str
    """A language code such as `en` or `de-AT`."""
    chapters: tuple[Chapter, ...]
    words: str
    """All that is spoken, as lyrics."""
    length: Ms
    software: str
    cover: bytes = b""
    """A PNG; none if it is empty."""
    plan: bytes = b""
    """What should be heard when, for whoever verifies an MP3: see `promise`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A chapter as it stands in a tag."""

    name: str
    """By which the table of contents names it."""
    title: str
    start: Ms
    end: Ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """What an MP3 says of itself before its sound."""

    size: int = 0
    """Bytes before the first frame."""
    marks: tuple[Mark, ...] = ()
    """In the order of the table of contents."""
    contents: tuple[str, ...] = ()
    """The names of chapters, in the order of the table of contents."""
    plan: bytes = b""
    sums: tuple[tuple[int, int], ...] = ()
    """For each span its number of frames and their CRC-32."""
    language: str = ""
    """A code of two letters; nothing where it is unknown."""
    cover: bytes = b""
    """A PNG; none if it is empty."""


def id3_tag(label: Label, *, spans: int = 0) -> bytes:
    """Make an ID3v2.3 tag: the version that every player reads. The same label gives the same bytes.

    Not by mutagen: it would sort the frames by their size, and players show chapters as they come. At its end the tag
    keeps room for the sums of so many spans.
    """
    frames = b"".join((*_frames(label), *_sums(spans)))
    return b"ID3\3\0\0" + id3.BitPaddedInt.to_str(len(frames), width=4) + frames


def _frames(label: Label) -> Iterator[bytes]:
    language = three_letters(label.language)
    names = [b"chapter%04d\0" % number for number in range(1, len(label.chapters) + 1)]
    yield _text(b"TIT2", label.title)
    yield _text(b"TLAN", language)
    yield _text(b"TLEN", str(label.length))
    yield _text(b"TSSE", label.software)
    if names:
        yield _frame(b"CTOC", b"toc\0", bytes((_TOP_LEVEL | _ORDERED, len(names))), *names)
    for name, chapter in zip(names, label.chapters, strict=True):
        times = struct.pack(">4I", chapter.start, chapter.end, _NO_OFFSET, _NO_OFFSET)
        yield _frame(b"CHAP", name, times, _text(b"TIT2", chapter.title))
    yield _frame(b"USLT", _UTF16, language.encode(), _utf16(""), _utf16(label.words))
    if label.cover:
        yield _frame(b"APIC", _UTF16, _PNG.encode(), b"\0", bytes((_FRONT_COVER,)), _utf16(""), label.cover)
    if label.plan:
        yield _kept(b"application/json", _PLAN, label.plan)


def _sums(spans: int) -> Iterator[bytes]:
    if spans:
        yield _kept(b"application/octet-stream", _SUMS, bytes(spans * SUM.size))


def _frame(name: bytes, *parts: bytes) -> bytes:
    return struct.pack(">4sIH", name, sum(map(len, parts)), 0) + b"".join(parts)


def _text(name: bytes, text: str) -> bytes:
    return _frame(name, _UTF16, _utf16(text)) if text else b""


def _kept(kind: bytes, name: str, data: bytes) -> bytes:
    """A general object of no file's name."""
    return _frame(b"GEOB", _LATIN1, kind, b"\0\0", name.encode(), b"\0", data)


def _utf16(text: str) -> bytes:
    return f"\ufeff{text}\0".encode("utf-16-le")


def sums_place(tag: bytes) -> int:
    """Where the sums stand in a tag that has room for them."""
    name = _SUMS.encode("latin-1") + b"\0"
    return tag.rindex(name) + len(name)


def read_tag(file: BinaryIO) -> Tag:
    """Read what stands before an MP3's sound; a file without a tag gives an empty one. Raises ValueError."""
    file.seek(0)
    try:
        tag = id3.ID3(file, known_frames=_READ)
    except id3.ID3NoHeaderError:
        return Tag()
    except id3.error as error:
        raise ValueError(str(error)) from error
    contents = tuple(name for frame in tag.getall("CTOC") for name in frame.child_element_ids)
    kept = {frame.desc: frame.data for frame in tag.getall("GEOB")}
    sums = kept.get(_SUMS, b"")
    return Tag(
        size=tag.size,
        marks=tuple(sorted(map(_mark, tag.getall("CHAP")), key=lambda mark: _place_in(contents, mark.name))),
        contents=contents,
        plan=kept.get(_PLAN, b""),
        sums=tuple(SUM.iter_unpack(sums[: len(sums) // SUM.size * SUM.size])),
        language=next((_TWO_LETTERS.get(str(frame), "") for frame in tag.getall("TLAN")), ""),
        cover=next((frame.data for frame in tag.getall("APIC") if frame.mime == _PNG), b""),
    )


def _place_in(contents: tuple[str, ...], name: str) -> int:
    return contents.index(name) if name in contents else len(contents)


def vorbis_comments(label: Label) -> dict[str, str]:
    """Make the comments of an Opus: chapters as players of Ogg files look for them, the cover as its FLAC block."""
    cover = {"METADATA_BLOCK_PICTURE": base64.b64encode(_picture(label).write()).decode()} if label.cover else {}
    return _comments(label) | cover


def tag_flac(file: BinaryIO, label: Label) -> None:
    """Put the tags into a finished FLAC."""
    file.seek(0)
    tagged = flac.FLAC(file)
    tagged.update(_comments(label))
    if label.cover:
        tagged.add_picture(_picture(label))
    file.seek(0)
    tagged.save(file, padding=lambda _: 0)


def tag_m4b(file: BinaryIO, label: Label) -> None:
    """Put all but the chapters into a finished M4B."""
    file.seek(0)
    tagged = mp4.MP4(file)
    tagged["\xa9nam"] = [label.title]
    tagged["\xa9lyr"] = [label.words]
    tagged["\xa9too"] = [label.software]
    tagged["stik"] = [_AUDIOBOOK]
    if label.cover:
        tagged["covr"] = [mp4.MP4Cover(label.cover, mp4.AtomDataType.PNG)]
    file.seek(0)
    tagged.save(file, padding=lambda _: 0)


_PLAN, _SUMS = "voiceguide plan", "voiceguide sums"


class _Uncompressed:
    """Passes over a frame that is compressed, which ours never are: a few bytes may unpack to gigabytes."""

    @classmethod
    def _fromData(cls, header: Any, flags: int, data: bytes) -> Any:  # noqa: ANN401, N802  -- as mutagen has it
        is_new = header.version >= (2, 4, 0)
        if flags & (id3.Frame.FLAG24_COMPRESS if is_new else id3.Frame.FLAG23_COMPRESS):
            raise id3.ID3JunkFrameError("compressed")  # as mutagen says of one that it passes over itself
        return super()._fromData(header, flags, data)  # type: ignore[misc]  # of the frame it is mixed into


_READ = {
    kind.__name__: type(kind.__name__, (_Uncompressed, kind), {})
    for kind in (id3.APIC, id3.CHAP, id3.CTOC, id3.GEOB, id3.TIT2, id3.TLAN)
}
"""Not the lyrics: mutagen takes 10 ms over them."""
_LATIN1, _UTF16 = bytes((id3.Encoding.LATIN1,)), bytes((id3.Encoding.UTF16,))
"""How text is written; ID3v2.3 has no UTF-8."""
_TOP_LEVEL = id3.CTOCFlags.TOP_LEVEL
_ORDERED = id3.CTOCFlags.ORDERED
_NO_OFFSET = 0xFFFFFFFF
"""Says that the times count, not byte positions."""
_PNG = "image/png"
_FRONT_COVER = id3.PictureType.COVER_FRONT
_AUDIOBOOK = 2
"""A kind of media by which players keep the place in a recording and its chapters in view."""


def _mark(frame: Any) -> Mark:  # noqa: ANN401  -- mutagen makes the attributes of its frames while it runs
    titles = frame.sub_frames.getall("TIT2")
    title = str(titles[0]) if titles else ""
    return Mark(name=frame.element_id, title=title, start=Ms(frame.start_time), end=Ms(frame.end_time))


def _comments(label: Label) -> dict[str, str]:
    comments = {
        "TITLE": label.title,
        "LANGUAGE": three_letters(label.language),
        "LYRICS": label.words,
        "ENCODED-BY": label.software,
    }
    for number, chapter in enumerate(label.chapters, start=1):
        comments[f"CHAPTER{number:03}"] = full_clock(chapter.start)
        comments[f"CHAPTER{number:03}NAME"] = chapter.title
    return comments


def full_clock(moment: Ms) -> str:
    """Write a moment as `00:01:02.345`."""
    minutes, milliseconds = divmod(int(moment), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds // 1000:02}.{milliseconds % 1000:03}"


def _picture(label: Label) -> flac.Picture:
    picture = flac.Picture()
    picture.type, picture.mime, picture.data = _FRONT_COVER, _PNG, label.cover
    picture.width, picture.height = struct.unpack_from(">II", label.cover, _PNG_SIZE)
    picture.depth = 24
    return picture


_PNG_SIZE = 16
"""Where a PNG's width and height stand: behind its signature and the head of its first chunk."""


def three_letters(language: str) -> str:
    """ISO 639-2, as ID3 asks; `und` (undetermined) for languages not listed here."""
    return _ISO_639_2.get(language.partition("-")[0].lower(), "und")


_ISO_639_2 = {
    "cs": "cze", "da": "dan", "de": "ger", "el": "gre", "en": "eng", "es": "spa", "fi": "fin", "fr": "fre",
    "hu": "hun", "it": "ita", "ja": "jpn", "ko": "kor", "nb": "nor", "nl": "dut", "no": "nor", "pl": "pol",
    "pt": "por", "ro": "rum", "ru": "rus", "sv": "swe", "tr": "tur", "uk": "ukr", "zh": "chi",
}  # fmt: skip
_TWO_LETTERS = {three: two for two, three in _ISO_639_2.items()}
