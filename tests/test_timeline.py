from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import CLIPS, HERE, SOUNDS, Sounding, chimes, say, sessions

from voiceguide.cues import Chime, Cue, Mark, Say, Silence, Slot
from voiceguide.durations import Ms
from voiceguide.errors import TimelineError
from voiceguide.timeline import Timeline, lay_out


def silence(kind: str, natural: int, least: int | None = None, most: int | None = None) -> Silence:
    return Silence(
        kind=kind,  # type: ignore[arg-type]  # written by the tests below
        least=Ms(natural if least is None else least),
        natural=Ms(natural),
        most=Ms(natural if most is None else most),
        at=HERE,
    )


def chime(sound: str, *, times: int = 1, every: int = 0, wait: int | None = None) -> Chime:
    return Chime(
        sound=sound, gain_db=0.0, times=times, every=Ms(every), wait=None if wait is None else Ms(wait), at=HERE
    )


def lay(*cues: Cue, target: int | None = None) -> Timeline:
    return lay_out(cues, CLIPS, SOUNDS, None if target is None else Ms(target))


def silent(timeline: Timeline) -> list[int]:
    return [event.length for event in timeline.events if isinstance(event.cue, Silence)]


def length_of(number: int) -> int:
    return CLIPS[say(number).utterance].length


def test_without_a_target_everything_has_its_natural_length() -> None:
    timeline = lay(say(0), silence("rest", 5000, 1000, 9000), say(1))
    assert [event.start for event in timeline.events] == [0, length_of(0), length_of(0) + 5000]
    assert timeline.length == length_of(0) + 5000 + length_of(1)


def test_quiet_gives_before_rest_and_rest_before_gap() -> None:
    cues = (silence("gap", 1000, 500, 2000), silence("rest", 1000, 500, 2000), silence("quiet", 1000, 500, 2000))
    speech = length_of(0)
    assert silent(lay(*cues, say(0), target=speech + 3700)) == [1000, 1000, 1700]
    assert silent(lay(*cues, say(0), target=speech + 4600)) == [1000, 1600, 2000]
    assert silent(lay(*cues, say(0), target=speech + 5500)) == [1500, 2000, 2000]
    assert silent(lay(*cues, say(0), target=speech + 2100)) == [1000, 600, 500]


def test_one_factor_serves_all_of_a_kind_each_held_to_its_bounds() -> None:
    cues = (silence("rest", 1000, 0, 9000), silence("rest", 2000, 0, 2500), silence("rest", 4000, 0, 90_000))
    assert silent(lay(*cues, say(0), target=length_of(0) + 12_500)) == [2000, 2500, 8000]


def test_a_pause_never_gives() -> None:
    with pytest.raises(TimelineError, match="out of reach"):
        lay(say(0), silence("pause", 4000), say(0), target=20_000)


def test_a_chime_holds_back_the_words_until_it_has_faded_20_db() -> None:
    timeline = lay(chime("long"), say(0))
    assert timeline.events[1].start == SOUNDS["long"].fade


def test_the_wait_of_a_chime_runs_from_its_last_stroke() -> None:
    timeline = lay(chime("short", times=3, every=2000, wait=700), say(0))
    assert timeline.events[1].start == 2 * 2000 + 700
    assert timeline.events[0].length == 2 * 2000 + SOUNDS["short"].length


def test_the_session_ends_when_the_last_tail_has_faded() -> None:
    timeline = lay(say(0), chime("long"))
    assert timeline.length == length_of(0) + SOUNDS["long"].length


def test_a_tail_that_outlasts_the_words_meets_the_target_itself() -> None:
    timeline = lay(say(0), silence("quiet", 3000, 0, 60_000), chime("long", wait=0), say(1), target=30_000)
    assert timeline.length == 30_000
    assert timeline.events[2].start == 30_000 - SOUNDS["long"].length


def test_a_slot_is_as_long_as_it_says_and_silent_after_its_words() -> None:
    timeline = lay(Slot(cues=(say(0),), least=Ms(4000), natural=Ms(4000), most=Ms(4000), at=HERE), say(1))
    assert timeline.events[1].length == 4000 - length_of(0)
    assert timeline.events[2].start == 4000


