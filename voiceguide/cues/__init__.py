"""Script -> cues: what is heard, in order, with the silences between. The cue language is here."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar, assert_never

from voiceguide.cues.brackets import Asked, At, For, Play, Rate, Safety, Voice, read_bracket
from voiceguide.cues.kinds import (
    FADE_OUT,
    Bed,
    Chime,
    Cue,
    Interval,
    Mark,
    Moment,
    Say,
    Silence,
    Slot,
    Utterance,
    opened,
    without_chimes,
)
from voiceguide.cues.lines import Stretch, check_shape, stretches
from voiceguide.cues.sentences import sentences
from voiceguide.durations import Ms, written
from voiceguide.errors import CueError, Place, VoiceguideError, raise_all
from voiceguide.script import Known, Line, Script

__all__ = [
    "FADE_OUT", "Bed", "Chime", "Cue", "Interval", "Mark", "Moment", "Say", "Silence", "Slot", "Utterance", "opened",
    "read_cues", "without_chimes",
]  # fmt: skip

_Heard = Say | Silence | Chime | Bed
_Opening = At | For | Play | Safety
_Kind = TypeVar("_Kind", At, For, Play, Safety)
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
        opening: list[_Opening] = []
        heard: list[_Heard] = []
        parts = list(stretches(line))
        for number, part in enumerate(parts):
            play = _one(Play, opening)
            try:
                if not part.cue:
                    said = list(self._say(line, part, play, alone=len(parts) == 1))
                    heard += said
                    if play is not None:
                        _check_recorded(said, heard, line, part)
                    continue
                asked = read_bracket(line, part, self._known)
                _check_own_voice(asked, play, line.place(part.start, part.end))
                match asked:
                    case Silence() | Chime():
                        heard.append(asked)
                    case Bed():
                        heard += [asked] if self._beds.changed_by(asked, chosen=_is_chosen(line, part)) else []
                    case Rate():
                        self._rate = asked.rate
                    case Voice():
                        self._voice = asked.name
                    case At() | For() | Play() | Safety():
                        _check_opening(asked, opening, number)
                        opening.append(asked)
                        _check_unvarying(asked, line)
                    case _:
                        assert_never(asked)
            except CueError as error:
                self._fault(error)
        self._add_line(opening, heard)

    def _add_line(self, opening: Sequence[_Opening], heard: Sequence[_Heard]) -> None:
        safety, play = _one(Safety, opening), _one(Play, opening)
        if play is not None and not any(isinstance(cue, Say) for cue in heard):
            hint = f"write them behind it, as in [play {play.recording}] Welcome."
            self._errors.append(CueError("captions need the words a recording says", at=play.at, hint=hint))
        elif safety is not None:
            heard = self._for_safety(safety, heard)
        match next((asked for asked in opening if isinstance(asked, At | For)), None):
            case None:
                self._add_each(heard)
            case For() as asked:
                cues = self._held(asked, heard)
                self._add(Slot(cues=cues, least=asked.least, natural=asked.natural, most=asked.most, at=asked.at))
            case At() as asked:
                cues, apart = self._held(asked, heard), self._script.pace.line
                self._cues.append(Moment(cues=cues, left=asked.left, apart=apart, at=asked.at))

    def _for_safety(self, asked: Safety, heard: Sequence[_Heard]) -> list[_Heard]:
        if not any(isinstance(cue, Say) for cue in heard):
            hint = "write behind it what must be heard, as in [safety] Take the mat away now."
            self._errors.append(CueError("nothing is spoken in this line", at=asked.at, hint=hint))
        return [replace(cue, safety=True) if isinstance(cue, Say) else cue for cue in heard]

    def _say(self, line: Line, part: Stretch, play: Play | None, *, alone: bool) -> Iterator[Say]:
        """Give what is said in a stretch, a sentence at a time; by a recording, all of it as one."""
        language = self._script.language
        utterance = Utterance(text="", language=language, voice=self._voice, rate=self._rate)
        if play is not None:
            utterance = replace(utterance, voice=None, recording=play.recording)
        for start, end in [(0, len(part.text.rstrip()))] if play else sentences(part.text, language):
            said = part.text[start:end].lstrip(_LEFT_OVER)
            text = " ".join(said.split())
            if not any(char.isalnum() for char in text):
                if alone:
                    hint = "write words, or a cue such as [pause 2s]"
                    raise CueError("there is nothing to say here", at=line.at, hint=hint)
                continue  # the full stop behind the last cue of a line
            at = line.place(part.columns[end - len(said)], part.columns[end - 1] + 1)
            if len(text) > _LONGEST_SENTENCE and play is None:
                hint = f"end it with a full stop within {_LONGEST_SENTENCE} characters"
                raise CueError(f"this sentence has {len(text)} characters", at=at, hint=hint)
            yield Say(utterance=replace(utterance, text=text), at=at)

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

    def _held(self, asked: At | For, heard: Sequence[_Heard]) -> tuple[Say | Silence | Chime, ...]:
        """Give what a line holds by itself, with gaps that don't give."""
        gaps, cues = _Gaps(), list[Say | Silence | Chime]()
        for cue in heard:
            if isinstance(cue, Bed):
                self._refuse_held(asked, "bed", cue.at, "put it on a line of its own")
                continue
            if isinstance(cue, Silence) and cue.kind != "pause":
                longer = ", or let [for] be longer" if isinstance(asked, For) else ""
                self._refuse_held(asked, cue.kind, cue.at, f"write [pause 2s]{longer}")
            if gap := gaps.before(cue):
                cues.append(replace(gap, least=gap.natural, most=gap.natural))
            cues.append(cue)
            gaps.part(self._script.pace.sentence)
        if not any(isinstance(cue, Say | Chime) for cue in cues):
            hint = "write behind it what is to be said, as in [at halfway] You are halfway."
            hint = f"write [pause {written(asked.natural)}]" if isinstance(asked, For) else hint
            self._errors.append(CueError("nothing is heard in this line", at=asked.at, hint=hint))
        return tuple(cues)

    def _refuse_held(self, asked: At | For, name: str, at: Place, hint: str) -> None:
        line = "for" if isinstance(asked, For) else "at"
        self._errors.append(CueError(f"a [{name}] can't stand in a line with [{line}]", at=at, hint=hint))


