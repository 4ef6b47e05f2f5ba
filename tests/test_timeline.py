from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import (
    CLIPS,
    HERE,
    SOUNDS,
    Sounding,
    belled,
    chimes,
    moments,
    say,
    sessions,
    sessions_with_beds,
    spacious,
    trying,
)

from voiceguide.cues import Bed, Chime, Cue, Interval, Mark, Moment, Say, Silence, Slot
from voiceguide.durations import Ms
from voiceguide.errors import SeveralErrors, TimelineError
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


def places(events: Iterable[Placed], *, later: int = 0) -> list[tuple[Cue, int, int]]:
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


@trying(50)
@given(sessions, st.fractions(0, 1))
def test_any_target_in_reach_is_met_to_the_millisecond(cues: list[Cue], share: Fraction) -> None:
    natural = lay(*cues)
    target = natural.shortest + round((natural.longest - natural.shortest) * share)
    timeline = lay(*cues, target=target)
    assert timeline.length == target
    assert (timeline.shortest, timeline.longest) == (natural.shortest, natural.longest)


@trying(50)
@given(sessions, st.fractions(0, 1))
def test_no_silence_leaves_its_bounds(cues: list[Cue], share: Fraction) -> None:
    natural = lay(*cues)
    target = natural.shortest + round((natural.longest - natural.shortest) * share)
    for event in lay(*cues, target=target).events:
        if isinstance(event.cue, Silence):
            assert event.cue.least <= event.length <= event.cue.most


@trying(50)
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


@trying(50)
@given(sessions)
def test_order_holds_and_speech_never_gives(cues: list[Cue]) -> None:
    timeline = lay(*cues)
    starts = [event.start for event in timeline.events]
    assert starts == sorted(starts)
    for event in timeline.events:
        if isinstance(event.cue, Say):
            assert event.length == CLIPS[event.cue.utterance].length


@trying(50)
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


@trying(50)
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
    assert places(heard) == places(before, later=lead_in + head)


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


@trying(50)
@given(sessions_with_beds, st.fractions(0, 1))
def test_beds_take_no_time_and_leave_no_gap_between_them(cues: list[Cue], share: Fraction) -> None:
    natural = lay(*cues)
    target = natural.shortest + round((natural.longest - natural.shortest) * share)
    timeline = lay(*cues, target=target)
    bare = lay(*(cue for cue in cues if not isinstance(cue, Bed)), target=target)
    assert places(event for event in timeline.events if not isinstance(event.cue, Bed)) == places(bare.events)
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


@trying(50)
@given(sessions_with_beds, st.integers(0, 5000))
def test_no_silence_is_longer_than_asked_and_speech_never_gives(cues: list[Cue], most: int) -> None:
    whole, brief = lay(*cues), lay(*cues, longest_silence=most)
    assert all(length <= most for length in silent(brief))
    spoken, briefly = (
        [(event.cue, event.length) for event in one.events if isinstance(event.cue, Say)] for one in (whole, brief)
    )
    assert briefly == spoken
    assert brief.length <= whole.length


@trying(50)
@given(sessions_with_beds)
def test_a_session_without_long_silences_stays_as_it_is(cues: list[Cue]) -> None:
    assert lay(*cues, longest_silence=200_000) == lay(*cues)


# --- inside a silence: chimes ---------------------------------------------------------------------------------------


def rings(timeline: Timeline) -> list[int]:
    return [event.start for event in timeline.events if isinstance(event.cue, Chime)]


def ringing(silence: Silence, sound: str, every: int) -> Silence:
    return replace(silence, interval=Interval(chime=chime(sound, wait=0), every=Ms(every)))


def test_a_silence_stretches_and_the_time_between_its_chimes_stays() -> None:
    quiet = ringing(silence("quiet", 1_200_000, 300_000, 7_200_000), "long", 300_000)
    begins = 2000 + length_of(0)
    for target, strokes in ((1_000_000, 3), (1_220_000, 3), (1_250_000, 4), (3_600_000, 11)):
        timeline = lay(say(0), quiet, say(1), target=target, head=2000)
        assert timeline.length == target
        assert rings(timeline) == [begins + 300_000 * number for number in range(1, strokes + 1)]


def test_no_chime_rings_within_half_a_minute_of_the_end_of_its_silence_or_half_its_interval() -> None:
    assert len(rings(lay(ringing(silence("rest", 630_000), "short", 300_000), say(0)))) == 2
    assert len(rings(lay(ringing(silence("rest", 629_999), "short", 300_000), say(0)))) == 1
    assert len(rings(lay(ringing(silence("rest", 25_000), "short", 10_000), say(0)))) == 2
    assert len(rings(lay(ringing(silence("rest", 24_999), "short", 10_000), say(0)))) == 1


