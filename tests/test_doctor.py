"""What `voiceguide doctor` finds out, each by something that really works or really doesn't."""

import json
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from click.testing import CliRunner

from voiceguide.cache import Cache
from voiceguide.cli import main
from voiceguide.doctor import Tried, can_render, examine
from voiceguide.report import tried_json, tried_text
from voiceguide.speech import Cast

TONE = {"tone": "voiceguide.engines.tone:open_engine"}
BROKEN = {"broken": "faulty_engine:open_broken"}


def tried(engines: dict[str, str]) -> dict[str, Tried]:
    cache = Cache()
    with Cast(cache, engines=engines, patience=30) as cast:
        return {one.about: one for one in examine(cast, cache)}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without anything, which is where we are."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_works_is_told_and_nothing_is_left_behind(here: Path) -> None:
    found = tried(TONE | BROKEN)
    assert {one.about for one in found.values() if not one.works} == {"broken"}
    assert "the model is missing" in found["broken"].told
    assert list(found)[:8] == ["Python", "broken", "tone", "MP3", "M4B", "Opus", "FLAC", "WAV"]
    assert can_render(list(found.values()))
    assert list(here.iterdir()) == []


def test_what_does_not_work_is_told_with_what_to_do(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "output").touch()
    (here / "settings.toml").write_text("rate = fast\n")
    monkeypatch.setenv("VOICEGUIDE_HOME", str(here))
    usage = namedtuple("usage", "total used free")  # noqa: PYI024  -- as `shutil` gives it
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 5000, 5000))
    found = tried(BROKEN)
    assert [one.about for one in found.values() if one.needed and not one.works] == [
        "broken", "settings", "recordings", "space",
    ]  # fmt: skip
    advice = ("`voiceguide voices`", "voiceguide settings edit", "-o FOLDER", "make room")
    for one, part in zip((one for one in found.values() if not one.works), advice, strict=True):
        assert part in (one.advice or "")
    assert not can_render(list(found.values()))
    assert tried_text(list(found.values())).endswith("no MP3 can be made: see broken, settings, recordings, space")
    assert tried_json(list(found.values()))["works"] is False


@pytest.mark.engine
@pytest.mark.long
def test_the_command_says_it_in_json_with_the_engines_that_are_installed(here: Path) -> None:
    result = CliRunner().invoke(main, ["doctor", "--json"], catch_exceptions=False)
    found = json.loads(result.stdout)
    assert found["works"] is (result.exit_code == 0)
    assert {"hibari", "pyttsx3", "tone"} <= {one["about"] for one in found["tried"]}
    assert all(one["works"] or one["advice"] for one in found["tried"])
