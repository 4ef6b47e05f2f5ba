"""What hypothesis makes sessions from, and how many examples it tries."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from voiceguide.cues import Bed, Chime, Cue, Interval, Mark, Moment, Say, Silence, Slot, Utterance
from voiceguide.durations import Ms
from voiceguide.errors import Place

HERE = Place(path="here.md", line=1)


def trying(examples: int, **more: Any) -> settings:  # noqa: ANN401  -- as hypothesis has it
    """Try so many, where an example takes long; with the profile `thorough` as many times more as it says."""
    return settings(max_examples=examples * settings().max_examples // 100, **more)


class Sounding:
    """A clip or chime of which only the time is known."""

    def __init__(self, length: int, fade: int = 0) -> None:
        self.length = Ms(length)
        self.fade = Ms(fade)


BEDS = ("ocean", "rain")
SOUNDS = {"short": Sounding(900, 300), "long": Sounding(14_000, 5000)}


def say(number: int) -> Say:
    return Say(utterance=Utterance(text=f"Line {number}.", language="en", voice=None, rate=115), at=HERE)


CLIPS = {say(number).utterance: Sounding(400 + 777 * number) for number in range(8)}

says = st.integers(0, 7).map(say)


@st.composite
def silences(draw: st.DrawFn) -> Silence:
    kind = draw(st.sampled_from(["pause", "rest", "quiet", "gap"]))
    least = draw(st.integers(0, 20_000))
    natural = least + draw(st.integers(0, 20_000))
    most = natural + draw(st.integers(0, 60_000))
    if kind == "pause":
        least = most = natural
    return Silence(kind=kind, least=Ms(least), natural=Ms(natural), most=Ms(most), at=HERE)  # type: ignore[arg-type]  # sampled


@st.composite
def chimes(draw: st.DrawFn) -> Chime:
    times = draw(st.integers(1, 3))
    wait = draw(st.none() | st.integers(0, 9000).map(Ms))
    every = Ms(draw(st.integers(500, 5000)) if times > 1 else 0)
    return Chime(sound=draw(st.sampled_from(sorted(SOUNDS))), gain_db=0.0, times=times, every=every, wait=wait, at=HERE)


@st.composite
def slots(draw: st.DrawFn) -> Slot:
    inside = draw(st.lists(says, max_size=2))
    content = sum(CLIPS[cue.utterance].length for cue in inside)
    least = content + draw(st.integers(0, 4000))
    natural = least + draw(st.integers(0, 4000))
    return Slot(
        cues=tuple(inside), least=Ms(least), natural=Ms(natural), most=Ms(natural + draw(st.integers(0, 4000))), at=HERE
    )


@st.composite
def belled(draw: st.DrawFn) -> Silence:
    """Draw a quiet time in which a chime rings."""
    every = draw(st.integers(5000, 90_000))
    natural = draw(st.integers(0, 400_000))
    chime = Chime(sound=draw(st.sampled_from(sorted(SOUNDS))), gain_db=-6.0, times=1, every=Ms(0), wait=Ms(0), at=HERE)
    return Silence(
        kind="quiet",
        least=Ms(natural // 2),
        natural=Ms(natural),
        most=Ms(natural * 2),
        at=HERE,
        interval=Interval(chime=chime, every=Ms(every)),
    )


@st.composite
def moments(draw: st.DrawFn) -> Moment:
    apart = Ms(draw(st.integers(0, 5000)))
    gap = Silence(kind="gap", least=apart, natural=apart, most=apart, at=HERE)
    held = draw(st.lists(says | chimes(), min_size=1, max_size=2))
    return Moment(
        cues=tuple(held[:1] + [cue for more in held[1:] for cue in (gap, more)]),
        left=draw(st.none() | st.integers(0, 300_000).map(Ms)),
        apart=apart,
        at=HERE,
    )


marks = st.builds(Mark, title=st.sampled_from(["One", "Two"]), at=st.just(HERE))
sessions: st.SearchStrategy[list[Cue]] = st.lists(
    says | silences() | chimes() | slots() | marks, min_size=1, max_size=30
)
beds = st.builds(
    Bed,
    sound=st.none() | st.sampled_from(BEDS),
    level_db=st.floats(-60, -6),
    fade=st.integers(100, 20_000).map(Ms),
    at=st.just(HERE),
)
sessions_with_beds: st.SearchStrategy[list[Cue]] = st.lists(
    says | silences() | chimes() | slots() | marks | beds, min_size=1, max_size=30
)
spacious: st.SearchStrategy[list[Cue]] = st.lists(
    says | silences() | chimes() | slots() | belled(), min_size=1, max_size=20
)
"""Sessions with silences enough for a line or two to be said in them."""
