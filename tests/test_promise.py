"""What a recording promises, written into it and read back."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import CLIPS, HERE, SOUNDS, say, sessions_with_beds, trying

from voiceguide.audiofile.promise import Event, Promise, promise, promise_from_json, promise_to_json
from voiceguide.cues import Bed, Chime, Cue, Silence
from voiceguide.durations import Ms
from voiceguide.timeline import Timeline, lay_out

BELL = Chime(sound="long", gain_db=-3.0, times=1, every=Ms(0), wait=None, at=HERE)
RAIN = Bed(sound="my sounds/rain.wav", level_db=-24.0, fade=Ms(5000), at=HERE)
OFF = Bed(sound=None, level_db=-22.0, fade=Ms(8000), at=HERE)
LOUDEST = dict.fromkeys(SOUNDS, -22.5)


def lay(*cues: Cue) -> Timeline:
    return lay_out(cues, CLIPS, SOUNDS, None)


def events(*cues: Cue, gains: tuple[float, ...] | None = None) -> tuple[Event, ...]:
    return promise("", lay(*cues), LOUDEST, gains=gains).events


@trying(40)
@given(sessions_with_beds, st.floats(-30, -10), st.none() | st.floats(-90, -40), st.data())
def test_what_is_written_is_read_back(
    cues: list[Cue], voice_lufs: float, air_db: float | None, data: st.DataObject
) -> None:
    timeline = lay(*cues)
    count = len(timeline.events)
    gains = data.draw(st.none() | st.lists(st.floats(-12, 12), min_size=count, max_size=count))
    promised = promise("Für Ana", timeline, LOUDEST, gains=gains, voice_lufs=voice_lufs, air_db=air_db)
    assert promise_from_json(promise_to_json(promised)) == promised


def test_a_bed_is_promised_by_its_name_level_and_fade() -> None:
    rain, line, off, _ = events(
        RAIN, say(0), OFF, Silence(kind="pause", least=Ms(9), natural=Ms(9), most=Ms(9), at=HERE)
    )
    assert (rain.kind, rain.sound, rain.level_db, rain.fade) == ("bed", "rain.wav", -24.0, 5000)
    assert (rain.start, rain.end) == (0, line.end)
    assert (off.kind, off.sound, off.fade) == ("bed", "", 8000)


def test_what_is_made_softer_is_promised_so() -> None:
    rain, chime, line = events(RAIN, BELL, say(0), gains=(-4.0, -2.0, -3.0))
    assert (rain.level_db, line.gain_db) == (-28.0, -3.0)
    assert (chime.gain_db, chime.loudest) == (-5.0, -27.5)


def test_gains_belong_to_every_event() -> None:
    with pytest.raises(ValueError, match="zip"):
        events(RAIN, say(0), gains=(-4.0,))


def of_version(version: int) -> bytes:
    """A promise of one line as version 1 wrote it, with another number."""
    event = {"file": "a.md", "kind": "say", "length": 400, "line": 3, "start": 0, "text": "One."}
    return json.dumps({"chapters": [], "events": [event], "length": 400, "title": "T", "version": version}).encode()


def test_a_promise_of_the_first_version_is_still_read() -> None:
    read = promise_from_json(of_version(1))
    line = Event(kind="say", start=Ms(0), length=Ms(400), file="a.md", line=3, text="One.")
    assert read == Promise(title="T", length=Ms(400), chapters=(), events=(line,))
    assert (read.voice_lufs, read.air_db) == (-19.0, None)
    assert promise_from_json(promise_to_json(replace(read, air_db=-66.0))).air_db == -66.0


def test_a_promise_of_a_version_to_come_is_refused() -> None:
    with pytest.raises(ValueError, match="version 3, and this program reads up to 2"):
        promise_from_json(of_version(3))
