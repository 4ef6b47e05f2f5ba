"""The parts that lead a breath: every change of it on its beat, whatever the voice."""

from itertools import pairwise
from pathlib import Path

import pytest
from strategies import Sounding

from voiceguide.cues import Chime, Say, Utterance, opened, read_cues
from voiceguide.script import Known, expand, read_script
from voiceguide.timeline import Placed, lay_out

KNOWN = Known(chimes={"bowl", "gong"}, voices=set())
SOUNDS = {"bowl": Sounding(21_226, 6870), "gong": Sounding(21_382, 7100)}
BEATS = {
    "breath-478": (4000, 7000, 8000),
    "breath-box": (4000, 4000, 4000, 4000),
    "breath-coherent": (5500, 5500),
    "breath-1-2": (4000, 8000),
}
WORDS = {
    "breath-478": ["In.", "Hold.", "Out."],
    "breath-box": ["In.", "Hold.", "Out.", "Wait."],
    "breath-coherent": ["In.", "Out."],
    "breath-1-2": ["In.", "Out."],
}


def spoken_ms(utterance: Utterance) -> int:
    """Reckon how long a slow and uneven voice takes."""
    return 700 + 97 * len(utterance.text)


def events(folder: Path, part: str, rounds: int | None = None) -> list[Placed]:
    """Lay out a script that includes a part; give what is heard."""
    given = "" if rounds is None else f", rounds: {rounds}"
    path = folder / "script.md"
    path.write_text(f'---\ntitle: T\nparams: {{bell: bowl{given}}}\n---\n{{{{ part("{part}") }}}}\n', encoding="utf-8")
    cues = read_cues(expand(read_script(path, KNOWN), {"bell": "gong"}, None, KNOWN), KNOWN)
    said = {cue.utterance for cue in opened(cues) if isinstance(cue, Say)}
    clips = {utterance: Sounding(spoken_ms(utterance)) for utterance in said}
    return [event for event in lay_out(cues, clips, SOUNDS, None).events if isinstance(event.cue, Say | Chime)]


def text(event: Placed) -> str:
    return event.cue.utterance.text if isinstance(event.cue, Say) else ""


def breathing(heard: list[Placed]) -> list[Placed]:
    """Give what marks the beats, and as the last one what ends them."""
    first = [text(event) for event in heard].index("In.")
    return heard[first:]


@pytest.mark.parametrize("part", BEATS)
@pytest.mark.parametrize("rounds", [1, 3, 5, 6])
def test_every_change_comes_exactly_on_its_beat(part: str, rounds: int, tmp_path: Path) -> None:
    *marks, after = breathing(events(tmp_path, part, rounds))
    starts = [event.start for event in marks]
    lasting = [later - start for start, later in pairwise(starts)]
    assert lasting == [*(BEATS[part] * rounds)][:-1]
    assert after.start == starts[-1] + BEATS[part][-1] + 2000


@pytest.mark.parametrize("part", BEATS)
def test_three_rounds_are_spoken_and_three_are_rung_softly(part: str, tmp_path: Path) -> None:
    *marks, _ = breathing(events(tmp_path, part, 6))
    half = 3 * len(WORDS[part])
    assert [text(event) for event in marks[:half]] == WORDS[part] * 3
    assert {(event.cue.sound, event.cue.gain_db) for event in marks[half:] if isinstance(event.cue, Chime)} == {
        ("gong", -12.0)
    }
    assert len(marks) == 2 * half


@pytest.mark.parametrize("part", BEATS)
def test_all_further_rounds_are_silent_but_for_the_words_that_say_so(part: str, tmp_path: Path) -> None:
    *_, silent, after = breathing(events(tmp_path, part, 10))
    assert "In, and carry on by yourself, in silence." in text(silent)
    assert after.start == silent.start + 4 * sum(BEATS[part]) + 2000


@pytest.mark.parametrize("part", BEATS)
def test_no_tone_is_spoken_of_where_none_rings(part: str, tmp_path: Path) -> None:
    assert not any("tone" in text(event) for event in events(tmp_path, part, 3))
    assert any("tone" in text(event) for event in events(tmp_path, part))


@pytest.mark.parametrize("part", ["breath-478", "breath-box"])
def test_who_should_not_hold_the_breath_is_told_before(part: str, tmp_path: Path) -> None:
    heard = [text(event) for event in events(tmp_path, part)]
    (told,) = [number for number, words in enumerate(heard) if "pregnant, or short of breath" in words]
    assert told < heard.index("In.")


@pytest.mark.parametrize("part", ["breath-coherent", "breath-1-2"])
def test_the_others_hold_nothing(part: str, tmp_path: Path) -> None:
    assert "Hold." not in [text(event) for event in events(tmp_path, part)]
