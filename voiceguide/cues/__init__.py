"""Script -> cues: what is heard, in order, with the silences between. The cue language is here."""

from collections.abc import Iterator
from dataclasses import replace

from voiceguide.cues.brackets import For, Rate, Voice, read_bracket
from voiceguide.cues.kinds import Chime, Cue, Mark, Say, Silence, Slot, Utterance
from voiceguide.cues.lines import Stretch, check_shape, stretches
from voiceguide.cues.sentences import sentences
from voiceguide.durations import Ms, written
from voiceguide.errors import CueError, VoiceguideError, raise_all
from voiceguide.script import Known, Line, Script

__all__ = ["Chime", "Cue", "Mark", "Say", "Silence", "Slot", "Utterance", "read_cues"]

_LONGEST_SENTENCE = 500
"""Characters. eSpeak NG is lost beyond a few thousand, and so is a listener with closed eyes long before."""

_LEFT_OVER = ",;:.!?…-\N{EN DASH}\N{EM DASH} "
"""What a cue leaves at the start of the text behind it: "in [pause 4s], and out"."""


def read_cues(script: Script, known: Known) -> tuple[Cue, ...]:
    """Read every line. Raises all that is wrong with them, as CueErrors, at once."""
    return _Reader(script, known).read()


class _Gaps:
    """The silences nobody wrote: of all that parts two sounds, the longest counts, once."""

    def __init__(self) -> None:
        self._longest = Ms(0)
        self._after: Say | None = None
        """The sound before, where a gap may follow it."""

    def part(self, length: Ms) -> None:
        self._longest = max(self._longest, length)

    def before(self, cue: Say | Silence | Chime | Slot) -> Silence | None:
        """Give the gap that stands before a cue, if one does."""
        after, length = self._after, self._longest
        self._after = cue if isinstance(cue, Say) else None
        self._longest = Ms(0)
        if after is None or isinstance(cue, Silence) or length == 0:
            return None
        least, most = Ms(round(length * 0.75)), Ms(round(length * 1.5))
        return Silence(kind="gap", least=least, natural=length, most=most, at=after.at)


