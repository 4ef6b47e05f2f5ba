import pytest

from voiceguide import errors
from voiceguide.errors import CueError, Place, ScriptError, SeveralErrors, VoiceguideError, did_you_mean, raise_all


def test_an_error_shows_message_place_line_caret_and_what_to_do() -> None:
    at = Place(path="scripts/evening.md", line=12, column=8, width=3, source="[chime bel]")
    error = CueError("there is no sound called 'bel'", at=at, hint="did you mean 'bell'?")
    assert error.explain().splitlines() == [
        "error: there is no sound called 'bel'",
        "  scripts/evening.md:12",
        "   12 | [chime bel]",
        "      |        ^^^ did you mean 'bell'?",
    ]


def test_an_expression_is_underlined_and_its_result_shown() -> None:
    at = Place(path="a.md", line=1, column=8, width=10, source="[chime {{ bell }}]", gave="bel")
    last = CueError("no", at=at, hint="did you mean 'bell'?").explain().splitlines()[-1]
    assert last == "      |        ^^^^^^^^^^ came to 'bel': did you mean 'bell'?"


def test_an_error_without_a_place_still_says_what_to_do() -> None:
    assert ScriptError("no", hint="do this").explain() == "error: no\n  do this"


@pytest.mark.parametrize(("before", "blank"), [("\t", "\t"), ("冥想", "    "), ("e\u0301", " "), ("Ana ", "    ")])
def test_the_caret_stands_under_its_word_whatever_stands_before(before: str, blank: str) -> None:
    at = Place(path="a.md", line=1, column=len(before) + 1, width=2, source=f"{before}xx")
    assert CueError("no", at=at).explain().splitlines()[-1] == f"      | {blank}^^"


@pytest.mark.parametrize(("column", "width"), [(1, 3), (5000, 4), (9990, 10), (1, 10_000), (4000, 3000)])
def test_a_very_long_line_is_cropped_around_its_place(column: int, width: int) -> None:
    source = "".join(chr(ord("a") + number % 26) for number in range(10_000))
    *_, line, caret = (
        CueError("no", at=Place(path="a.md", line=1, column=column, width=width, source=source)).explain().splitlines()
    )
    assert len(line) < 200
    marked = line[caret.index("^") : caret.rindex("^") + 1].rstrip("…")
    assert source[column - 1 :].startswith(marked)
    assert len(marked) in {width, 80}


def test_one_error_is_raised_as_itself_and_several_together() -> None:
    raise_all([])
    with pytest.raises(CueError, match="one"):
        raise_all([CueError("one")])
    with pytest.raises(SeveralErrors) as caught:
        raise_all([CueError("one"), ScriptError("two")])
    assert caught.value.explain() == "error: one\n\nerror: two"


def test_the_nearest_name_is_offered_or_all_of_them() -> None:
    assert did_you_mean("bel", ["bell", "gong"]) == "did you mean 'bell'?"
    assert did_you_mean("Gnog", ["bell", "gong"]) == "did you mean 'gong'?"
    assert did_you_mean("xyz", ["bell", "gong"]) == "there are bell, gong"
    assert did_you_mean("xyz", [str(number) for number in range(20)]).endswith("and 8 more")
    assert did_you_mean("xyz", []) == "there are none"


def test_every_error_is_drawn_in_the_tree() -> None:
    names = {name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, VoiceguideError)}
    assert names == {name for name in names if name in str(errors.__doc__)}
