from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import CLIPS, HERE, SOUNDS, Sounding, chimes, say, sessions, sessions_with_beds

from voiceguide.cues import Bed, Chime, Cue, Mark, Say, Silence, Slot
from voiceguide.durations import Ms
from voiceguide.errors import TimelineError
from voiceguide.timeline import Placed, Timeline, lay_out


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


def bed(sound: str | None, *, fade: int = 8000) -> Bed:
    return Bed(sound=sound, level_db=-22.0, fade=Ms(fade), at=HERE)


def lay(
    *cues: Cue,
    target: int | None = None,
    head: int = 0,
    tail: int = 0,
    lead_in: int = 0,
    longest_silence: int | None = None,
) -> Timeline:
    return lay_out(
        cues,
        CLIPS,
        SOUNDS,
        None if target is None else Ms(target),
        head=Ms(head),
        tail=Ms(tail),
        lead_in=Ms(lead_in),
        longest_silence=None if longest_silence is None else Ms(longest_silence),
    )


def moments(events: Iterable[Placed], *, later: int = 0) -> list[tuple[Cue, int, int]]:
    return [(event.cue, event.start + later, event.length) for event in events]


def beds_of(timeline: Timeline) -> list[tuple[str | None, int, int]]:
    found = [(event.cue, event) for event in timeline.events if isinstance(event.cue, Bed)]
    return [(cue.sound, event.start, event.start + event.length) for cue, event in found]


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


# --- before, after and around ---------------------------------------------------------------------------------------


def test_head_tail_and_lead_in_stand_around_all_that_is_heard() -> None:
    timeline = lay(say(0), silence("pause", 1000), say(1), head=2000, tail=5000, lead_in=30_000)
    assert [event.start for event in timeline.events if isinstance(event.cue, Say)] == [32_000, 33_000 + length_of(0)]
    assert timeline.length == 32_000 + length_of(0) + 1000 + length_of(1) + 5000


def test_the_tail_begins_when_the_last_sound_has_faded() -> None:
    assert lay(say(0), chime("long"), tail=5000).length == length_of(0) + SOUNDS["long"].length + 5000


def test_the_first_chapter_begins_at_nought_before_the_time_to_lie_down() -> None:
    cues = (Mark(title="One", at=HERE), say(0), Mark(title="Two", at=HERE), say(1))
    timeline = lay(*cues, head=2000, tail=5000, lead_in=30_000)
    first, second = timeline.chapters
    assert (first.start, first.end) == (0, 32_000 + length_of(0))
    assert (second.start, second.end) == (first.end, timeline.length)


def test_what_stands_around_counts_in_what_is_out_of_reach_but_the_time_to_lie_down_does_not() -> None:
    with pytest.raises(TimelineError) as caught:
        lay(say(0), silence("rest", 2000, 1000, 4000), say(0), target=20_000, head=2000, tail=5000, lead_in=60_000)
    assert "from 8s800ms to 11s800ms, 7s of it before its first sound and after its last" in str(caught.value)


def test_a_target_shorter_than_what_stands_around_is_out_of_reach() -> None:
    with pytest.raises(TimelineError, match="out of reach"):
        lay(silence("quiet", 0, 0, 9000), target=6000, head=2000, tail=5000)


@given(
    sessions_with_beds, st.fractions(0, 1), st.integers(0, 5000), st.integers(0, 9000), st.sampled_from([0, 1, 30_000])
)
def test_what_stands_around_only_moves_a_session(
    cues: list[Cue], share: Fraction, head: int, tail: int, lead_in: int
) -> None:
    alone = lay(*cues)
    target = alone.shortest + round((alone.longest - alone.shortest) * share)
    inner = lay(*cues, target=target)
    timeline = lay(*cues, target=target + head + tail, head=head, tail=tail, lead_in=lead_in)
    assert timeline.length == lead_in + head + target + tail
    assert (timeline.shortest, timeline.longest) == (alone.shortest + head + tail, alone.longest + head + tail)
    heard, before = ([event for event in one.events if not isinstance(event.cue, Bed)] for one in (timeline, inner))
    assert moments(heard) == moments(before, later=lead_in + head)


