import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguide.durations import Duration, Ms, clock, parse_clock, parse_duration, spoken, written

lengths = st.integers(0, 24 * 3_600_000).map(Ms)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("500ms", 500),
        ("4s", 4000),
        ("1m30s", 90_000),
        ("1.5m", 90_000),
        ("2h", 7_200_000),
        ("22s500ms", 22_500),
        ("1h 2m 3s", 3_723_000),
        ("0s", 0),
        (" 4s ", 4000),
    ],
)
def test_durations_are_read(text: str, length: int) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("20", "'20' has no unit: write 20s for seconds or 20m for minutes"),
        ("700", "'700' has no unit: write 700ms for milliseconds or 700s for seconds"),
        ("1m30", "'30' has no unit"),
        ("20sec", "'sec' is not a unit: did you mean 20s?"),
        ("3 minutes", "did you mean 3m?"),
        ("20S", "did you mean 20s?"),
        ("4x", "'x' is not a unit: the units are ms, s, m and h"),
        ("30s1m", "out of order"),
        ("1s2s", "out of order"),
        ("", "is not a duration"),
        ("-4s", "is not a duration"),
        ("4s!", "is not a duration"),
        ("25h", "longer than a day"),
    ],
)
def test_what_is_no_duration_says_how_to_write_it(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        parse_duration(text)


@given(lengths)
def test_what_is_written_can_be_read_back(length: Ms) -> None:
    assert parse_duration(written(length)) == length


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert 0 <= parse_duration(text) <= 24 * 3_600_000


@pytest.mark.parametrize(
    ("text", "length"), [("20:00", 1_200_000), ("1:02:30", 3_750_000), ("0:30.5", 30_500), ("20m", 1_200_000)]
)
def test_lengths_are_read_as_a_player_shows_them(text: str, length: int) -> None:
    assert parse_clock(text) == length


@pytest.mark.parametrize("text", ["20:60", ":30", "20:0", "1:2:3:4", "abc"])
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a"):
        parse_clock(text)


@pytest.mark.parametrize(("length", "shown"), [(0, "0:00"), (90_000, "1:30"), (3_750_999, "1:02:30")])
def test_moments_are_shown_as_a_player_does(length: int, shown: str) -> None:
    assert clock(Ms(length)) == shown


@pytest.mark.parametrize(
    ("length", "language", "words"),
    [
        (1_200_000, "en", "20 minutes"),
        (60_000, "en", "1 minute"),
        (90_000, "en", "1 minute and 30 seconds"),
        (5_400_000, "en", "90 minutes"),
        (7_200_000, "en", "2 hours"),
        (1_200_000, "de", "20 Minuten"),
        (60_000, "fr", "1 minute"),
        (90_000, "es", "1 minuto y 30 segundos"),
        (0, "it", "0 secondi"),
    ],
)
def test_durations_are_said_in_a_language(length: int, language: str, words: str) -> None:
    assert spoken(Ms(length), language) == words


def test_durations_are_values_in_a_template() -> None:
    each = Duration(parse_duration("45s"))
    assert str(each / 2) == "22s500ms"
    assert str(each * 2 + Duration(Ms(500))) == "1m30s500ms"
    assert str(2 * each) == "1m30s"
    assert str(each // 2) == "22s500ms"
    assert each > Duration(Ms(44_000))
    assert (each.seconds, each.minutes) == (45, 0.75)
    assert not Duration(Ms(0))
    with pytest.raises(TypeError):
        each + 1  # type: ignore[operator]  # what a template may try
    with pytest.raises(ValueError, match="less than nothing"):
        each - Duration(Ms(46_000))
