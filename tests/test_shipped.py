from pathlib import Path

import pytest

from voiceguide import shipped
from voiceguide.errors import ScriptError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_script_is_found_by_path_and_by_name(here: Path) -> None:
    (here / "own.md").touch()
    assert shipped.find_script("own.md") == Path("own.md")
    assert shipped.find_script("back-on-mat") == shipped.folder("scripts") / "back-on-mat.md"


def test_the_nearest_folder_wins(here: Path) -> None:
    users = shipped.user_folder("scripts")
    users.mkdir(parents=True)
    (users / "evening.md").touch()
    assert shipped.find_script("evening") == users / "evening.md"
    (here / "scripts").mkdir()
    (here / "scripts" / "evening.md").touch()
    assert shipped.find_script("evening") == Path("scripts/evening.md")


@pytest.mark.parametrize(
    ("name", "hint"),
    [("back-on-mta", "did you mean 'back-on-mat'?"), ("own", "Write its whole name"), ("x/y.md", "voiceguide list")],
)
def test_a_name_that_is_none_is_told_what_might_be_meant(here: Path, name: str, hint: str) -> None:
    (here / "own.md").touch()
    with pytest.raises(ScriptError) as caught:
        shipped.find_script(name)
    assert hint in str(caught.value.hint)
