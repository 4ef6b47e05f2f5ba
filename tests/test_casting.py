from collections.abc import Iterator
from pathlib import Path

import pytest

from voiceguide.cache import Cache
from voiceguide.errors import SpeechError
from voiceguide.speech import Cast

ENGINES = {
    "faulty": "faulty_engine:open_engine",
    "double": "faulty_engine:open_engine",
    "tone": "voiceguide.engines.tone:open_engine",
    "broken": "faulty_engine:open_broken",
    "gone": "no_such_package:open_engine",
}


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cast]:
    engines = {name: source for name, source in ENGINES.items() if name != "double"}
    with Cast(Cache(tmp_path_factory.mktemp("cache")), engines=engines) as cast:
        yield cast


@pytest.mark.parametrize(
    ("name", "language", "speaker"),
    [
        ("faulty", "en", "faulty:bert"),
        ("faulty", "en-US", "faulty:bert"),
        ("faulty", "en_GB", "faulty:anna"),
        ("faulty", "en-AU", "faulty:bert"),
        ("faulty", "it-CH", "faulty:carla"),
        ("faulty:anna", "en", "faulty:anna"),
        ("carla", "it", "faulty:carla"),
        ("tone", "ja", "tone:tone"),
        ("tone:tone", "de-AT", "tone:tone"),
    ],
)
def test_a_name_and_a_language_give_a_speaker(cast: Cast, name: str, language: str, speaker: str) -> None:
    assert cast.resolve(name, language).name == speaker


def test_a_voice_of_another_language_is_refused_with_who_speaks_it(cast: Cast) -> None:
    with pytest.raises(SpeechError, match="the voice 'carla' does not speak 'de'") as caught:
        cast.resolve("carla", "de")
    assert caught.value.hint == "use 'tone'"


def test_an_unknown_voice_is_refused_with_the_nearest(cast: Cast) -> None:
    with pytest.raises(SpeechError, match="there is no voice called 'carlo'") as caught:
        cast.resolve("carlo", "it")
    assert caught.value.hint == "did you mean 'carla'?"


def test_an_unknown_voice_of_a_known_engine_is_refused(cast: Cast) -> None:
    with pytest.raises(SpeechError, match="there is no voice called 'faulty:zoe'"):
        cast.resolve("faulty:zoe", "en")


def test_a_bare_name_two_engines_have_must_be_made_plain(tmp_path: Path) -> None:
    with Cast(Cache(tmp_path), engines=ENGINES) as cast, pytest.raises(SpeechError) as caught:
        cast.resolve("carla", "it")
    assert caught.value.hint == "write double:carla or faulty:carla"


def test_a_broken_engine_is_a_line_in_the_list_and_no_crash(cast: Cast) -> None:
    listed = {one.engine: one for one in cast.listing()}
    assert listed["broken"].trouble == "the engine 'broken' does not work here: the model is missing"
    assert "no_such_package" in str(listed["gone"].trouble)
    assert [voice.name for voice in listed["faulty"].voices] == ["anna", "bert", "carla", "far"]
    assert listed["faulty"].voices[3].fetch == "fetch-the-voice far"


def test_asking_for_a_broken_engine_says_why(cast: Cast) -> None:
    with pytest.raises(SpeechError, match="'broken' does not work here: the model is missing"):
        cast.resolve("broken", "en")


def test_engines_are_known_by_name_without_being_opened(tmp_path: Path) -> None:
    with Cast(Cache(tmp_path), engines={"gone": "no_such_package:open_engine"}) as cast:
        assert "gone" in cast.names
        assert "tone" not in cast.names


def test_voices_are_known_by_their_bare_and_full_names(cast: Cast) -> None:
    assert {"faulty", "faulty:anna", "anna", "broken"} <= set(cast.names)
    assert "faulty:zoe" not in cast.names
    assert len(cast.names) == len(list(cast.names))


def test_the_built_in_engines_are_found_as_a_strangers_would_be(tmp_path: Path) -> None:
    with Cast(Cache(tmp_path)) as cast:
        assert {"hibari", "pyttsx3", "tone"} <= set(cast.engines)


def test_the_list_of_voices_is_kept_for_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULTS", str(tmp_path))
    for _ in range(2):
        with Cast(Cache(tmp_path / "cache"), engines={"faulty": ENGINES["faulty"]}) as cast:
            assert cast.resolve("anna", "en").name == "faulty:anna"
    assert (tmp_path / "asked").read_text().splitlines() == ["voices"]