class _Reader:
    """Reads line by line, and keeps what one line leaves to the next: rate, voice, the gap, a chapter not begun yet."""

    def __init__(self, script: Script, known: Known) -> None:
        self._script = script
        self._known = known
        self._rate = script.rate
        self._voice = script.voice
        self._gaps = _Gaps()
        self._chapter: Mark | None = None
        self._cues: list[Cue] = []
        self._errors: list[VoiceguideError] = []

    def read(self) -> tuple[Cue, ...]:
        for line in self._script.lines:
            try:
                self._read_line(line)
            except CueError as error:
                self._fault(error)
        self._end_chapter()
        if not self._errors and not any(isinstance(cue, Say | Chime | Slot) for cue in self._cues):
            at = self._script.lines[-1].at if self._script.lines else None
            hint = "write a line of text below the front matter"
            self._errors.append(CueError("there is nothing to hear in this script", at=at, hint=hint))
        raise_all(self._errors)
        return tuple(self._cues)

    def _fault(self, error: CueError) -> None:
        self._errors.append(error)
        self._chapter = None  # it is not empty, only unread

    def _read_line(self, line: Line) -> None:
        if not line.text.strip():
            self._gaps.part(self._script.pace.paragraph)
            return
        self._gaps.part(self._script.pace.line)
        check_shape(line)
        if line.text.lstrip().startswith("#"):
            self._read_heading(line)
        else:
            self._read_heard(line)

    def _read_heading(self, line: Line) -> None:
        self._gaps.part(self._script.pace.section)
        parts = list(stretches(line, line.text.index("#") + 1))
        for part in parts:
            if part.cue:
                at = line.place(part.start, part.end)
                raise CueError("a cue can't stand in a heading", at=at, hint="put it on the line below")
        title = " ".join("".join(part.text for part in parts).split())
        if not title:
            raise CueError("this chapter has no title", at=line.at, hint="write one, as in # The waist")
        self._end_chapter()
        self._chapter = Mark(title=title, at=line.at)

    def _end_chapter(self) -> None:
        """Refuse a chapter that still waits for its first sound."""
        if self._chapter is not None:
            message = f"nothing is heard in the chapter '{self._chapter.title}'"
            hint = "write a line of text or a [chime …] below it, or take the heading out"
            self._errors.append(CueError(message, at=self._chapter.at, hint=hint))
            self._chapter = None

    def _read_heard(self, line: Line) -> None:
        slot: For | None = None
        heard: list[Say | Silence | Chime] = []
        parts = list(stretches(line))
        for number, part in enumerate(parts):
            try:
                if not part.cue:
                    heard += self._say(line, part, alone=len(parts) == 1)
                    continue
                asked = read_bracket(line, part, self._known)
            except CueError as error:
                self._fault(error)
                continue
            match asked:
                case Silence() | Chime():
                    heard.append(asked)
                case Rate():
                    self._rate = asked.rate
                case Voice():
                    self._voice = asked.name
                case For() if number == 0:
                    slot = asked
                case For():
                    hint = "begin the line with it, as in [for 4s] Breathe in."
                    self._errors.append(CueError("[for] counts from the start of its line", at=asked.at, hint=hint))
        if slot is None:
            self._add_each(heard)
        else:
            self._add(self._slot(slot, heard))

    def _say(self, line: Line, part: Stretch, *, alone: bool) -> Iterator[Say]:
        language = self._script.language
        for start, end in sentences(part.text, language):
            said = part.text[start:end].lstrip(_LEFT_OVER)
            text = " ".join(said.split())
            if not any(char.isalnum() for char in text):
                if alone:
                    hint = "write words, or a cue such as [pause 2s]"
                    raise CueError("there is nothing to say here", at=line.at, hint=hint)
                continue  # the full stop behind the last cue of a line
            at = line.place(part.columns[end - len(said)], part.columns[end - 1] + 1)
            if len(text) > _LONGEST_SENTENCE:
                hint = f"end it with a full stop within {_LONGEST_SENTENCE} characters"
                raise CueError(f"this sentence has {len(text)} characters", at=at, hint=hint)
            yield Say(utterance=Utterance(text=text, language=language, voice=self._voice, rate=self._rate), at=at)

    def _add_each(self, heard: list[Say | Silence | Chime]) -> None:
        for cue in heard:
            self._add(cue)
            self._gaps.part(self._script.pace.sentence)

    def _add(self, cue: Say | Silence | Chime | Slot) -> None:
        gap = self._gaps.before(cue)
        self._cues += [gap] if gap else []
        if self._chapter is not None and not isinstance(cue, Silence):
            self._cues.append(self._chapter)
            self._chapter = None
        self._cues.append(cue)

    def _slot(self, asked: For, heard: list[Say | Silence | Chime]) -> Slot:
        """Put what is heard into a line of fixed length, with gaps that don't give."""
        gaps, cues = _Gaps(), list[Say | Silence | Chime]()
        for cue in heard:
            if isinstance(cue, Silence) and cue.kind != "pause":
                hint = "write [pause 2s], or let [for] be longer"
                error = CueError(f"a [{cue.kind}] can't stand in a line with [for]", at=cue.at, hint=hint)
                self._errors.append(error)
            if gap := gaps.before(cue):
                cues.append(replace(gap, least=gap.natural, most=gap.natural))
            cues.append(cue)
            gaps.part(self._script.pace.sentence)
        if not any(isinstance(cue, Say | Chime) for cue in cues):
            hint = f"write [pause {written(asked.natural)}]"
            self._errors.append(CueError("nothing is heard in this line", at=asked.at, hint=hint))
        return Slot(cues=tuple(cues), least=asked.least, natural=asked.natural, most=asked.most, at=asked.at)
