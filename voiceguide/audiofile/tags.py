"""A recording's title, chapters and words -> the ID3 tag that opens its MP3."""

import io
from dataclasses import dataclass

from mutagen import id3

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


def id3_tag(label: Label) -> bytes:
    """Make an ID3v2.3 tag: the version that every player reads. The same label gives the same bytes."""
    tag = id3.ID3()
    language = _three_letters(label.language)
    tag.add(id3.TIT2(encoding=_UTF16, text=[label.title]))
    tag.add(id3.TLAN(encoding=_UTF16, text=[language]))
    tag.add(id3.TLEN(encoding=_UTF16, text=[str(label.length)]))
    tag.add(id3.TSSE(encoding=_UTF16, text=[label.software]))
    tag.add(id3.USLT(encoding=_UTF16, lang=language, desc="", text=label.words))
    names = [f"chapter{number:04}" for number in range(1, len(label.chapters) + 1)]
    for name, chapter in zip(names, label.chapters, strict=True):
        tag.add(_chapter(name, chapter))
    if names:
        tag.add(id3.CTOC(element_id="toc", flags=_TOP_LEVEL | _ORDERED, child_element_ids=names, sub_frames=[]))
    file = io.BytesIO()
    tag.save(file, v2_version=3, padding=lambda _: 0)
    return file.getvalue()


_UTF16 = id3.Encoding.UTF16
"""ID3v2.3 has no UTF-8."""
_TOP_LEVEL = id3.CTOCFlags.TOP_LEVEL
_ORDERED = id3.CTOCFlags.ORDERED
_NO_OFFSET = 0xFFFFFFFF
"""Says that the times count, not byte positions."""


def _chapter(name: str, chapter: Chapter) -> id3.CHAP:
    """mutagen sorts frames by their bytes: names of one width make that the order of time."""
    return id3.CHAP(
        element_id=name,
        start_time=chapter.start,
        end_time=chapter.end,
        start_offset=_NO_OFFSET,
        end_offset=_NO_OFFSET,
        sub_frames=[id3.TIT2(encoding=_UTF16, text=[chapter.title])],
    )


def _three_letters(language: str) -> str:
    """ISO 639-2, as ID3 asks; `und` (undetermined) for languages not listed here."""
    return _ISO_639_2.get(language.partition("-")[0].lower(), "und")


_ISO_639_2 = {
    "cs": "cze", "da": "dan", "de": "ger", "el": "gre", "en": "eng", "es": "spa", "fi": "fin", "fr": "fre",
    "hu": "hun", "it": "ita", "ja": "jpn", "ko": "kor", "nb": "nor", "nl": "dut", "no": "nor", "pl": "pol",
    "pt": "por", "ro": "rum", "ru": "rus", "sv": "swe", "tr": "tur", "uk": "ukr", "zh": "chi",
}  # fmt: skip
