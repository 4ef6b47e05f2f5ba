"""The points table: complete, speakable, and found however its codes are written."""

import re

import pytest

from voiceguide import points


def test_all_points_are_there_and_complete() -> None:
    table = points.table()
    assert len(table) == 37
    for code, point in table.items():
        assert point.code == code
        for text in (point.pinyin, point.hanzi, point.meaning, point.say_as, point.region, point.place):
            assert text == text.strip() != ""
        assert point.sides in {1, 2}
        assert point.positions


def test_times_lie_within_their_bounds() -> None:
    for point in points.table().values():
        assert 0 <= point.least <= point.seconds <= point.most <= 300


@pytest.mark.parametrize("point", points.table().values(), ids=lambda point: point.code)
def test_places_can_be_spoken(point: points.Point) -> None:
    assert point.place.endswith(".")
    assert len(point.place) <= 180
    assert not re.search(r"\d|\bcun\b|[\[\]#*\\]|\b[A-Z]{2}\b", point.place)
    assert not re.search(r"\b(treat|heal|cure|relie|pain|energy|toxin)", point.place)


def test_names_are_said_in_plain_letters() -> None:
    assert all(re.fullmatch(r"[a-z ]+", point.say_as) for point in points.table().values())


@pytest.mark.parametrize("written", ["BL23", "bl23", " Bl 23 ", "BL-23", "bl023", "BL - 23"])
def test_a_code_is_found_however_it_is_written(written: str) -> None:
    found = points.find(written)
    assert found is not None
    assert found.code == "BL23"


@pytest.mark.parametrize("written", ["EX-HN3", "exhn3", "Ex-HN 3", "EX HN03"])
def test_points_off_the_meridians_are_found(written: str) -> None:
    found = points.find(written)
    assert found is not None
    assert found.pinyin == "Yìntáng"


@pytest.mark.parametrize("written", ["", "BL", "23", "BL99", "B23", "HN3", "BL23x", "BL 2 3", "point"])
def test_what_is_no_code_of_the_table_is_none(written: str) -> None:
    assert points.find(written) is None


def test_pregnancy_is_marked_where_tradition_warns() -> None:
    avoided = {code for code, point in points.table().items() if point.pregnancy == "avoid"}
    assert avoided == {"LI4", "SP6", "GB21", "BL32", "BL60", "BL67", "CV6"}
