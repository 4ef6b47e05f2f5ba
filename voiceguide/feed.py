"""A folder of recordings -> a podcast: its feed, and for each recording its chapters, its words and its cover.

Only an MP3 that carries its plan is in it, for all that a feed says of a recording comes from there. Feeds are RSS 2.0
with the tags of Apple Podcasts and of the podcast namespace (https://podcastindex.org/namespace/1.0).
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid5
from xml.etree import ElementTree as ET

from voiceguide import audiofile, files
from voiceguide.audiofile.promise import Promise, promise_from_json
from voiceguide.audiofile.tags import Tag, read_tag
from voiceguide.cache import digest
from voiceguide.cues import Say, Utterance
from voiceguide.durations import Ms, clock
from voiceguide.errors import OutputError, Place
from voiceguide.timeline import Chapter, Placed, Timeline

NAME = "feed.xml"

_UNREADABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no place for, and nobody reads: control characters, halves of characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A file that goes with a recording."""

    name: str
    type: str
    """As the web calls this kind of file."""
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A finished MP3, and what its tag says of it."""

    path: Path
    identity: str
    """Of its plan and its sound: another file with the same has the same, under any name and at any time."""
    title: str
    language: str
    """A code of two letters; nothing where it is unknown."""
    length: Ms
    chapters: tuple[Chapter, ...]
    size: int
    """Bytes."""
    made: datetime
    state: tuple[int, ...]
    """As `state_of` gives it: of this very file."""
    contents: Side | None
    """Its chapters; None where it has none."""
    words: Side | None
    """Its captions; None where nothing is said."""
    cover: Side | None

    @property
    def beside(self) -> tuple[Side, ...]:
        return tuple(side for side in (self.contents, self.words, self.cover) if side is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An MP3 that a feed can say nothing of."""

    path: Path
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is in a folder."""

    folder: Path
    recordings: tuple[Recording, ...]
    """The newest first; at least one."""
    left_out: tuple[LeftOut, ...]


def find_recordings(folder: Path) -> Found:
    """Read the tags of a folder's MP3s. Raises OutputError: there is no such folder, or no recording in it."""
    if not folder.is_dir():
        raise OutputError(f"there is no folder {folder}", hint="name the one your recordings are in")
    read = [_read(path) for path in sorted(folder.iterdir()) if _is_mp3(path)]
    recordings: dict[str, Recording] = {}
    left_out = [one for one in read if isinstance(one, LeftOut)]
    for one in (one for one in read if isinstance(one, Recording)):
        twin = recordings.setdefault(one.identity, one)
        if twin is not one:
            left_out.append(LeftOut(path=one.path, why=f"it is the same recording as {twin.path.name}"))
    if not recordings:
        raise OutputError(
            f"there is no recording in {folder}",
            hint="`voiceguide render back-on-mat` makes one; only MP3s that were made by voiceguide count",
        )
    newest_first = sorted(recordings.values(), key=lambda one: one.made, reverse=True)
    return Found(folder=folder, recordings=tuple(newest_first), left_out=tuple(left_out))


def write_feed(found: Found, base: str, *, title: str) -> Path:
    """Write a folder's feed, and the files it names beside their recordings: all of them or none.

    `base` is the address under which the folder can be reached. The feed comes last, so that whoever sees it finds
    what it names. What is there already stays untouched: what copies the folder copies only news. Raises OutputError.
    """
    out = found.folder / NAME
    bodies = {found.folder / side.name: side.body for one in found.recordings for side in one.beside}
    bodies[out] = feed_xml(found.recordings, base_address(base), title=title)
    try:
        files.all_whole({path: body for path, body in bodies.items() if not _holds(path, body)})
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"{out} can't be written: {reason}", hint="name a folder that is yours to write to"
        ) from error
    return out


def base_address(url: str) -> str:
    """Give the address of a folder, ending in `/`, as it is written in a feed. Raises OutputError."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise OutputError(f"'{url}' is not the address of a folder", hint="write it as https://example.org/sessions/")
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~")
    return parts._replace(path=path if path.endswith("/") else f"{path}/").geturl()


def state_of(status: os.stat_result) -> tuple[int, ...]:
    """Tell a file from any other that was put in its place, and from itself with another content."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def address(base: str, name: str) -> str:
    """Give the address of a file in the folder whose address is `base`."""
    return base + quote(os.fsencode(name))


def feed_xml(recordings: Sequence[Recording], base: str, *, title: str) -> bytes:
    """Give the feed of recordings that can be reached in the folder whose address is `base`."""
    feed = ET.Element("rss", version="2.0")
    channel = ET.SubElement(feed, "channel")
    _add(channel, "title", _plain(title))
    _add(channel, "link", base)
    _add(channel, f"{_ATOM}link", rel="self", type="application/rss+xml", href=address(base, NAME))
    _add(channel, "description", "Voice-guided sessions.")
    _add(channel, "language", _usual_language(recordings))
    _add(channel, "generator", "voiceguide")
    _add(channel, f"{_PODCAST}guid", _feed_guid(address(base, NAME)))
    _add(channel, f"{_PODCAST}medium", "podcast")
    _add(channel, f"{_ITUNES}explicit", "false")
    kind = _add(channel, f"{_ITUNES}category", text="Health & Fitness")
    _add(kind, f"{_ITUNES}category", text="Alternative Health")
    if cover := next((recording.cover for recording in recordings if recording.cover), None):
        _add(channel, f"{_ITUNES}image", href=address(base, cover.name))
    for recording in recordings:
        _add_item(channel, recording, base)
    ET.indent(feed)
    document: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


_ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
_PODCAST = "{https://podcastindex.org/namespace/1.0}"
_ATOM = "{http://www.w3.org/2005/Atom}"
_PODCAST_GUIDS = UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
"""The namespace of podcasts' identities, by https://podcastindex.org/namespace/1.0#guid"""
for _prefix, _namespace in (("itunes", _ITUNES), ("podcast", _PODCAST), ("atom", _ATOM)):
    ET.register_namespace(_prefix, _namespace.strip("{}"))


def _add_item(channel: ET.Element, recording: Recording, base: str) -> None:
    item = ET.SubElement(channel, "item")
    _add(item, "title", recording.title)
    _add(item, "description", _description(recording))
    _add(item, "pubDate", format_datetime(recording.made))
    _add(item, "guid", f"voiceguide:{recording.identity}", isPermaLink="false")
    where = address(base, recording.path.name)
    _add(item, "enclosure", url=where, length=str(recording.size), type="audio/mpeg")
    _add(item, f"{_ITUNES}duration", str(max(1, round(recording.length / 1000))))
    _add(item, f"{_ITUNES}explicit", "false")
    if recording.cover:
        _add(item, f"{_ITUNES}image", href=address(base, recording.cover.name))
    if contents := recording.contents:
        _add(item, f"{_PODCAST}chapters", url=address(base, contents.name), type=contents.type)
    if words := recording.words:
        language = {"language": recording.language} if recording.language else {}
        where = address(base, words.name)
        _add(item, f"{_PODCAST}transcript", url=where, type=words.type, rel="captions", **language)


def _add(parent: ET.Element, tag: str, *content: str, **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, tag, attributes)
    child.text = "".join(content) or None
    return child


def _description(recording: Recording) -> str:
    """The chapters with their moments, which many players make links of; a description is HTML."""
    lines = [f"{clock(recording.length)} long."]
    lines += [f"{clock(chapter.start)} {chapter.title}" for chapter in recording.chapters]
    return "<br>".join(map(escape, lines))


def _usual_language(recordings: Sequence[Recording]) -> str:
    known = Counter(recording.language for recording in recordings if recording.language)
    return known.most_common(1)[0][0] if known else "en"


def _feed_guid(url: str) -> str:
    return str(uuid5(_PODCAST_GUIDS, url.partition("://")[2].rstrip("/")))


def _is_mp3(path: Path) -> bool:
    """Whether a file is one by its name; what a link leads to may be anything tomorrow."""
    return path.suffix.lower() == ".mp3" and path.is_file() and not path.is_symlink()


def _read(path: Path) -> Recording | LeftOut:
    try:
        with path.open("rb") as file:
            tag, status = read_tag(file), os.fstat(file.fileno())
        if not tag.plan:
            return LeftOut(path=path, why="it carries no plan: it was not made by voiceguide")
        return _recording(path, tag, _readable(promise_from_json(tag.plan)), status)
    except OSError as error:
        return LeftOut(path=path, why=f"it can't be read: {error.strerror}")
    except ValueError as error:
        return LeftOut(path=path, why=str(error))


def _recording(path: Path, tag: Tag, promise: Promise, status: os.stat_result) -> Recording:
    return Recording(
        path=path,
        identity=digest("recording", tag.plan.hex(), tag.sums),
        title=promise.title or path.stem,
        language=tag.language,
        length=promise.length,
        chapters=promise.chapters,
        size=status.st_size,
        made=datetime.fromtimestamp(int(status.st_mtime), UTC),
        state=state_of(status),
        contents=_contents(path, promise),
        words=_words(path, promise, tag.language),
        cover=Side(name=f"{path.stem}.cover.png", type="image/png", body=tag.cover) if tag.cover else None,
    )


def _contents(path: Path, promise: Promise) -> Side | None:
    """Chapters, by the podcast namespace's JSON Chapters Format 1.2."""
    chapters = [
        {"startTime": chapter.start / 1000, "endTime": chapter.end / 1000, "title": chapter.title}
        for chapter in promise.chapters
    ]
    data = {"version": "1.2.0", "title": promise.title, "fileName": path.name, "chapters": chapters}
    body = json.dumps(data, indent=1).encode()
    return Side(name=f"{path.stem}.chapters.json", type="application/json+chapters", body=body) if chapters else None


def _words(path: Path, promise: Promise, language: str) -> Side | None:
    """The captions as `render --captions vtt` writes them."""
    events = tuple(_said(promise, language))
    length = promise.length
    timeline = Timeline(
        events=events, chapters=promise.chapters, length=length, shortest=length, longest=length, lead_in=Ms(0)
    )
    label = audiofile.Label(
        title=promise.title,
        language=language,
        chapters=promise.chapters,
        words="",
        length=length,
        software="",
    )
    body = audiofile.caption_text("vtt", timeline, label).encode()
    return Side(name=f"{path.stem}.vtt", type="text/vtt", body=body) if events else None


def _said(promise: Promise, language: str) -> Iterator[Placed]:
    """Each line as it was laid out; how it was spoken is of no account here."""
    for event in promise.events:
        if event.kind == "say":
            utterance = Utterance(text=event.text, language=language, voice=None, rate=0)
            say = Say(utterance=utterance, at=Place(path=event.file, line=event.line))
            yield Placed(cue=say, start=event.start, length=event.length)


def _readable(promise: Promise) -> Promise:
    """Take out of all its texts what a feed can't hold: a tag may hold anything."""
    return replace(
        promise,
        title=_plain(promise.title),
        chapters=tuple(replace(chapter, title=_plain(chapter.title)) for chapter in promise.chapters),
        events=tuple(replace(event, text=_plain(event.text)) for event in promise.events),
    )


def _plain(text: str) -> str:
    return " ".join(_UNREADABLE.sub("", text).split())


def _holds(path: Path, body: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(body) and path.read_bytes() == body