# --- beds ---------------------------------------------------------------------------------------------------------


def test_a_bed_lasts_until_the_next_one_and_the_last_until_the_recording_ends() -> None:
    timeline = lay(bed("rain"), say(0), silence("pause", 9000), bed("ocean"), say(1), head=2000, tail=5000)
    change = 2000 + length_of(0) + 9000
    assert beds_of(timeline) == [("rain", 2000, change), ("ocean", change, timeline.length)]


def test_a_bed_that_ends_lasts_as_long_as_its_fade() -> None:
    timeline = lay(bed("rain"), say(0), bed(None, fade=8000), silence("pause", 20_000), say(1))
    assert beds_of(timeline) == [("rain", 0, length_of(0)), (None, length_of(0), length_of(0) + 8000)]


def test_a_bed_never_ends_after_the_recording() -> None:
    timeline = lay(bed("rain"), say(0), bed(None, fade=8000), tail=5000)
    assert beds_of(timeline)[1] == (None, length_of(0), length_of(0) + 5000)


def test_of_beds_at_one_moment_the_last_is_heard() -> None:
    timeline = lay(bed("rain"), bed("ocean"), say(0))
    assert beds_of(timeline) == [("ocean", 0, timeline.length)]


def test_a_bed_stands_before_what_begins_with_it() -> None:
    timeline = lay(chime("short", wait=0), bed("rain"), say(0))
    assert [type(event.cue) for event in timeline.events] == [Bed, Chime, Say]


@given(sessions_with_beds, st.fractions(0, 1))
def test_beds_take_no_time_and_leave_no_gap_between_them(cues: list[Cue], share: Fraction) -> None:
    natural = lay(*cues)
    target = natural.shortest + round((natural.longest - natural.shortest) * share)
    timeline = lay(*cues, target=target)
    bare = lay(*(cue for cue in cues if not isinstance(cue, Bed)), target=target)
    assert moments(event for event in timeline.events if not isinstance(event.cue, Bed)) == moments(bare.events)
    found = beds_of(timeline)
    for (sound, start, end), (_, after, _) in pairwise(found):
        assert start < after or sound is None
        assert end == after or sound is None
    for sound, start, end in found[-1:]:
        assert end == timeline.length if sound else start < end <= timeline.length


# --- to listen through ----------------------------------------------------------------------------------------------


def test_a_slot_keeps_what_is_in_it_and_at_most_so_much_silence() -> None:
    slot = Slot(cues=(say(0),), least=Ms(9000), natural=Ms(9000), most=Ms(9000), at=HERE)
    timeline = lay(slot, say(1), longest_silence=1500)
    assert timeline.events[-1].start == length_of(0) + 1500


def test_a_slot_too_short_for_its_words_is_told_of_all_the_same() -> None:
    slot = Slot(cues=(say(0), silence("pause", 5000)), least=Ms(4000), natural=Ms(4000), most=Ms(4000), at=HERE)
    with pytest.raises(TimelineError, match="more than its 4s"):
        lay(slot, longest_silence=1500)


def test_strokes_come_closer_and_hold_back_the_words_no_longer() -> None:
    timeline = lay(chime("long", times=3, every=6000, wait=8000), say(0), longest_silence=1500)
    ringing, words = timeline.events
    assert isinstance(ringing.cue, Chime)
    assert ringing.cue.every == 1500
    assert ringing.length == 2 * 1500 + SOUNDS["long"].length
    assert words.start == 3 * 1500


@given(sessions_with_beds, st.integers(0, 5000))
def test_no_silence_is_longer_than_asked_and_speech_never_gives(cues: list[Cue], most: int) -> None:
    whole, brief = lay(*cues), lay(*cues, longest_silence=most)
    assert all(length <= most for length in silent(brief))
    spoken, briefly = (
        [(event.cue, event.length) for event in one.events if isinstance(event.cue, Say)] for one in (whole, brief)
    )
    assert briefly == spoken
    assert brief.length <= whole.length


@given(sessions_with_beds)
def test_a_session_without_long_silences_stays_as_it_is(cues: list[Cue]) -> None:
    assert lay(*cues, longest_silence=200_000) == lay(*cues)