_OPENINGS: dict[type[_Opening], tuple[str, str]] = {
    At: ("[at] says when its line is heard", "[at halfway] You are halfway."),
    For: ("[for] counts from the start of its line", "[for 4s] Breathe in."),
    Play: ("[play] speaks its line from the start", "[play hello.wav] Welcome."),
    Safety: ("[safety] marks its line from the start", "[safety] Take the mat away now."),
}


def _check_opening(asked: _Opening, before: Sequence[_Opening], number: int) -> None:
    """Let nothing but each other stand before what is said of a line, and each of them once."""
    if number != len(before) or any(isinstance(one, type(asked)) for one in before):
        message, example = _OPENINGS[type(asked)]
        raise CueError(message, at=asked.at, hint=f"begin the line with it, as in {example}")
    if {At, For} <= {type(asked), *map(type, before)}:
        raise CueError("a line with [at] takes no time, so [for] can't give it any", at=asked.at, hint="write only one")


def _check_unvarying(asked: _Opening, line: Line) -> None:
    """Refuse words about safety that `pick` chose: who hears a session daily must know them."""
    picked = next((piece for piece in line.pieces if piece.picked), None)
    if isinstance(asked, Safety) and picked:
        at = picked.place(picked.start, picked.end)
        raise CueError("words about safety never vary", at=at, hint="write one wording, without pick()")


def _check_recorded(said: Sequence[Say], heard: Sequence[_Heard], line: Line, part: Stretch) -> None:
    """Refuse words that a recording can't say: others on another day or with other values, or more behind a cue."""
    for piece in line.within(part.start, part.end):
        if piece.picked or piece.value in {"text", "number"}:
            at, hint = piece.place(piece.start, piece.end), "write them as it says them"
            raise CueError("a recording always says the same words", at=at, hint=hint)
    if said and sum(isinstance(cue, Say) for cue in heard) > 1:
        hint = "put what stands behind the cue on a line of its own"
        raise CueError("a recording says all the words of its line at once", at=said[0].at, hint=hint)


def _check_own_voice(asked: Asked, play: Play | None, at: Place) -> None:
    """Refuse what would seem to change how a recording speaks."""
    if play is not None and isinstance(asked, Rate | Voice):
        hint = "put this on a line of its own below: it is for the lines behind it"
        raise CueError("a recording has its own voice and pace", at=at, hint=hint)


def _one(kind: type[_Kind], opening: Sequence[_Opening]) -> _Kind | None:
    return next((asked for asked in opening if isinstance(asked, kind)), None)


def _is_chosen(line: Line, part: Stretch) -> bool:
    """Tell whether a value says which sound it is, and not the script itself."""
    return any(piece.value == "choice" for piece in line.within(part.start, part.end))