def test_a_slot_too_short_for_its_words_says_how_long_it_needs() -> None:
    with pytest.raises(TimelineError, match="takes 400ms, more than its 300ms") as caught:
        lay(Slot(cues=(say(0),), least=Ms(300), natural=Ms(300), most=Ms(300), at=HERE))
    assert caught.value.at == HERE
    assert "[for 400ms]" in str(caught.value.hint)


def test_a_chime_that_ends_a_slot_rings_past_it() -> None:
    timeline = lay(Slot(cues=(say(0), chime("long")), least=Ms(1000), natural=Ms(1000), most=Ms(1000), at=HERE), say(1))
    assert timeline.events[-1].start == 1000


def test_chapters_begin_at_their_first_sound_and_the_first_at_nought() -> None:
    timeline = lay(
        Mark(title="One", at=HERE),
        silence("pause", 2000),
        say(0),
        silence("gap", 3000),
        Mark(title="Two", at=HERE),
        say(1),
    )
    first, second = timeline.chapters
    assert (first.title, first.start, first.end) == ("One", 0, 2000 + length_of(0) + 3000)
    assert (second.title, second.start, second.end) == ("Two", first.end, timeline.length)


def test_an_unreachable_target_says_the_shortest_and_longest_length() -> None:
    with pytest.raises(TimelineError) as caught:
        lay(say(0), silence("rest", 2000, 1000, 4000), say(0), target=9000)
    assert "from 1s800ms to 4s800ms" in str(caught.value)
    assert "--rate" in str(caught.value.hint)


@given(sessions, st.fractions(0, 1))
def test_any_target_in_reach_is_met_to_the_millisecond(cues: list[Cue], share: Fraction) -> None:
    natural = lay(*cues)
    target = natural.shortest + round((natural.longest - natural.shortest) * share)
    timeline = lay(*cues, target=target)
    assert timeline.length == target
    assert (timeline.shortest, timeline.longest) == (natural.shortest, natural.longest)


@given(sessions, st.fractions(0, 1))
def test_no_silence_leaves_its_bounds(cues: list[Cue], share: Fraction) -> None:
    natural = lay(*cues)
    target = natural.shortest + round((natural.longest - natural.shortest) * share)
    for event in lay(*cues, target=target).events:
        if isinstance(event.cue, Silence):
            assert event.cue.least <= event.length <= event.cue.most


@given(sessions)
def test_a_kind_gives_only_when_the_one_before_is_at_its_bound(cues: list[Cue]) -> None:
    natural = lay(*cues)
    assume(natural.length < natural.longest)
    target = (natural.length + natural.longest + 1) // 2
    events = [event for event in lay(*cues, target=target).events if isinstance(event.cue, Silence)]
    order = ["quiet", "rest", "gap"]
    moved = {event.cue.kind for event in events if event.length > event.cue.natural + 1}  # type: ignore[union-attr]
    for kind in moved & {"rest", "gap"}:
        earlier = order[: order.index(kind)]
        before = [e for e in events if e.cue.kind in earlier]  # type: ignore[union-attr]
        assert all(event.length == event.cue.most for event in before)  # type: ignore[union-attr]


@given(sessions)
def test_order_holds_and_speech_never_gives(cues: list[Cue]) -> None:
    timeline = lay(*cues)
    starts = [event.start for event in timeline.events]
    assert starts == sorted(starts)
    for event in timeline.events:
        if isinstance(event.cue, Say):
            assert event.length == CLIPS[event.cue.utterance].length


@given(st.lists(chimes(), min_size=1, max_size=5))
def test_nothing_sounds_after_the_end(cues: list[Chime]) -> None:
    timeline = lay(*cues)
    assert max(event.start + event.length for event in timeline.events) <= timeline.length


def test_a_silence_of_nought_can_still_grow() -> None:
    timeline = lay_out([say(0), silence("rest", 0, 0, 5000), say(0)], {say(0).utterance: Sounding(500)}, {}, Ms(3000))
    assert timeline.length == 3000
