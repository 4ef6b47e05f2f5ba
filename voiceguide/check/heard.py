"""A session's timeline -> what a listener meets in it: sentences, bells, silences, and the time on the mat."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from voiceguide.check.words import Words
from voiceguide.cues import Chime, Mark, Say
from voiceguide.cues.sentences import sentences
from voiceguide.durations import Ms
from voiceguide.errors import Place
from voiceguide.points import whole_table
from voiceguide.script import Source
from voiceguide.timeline import Placed, Timeline

_RINGS = Ms(8000)
"""A chime fills so much of a silence: afterwards its tail is too soft for it."""
_REMEMBERED = 3
"""Sentences a listener still has in mind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    text: str
    start: Ms
    end: Ms
    safety: bool
    at: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Bell:
    sound: str
    start: Ms
    at: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Stillness:
    """A stretch in which nothing is heard but the bed."""

    start: Ms
    end: Ms
    at: Place
    """Of what is heard before it."""

    @property
    def length(self) -> Ms:
        return Ms(self.end - self.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A session at one length, as a listener meets it."""

    source: Source
    words: Words | None
    """None for a language nobody has written them for."""
    length: Ms
    chapters: tuple[Ms, ...]
    """When each begins."""
    sentences: tuple[Sentence, ...]
    bells: tuple[Bell, ...]
    silences: tuple[Stillness, ...]
    headings: tuple[tuple[str, Place], ...]
    """What is read rather than heard: the title, and those of chapters."""
    on_the_mat: tuple[Ms, Ms | None] | None
    """When someone lies down on it, and when they are led off it, if they are; None where nobody lies on it."""

    def before(self, moment: Ms, count: int = _REMEMBERED) -> tuple[Sentence, ...]:
        """Give the last sentences that began before a moment."""
        return tuple(one for one in self.sentences if one.start < moment)[-count:]

    def find(self, kind: str) -> tuple[Sentence, ...]:
        """Give the sentences that say something of a kind, without a "not" before it."""
        return _saying(kind, self.sentences, self.words)

    def while_on_the_mat(self) -> Iterator[Sentence]:
        if self.on_the_mat:
            down, off = self.on_the_mat
            yield from (one for one in self.sentences if one.start >= down and (off is None or one.start < off))


def hear(timeline: Timeline, source: Source, words: Words | None, marks: Iterable[Mark] = ()) -> Heard:
    """Listen through a timeline; `marks` are where its chapters are headed."""
    title = [(source.title, source.title_at)] if source.title_at else []
    sounding = [event for event in timeline.events if isinstance(event.cue, Say | Chime)]
    heard = tuple(_sentences(sounding))
    return Heard(
        source=source,
        words=words,
        length=timeline.length,
        chapters=tuple(chapter.start for chapter in timeline.chapters),
        sentences=heard,
        bells=tuple(_bells(sounding)),
        silences=tuple(_silences(sounding, timeline.length)),
        headings=(*title, *((mark.title, mark.at) for mark in marks)),
        on_the_mat=_on_the_mat(heard, source, words),
    )


def _sentences(sounding: list[Placed]) -> Iterator[Sentence]:
    for event in sounding:
        if isinstance(event.cue, Say):
            for text in _said(event.cue):
                yield Sentence(text=text, start=event.start, end=event.end, safety=event.cue.safety, at=event.cue.at)


def _said(cue: Say) -> list[str]:
    """Give what is said in sentences: a recording says all of its line's at once."""
    line = cue.utterance
    if line.recording is None:
        return [line.text]
    return [line.text[start:end] for start, end in sentences(line.text, line.language)]


def _bells(sounding: list[Placed]) -> Iterator[Bell]:
    for event in sounding:
        if isinstance(event.cue, Chime):
            yield Bell(sound=event.cue.sound, start=event.start, at=event.cue.at)


def _silences(sounding: list[Placed], end: Ms) -> Iterator[Stillness]:
    starts = [*(event.start for event in sounding[1:]), end]
    for event, start in zip(sounding, starts, strict=False):
        over = event.end if isinstance(event.cue, Say) else Ms(min(event.end, event.start + _RINGS))
        if start > over:
            yield Stillness(start=over, end=start, at=event.cue.at)


def _on_the_mat(sentences: tuple[Sentence, ...], source: Source, words: Words | None) -> tuple[Ms, Ms | None] | None:
    """Find the time on the mat: from the words that lay someone down, or from the start where the position says so."""
    lying = _saying("onto_mat", sentences, words)
    if not lying and source.position.casefold() not in whole_table().positions["mat"].begins:
        return None
    down = lying[0].end if lying else Ms(0)
    leaving = (one for one in _saying("off_mat", sentences, words) if one.start > down)
    return down, next((one.start for one in leaving if words and not _is_offer(one, words)), None)


def _is_offer(sentence: Sentence, words: Words) -> bool:
    """Tell whether it says that one may come off, rather than leading off."""
    return any(words.says(kind, sentence.text) for kind in ("in_case", "may_come_off"))


def _saying(kind: str, sentences: tuple[Sentence, ...], words: Words | None) -> tuple[Sentence, ...]:
    return tuple(one for one in sentences if words and words.find_plain(kind, one.text))