def test_a_chime_in_a_silence_rings_into_the_words_that_follow_but_not_over_the_end() -> None:
    quiet = ringing(silence("rest", 9000), "long", 6000)
    assert rings(lay(quiet, say(0), tail=5000)) == []
    followed = lay(quiet, say(0), silence("pause", 11_000 - length_of(0)))
    assert rings(followed) == [6000]
    assert followed.length == 20_000


@trying(50)
@given(st.lists(belled() | chimes(), min_size=1, max_size=6), st.fractions(0, 1))
def test_chimes_in_silences_take_no_time(cues: list[Cue], share: Fraction) -> None:
    natural = lay(*cues)
    target = natural.shortest + round((natural.longest - natural.shortest) * share)
    timeline = lay(*cues, target=target)
    bare = [replace(cue, interval=None) if isinstance(cue, Silence) else cue for cue in cues]
    alone = lay(*bare, target=target)
    inside = [cue.interval.chime for cue in cues if isinstance(cue, Silence) and cue.interval]
    kept = [event for event in timeline.events if event.cue not in inside]
    assert [(event.start, event.length) for event in kept] == [(event.start, event.length) for event in alone.events]
    assert timeline.length == alone.length


# --- at a moment: lines ---------------------------------------------------------------------------------------------


def at(*cues: Say | Silence | Chime, left: int | None = None, apart: int = 3000) -> Moment:
    return Moment(cues=cues, left=None if left is None else Ms(left), apart=Ms(apart), at=HERE)


def start_of(timeline: Timeline, cue: Cue) -> int:
    (start,) = [event.start for event in timeline.events if event.cue is cue]
    return start


def test_a_line_begins_at_its_moment_if_there_is_silence() -> None:
    half, late = say(2), say(3)
    timeline = lay(
        say(0),
        at(half),
        at(late, left=180_000),
        silence("quiet", 600_000),
        say(1),
        head=2000,
        tail=5000,
        lead_in=30_000,
    )
    assert start_of(timeline, half) == timeline.length - (timeline.length - 30_000) // 2
    assert start_of(timeline, late) == timeline.length - 180_000
    alone = lay(say(0), silence("quiet", 600_000), say(1), head=2000, tail=5000, lead_in=30_000)
    assert timeline.length == alone.length
    assert (timeline.shortest, timeline.longest, timeline.chapters) == (alone.shortest, alone.longest, alone.chapters)
    assert set(timeline.events) > set(alone.events)


def test_it_makes_room_for_words_and_for_the_first_20_db_of_a_chime() -> None:
    line = say(2)
    timeline = lay(silence("pause", 100_000), say(1), silence("pause", 100_000 - length_of(1)), at(line, left=100_000))
    assert start_of(timeline, line) == 100_000 + length_of(1) + 3000
    timeline = lay(silence("pause", 99_000), chime("long", wait=0), silence("pause", 101_000), at(line, left=100_000))
    fits_before = 99_000 - 3000 - length_of(2)
    assert start_of(timeline, line) == fits_before
    timeline = lay(silence("pause", 97_000), chime("long", wait=0), silence("pause", 103_000), at(line, left=100_000))
    assert start_of(timeline, line) == 97_000 + SOUNDS["long"].fade + 3000


def test_of_two_places_as_near_it_takes_the_earlier_one() -> None:
    line, words = say(1), say(7)
    early, late = 50_000 - length_of(1), 50_000 + length_of(7)
    around = (silence("pause", 50_000), words, silence("pause", 50_000))
    assert (early + late) % 2 == 0
    left = lay(*around).length - (early + late) // 2
    assert start_of(lay(*around, at(line, left=left, apart=0)), line) == early
    assert start_of(lay(*around, at(line, left=left - 1, apart=0)), line) == late


def test_what_a_line_holds_stays_together_and_its_tail_ends_with_the_session() -> None:
    first, bell, last = say(0), chime("long", wait=4000), say(1)
    gap = silence("gap", 700)
    timeline = lay(silence("pause", 60_000), say(5), at(first, gap, bell, last, left=30_000), tail=5000)
    start = start_of(timeline, first)
    assert start == timeline.length - 30_000
    assert start_of(timeline, bell) == start + length_of(0) + 700
    assert start_of(timeline, last) == start + length_of(0) + 700 + 4000
    late = lay(silence("pause", 60_000), at(chime("long", wait=0), left=19_000), say(0), silence("pause", 0), tail=5000)
    assert max(event.end for event in late.events) <= late.length - 5000


