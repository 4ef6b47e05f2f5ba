"""Script -> cues: what is heard, in order, with the silences between. The cue language is here."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import assert_never

from voiceguide.cues.brackets import For, Rate, Safety, Voice, read_bracket
from voiceguide.cues.kinds import Bed, Chime, Cue, Mark, Say, Silence, Slot, Utterance
from voiceguide.cues.lines import Stretch, check_shape, stretches
from voiceguide.cues.sentences import sentences
from voiceguide.durations import Ms, written
from voiceguide.errors import CueError, Place, VoiceguideError, raise_all
from voiceguide.script import Known, Line, Script

__all__ = ["Bed", "Chime", "Cue", "Mark", "Say", "Silence", "Slot", "Utterance", "read_cues"]

_Heard = Say | Silence | Chime | Bed
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


class _Beds:
    """Which bed plays, so that none is ended that never began."""

    def __init__(self) -> None:
        self.asked = False
        """A bed is to play here, though what a value says of it may be off."""
        self._plays = False

    def changed_by(self, bed: Bed, *, chosen: bool) -> bool:
        """Tell whether a bed makes a difference; none does where nothing plays and a value chose off.

        Raises CueError for an end without a beginning.
        """
        if bed.sound is None and not (self.asked or chosen):
            hint = "begin one above it, as in [bed rain], or take this out"
            raise CueError("no bed plays here that could end", at=bed.at, hint=hint)
        changes = bed.sound is not None or self._plays
        self._plays = bed.sound is not None
        self.asked = self._plays or chosen
        return changes


class _Reader:
    """Reads line by line, and keeps what it leaves to the next: rate, voice, gap, bed, a chapter not begun yet."""

    def __init__(self, script: Script, known: Known) -> None:
        self._script = script
        self._known = known
        self._rate = script.rate
        self._voice = script.voice
        self._gaps = _Gaps()
        self._beds = _Beds()
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
        self._beds.asked = True  # it may be what was unread

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
        opening: list[For | Safety] = []
        heard: list[_Heard] = []
        parts = list(stretches(line))
        for number, part in enumerate(parts):
            try:
                if not part.cue:
                    heard += self._say(line, part, alone=len(parts) == 1)
                    continue
                asked = read_bracket(line, part, self._known)
                match asked:
                    case Silence() | Chime():
                        heard.append(asked)
                    case Bed():
                        heard += [asked] if self._beds.changed_by(asked, chosen=_is_chosen(line, part)) else []
                    case Rate():
                        self._rate = asked.rate
                    case Voice():
                        self._voice = asked.name
                    case For() | Safety():
                        _check_opening(asked, opening, number)
                        opening.append(asked)
                    case _:
                        assert_never(asked)
            except CueError as error:
                self._fault(error)
        self._add_line(opening, heard)

    def _add_line(self, opening: Sequence[For | Safety], heard: Sequence[_Heard]) -> None:
        slot = next((asked for asked in opening if isinstance(asked, For)), None)
        safety = next((asked for asked in opening if isinstance(asked, Safety)), None)
        if safety is not None:
            heard = self._for_safety(safety, heard)
        if slot is None:
            self._add_each(heard)
        else:
            self._add(self._slot(slot, heard))

    def _for_safety(self, asked: Safety, heard: Sequence[_Heard]) -> list[_Heard]:
        if not any(isinstance(cue, Say) for cue in heard):
            hint = "write behind it what must be heard, as in [safety] Take the mat away now."
            self._errors.append(CueError("nothing is spoken in this line", at=asked.at, hint=hint))
        return [replace(cue, safety=True) if isinstance(cue, Say) else cue for cue in heard]

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

    def _add_each(self, heard: Sequence[_Heard]) -> None:
        for cue in heard:
            if isinstance(cue, Bed):
                self._cues.append(cue)  # at once, and the gap follows: it fades while nothing is said
                continue
            self._add(cue)
            self._gaps.part(self._script.pace.sentence)

    def _add(self, cue: Say | Silence | Chime | Slot) -> None:
        gap = self._gaps.before(cue)
        self._cues += [gap] if gap else []
        if self._chapter is not None and not isinstance(cue, Silence):
            self._cues.append(self._chapter)
            self._chapter = None
        self._cues.append(cue)

    def _slot(self, asked: For, heard: Sequence[_Heard]) -> Slot:
        """Put what is heard into a line of fixed length, with gaps that don't give."""
        gaps, cues = _Gaps(), list[Say | Silence | Chime]()
        for cue in heard:
            if isinstance(cue, Bed):
                self._refuse_in_slot("bed", cue.at, "put it on a line of its own")
                continue
            if isinstance(cue, Silence) and cue.kind != "pause":
                self._refuse_in_slot(cue.kind, cue.at, "write [pause 2s], or let [for] be longer")
            if gap := gaps.before(cue):
                cues.append(replace(gap, least=gap.natural, most=gap.natural))
            cues.append(cue)
            gaps.part(self._script.pace.sentence)
        if not any(isinstance(cue, Say | Chime) for cue in cues):
            hint = f"write [pause {written(asked.natural)}]"
            self._errors.append(CueError("nothing is heard in this line", at=asked.at, hint=hint))
        return Slot(cues=tuple(cues), least=asked.least, natural=asked.natural, most=asked.most, at=asked.at)

    def _refuse_in_slot(self, name: str, at: Place, hint: str) -> None:
        self._errors.append(CueError(f"a [{name}] can't stand in a line with [for]", at=at, hint=hint))


_OPENINGS: dict[type[For | Safety], tuple[str, str]] = {
    For: ("[for] counts from the start of its line", "[for 4s] Breathe in."),
    Safety: ("[safety] marks its line from the start", "[safety] Take the mat away now."),
}


def _check_opening(asked: For | Safety, before: Sequence[For | Safety], number: int) -> None:
    """Let nothing but each other stand before what is said of a line, and each of them once."""
    if number != len(before) or any(isinstance(one, type(asked)) for one in before):
        message, example = _OPENINGS[type(asked)]
        raise CueError(message, at=asked.at, hint=f"begin the line with it, as in {example}")


def _is_chosen(line: Line, part: Stretch) -> bool:
    """Tell whether a value says which sound it is, and not the script itself."""
    return any(piece.value == "choice" for piece in line.within(part.start, part.end))