def test_lines_take_their_places_in_the_order_in_which_they_are_written() -> None:
    one, two = say(1), say(2)
    timeline = lay(silence("quiet", 600_000), at(one), at(two, left=300_000))
    assert start_of(timeline, one) == 300_000
    assert start_of(timeline, two) in {300_000 + length_of(1) + 3000, 300_000 - 3000 - length_of(2)}


def test_a_line_that_finds_no_silence_says_what_is_in_the_way_and_where_there_is_room() -> None:
    busy = [cue for _ in range(40) for cue in (say(7), silence("pause", 1000))]
    with pytest.raises(TimelineError) as caught:
        lay(*busy, silence("pause", 90_000), at(say(2)))
    assert caught.value.at == HERE
    assert caught.value.message == "this line finds no silence halfway, at 3:01: 'Line 7.' is said then"
    assert "it takes 1s954ms with 3s on either side, and the nearest room is at 4:35" in str(caught.value.hint)
    with pytest.raises(TimelineError, match="no silence with 2m left, at 2:10: a chime rings then"):
        lay(chime("long", times=60, every=4000), at(say(2), left=120_000))
    with pytest.raises(TimelineError, match=r"'Line 1\.' is said too near") as caught:
        lay(say(0), silence("pause", 5000), say(1), at(say(2)))
    assert "no silence is that long" in str(caught.value.hint)
    with pytest.raises(TimelineError, match="the session begins or ends there"):
        lay(say(0), silence("pause", 60_000), at(say(2), left=2000), tail=5000)


def test_a_line_is_never_said_when_more_is_left_than_there_ever_was() -> None:
    with pytest.raises(TimelineError, match="there are never 3m left: the session lasts 1m8s400ms"):
        lay(say(0), silence("quiet", 61_000), at(say(1), left=180_000), head=2000, tail=5000, lead_in=300_000)


def test_all_lines_without_a_silence_are_told_at_once() -> None:
    with pytest.raises(SeveralErrors) as caught:
        lay(say(0), at(say(1)), at(say(2), left=1000))
    assert len(caught.value.errors) == 2


def test_in_a_proof_a_line_stands_where_it_is_written() -> None:
    one, half, two = say(0), say(2), say(1)
    timeline = lay(one, at(half), silence("quiet", 600_000), two, longest_silence=1500)
    starts = [start_of(timeline, cue) for cue in (one, half, two)]
    assert starts[1] == length_of(0) + 1500
    assert starts[2] == starts[1] + length_of(2) + 1500 + 1500


def heard(timeline: Timeline) -> list[tuple[int, int]]:
    """Give when words are said, and when a chime has not faded by 20 dB."""
    says = [(event.start, event.end) for event in timeline.events if isinstance(event.cue, Say)]
    rung = [(event, event.cue) for event in timeline.events if isinstance(event.cue, Chime)]
    strokes = [(event.start, (cue.times - 1) * cue.every, SOUNDS[cue.sound].fade) for event, cue in rung]
    return [*says, *((start, start + later + fade) for start, later, fade in strokes)]


@trying(50)
@given(spacious, moments(), st.sampled_from([0, 30_000]))
def test_what_a_line_says_of_the_time_is_true(cues: list[Cue], moment: Moment, lead_in: int) -> None:
    moment = replace(moment, cues=tuple(replace(cue) for cue in moment.cues))
    alone = lay(*cues, head=2000, tail=5000, lead_in=lead_in)
    left = (alone.length - lead_in) // 2 if moment.left is None else moment.left
    asked, most_off = alone.length - left, max(left // 10, 5000)
    end = say(0)
    lasts, sounds = start_of(lay(*moment.cues, end), end), lay(*moment.cues).length

    def fits(start: int) -> bool:
        first, last = start - moment.apart, start + lasts + moment.apart
        inside = lead_in + 2000 <= first and max(last, start + sounds) <= alone.length - 5000
        return inside and all(end <= first or begin >= last for begin, end in heard(alone))

    try:
        timeline = lay(*cues, moment, head=2000, tail=5000, lead_in=lead_in)
    except TimelineError:
        assert left > alone.length - lead_in or not any(map(fits, range(asked - most_off, asked + most_off, 250)))
        return
    start = start_of(timeline, moment.cues[0])
    edges = {edge for begin, end in heard(alone) for edge in (end + moment.apart, begin - moment.apart - lasts)}
    assert fits(start)
    assert abs(start - asked) <= most_off
    assert not any(fits(edge) for edge in (asked, *edges) if abs(edge - asked) < abs(start - asked))
    others = [event for event in timeline.events if not any(event.cue is cue for cue in moment.cues)]
    assert others == list(alone.events)
    assert (timeline.length, timeline.chapters) == (alone.length, alone.chapters)
