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


# --- languages ----------------------------------------------------------------------------------------------------

ENGLISH, ITALIAN = "---\ntitle: T\n---\n", "---\ntitle: T\nlanguage: 'it'\n---\nlanguage: de\n"


@pytest.fixture
def shelf(here: Path) -> Path:
    for name, text in {"own.md": ITALIAN, "de/own.md": ENGLISH, "pt-BR/own.md": ENGLISH, "_parts/own.md": ""}.items():
        path = here / "scripts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Path("scripts")


def test_a_translation_has_a_name_of_its_own(shelf: Path) -> None:
    assert shipped.find_script("de/own") == shelf / "de" / "own.md"
    assert {name for name in shipped.scripts() if name.endswith("own")} == {"own", "de/own", "pt-BR/own"}


@pytest.mark.parametrize(
    ("name", "language", "found"),
    [
        ("own", "de", "de/own.md"),
        ("own", "de-AT", "de/own.md"),
        ("own", "pt-BR", "pt-BR/own.md"),
        ("own", "it", "own.md"),
        ("de/own", "it", "own.md"),
        ("scripts/own.md", "de", "de/own.md"),
        ("scripts/de/own.md", "pt-BR", "pt-BR/own.md"),
    ],
)
def test_a_script_is_found_in_a_language(shelf: Path, name: str, language: str, found: str) -> None:
    assert shipped.find_script(name, language) == shelf / found


def test_a_language_that_is_not_there_is_told_with_those_that_are(shelf: Path) -> None:
    with pytest.raises(ScriptError) as caught:
        shipped.find_script("own", "fr")
    assert caught.value.message == "'own' is not there in 'fr'"
    assert caught.value.hint == "it is there in it, de, pt-BR"


def test_ones_own_translation_of_a_shipped_script_is_found(shelf: Path) -> None:
    own = shipped.user_folder("scripts") / "sv" / "back-on-mat.md"
    own.parent.mkdir(parents=True)
    own.write_text(ENGLISH, encoding="utf-8")
    assert shipped.find_script("back-on-mat", "sv") == own
    assert shipped.home_of(own) == shipped.user_folder("scripts")
    assert shipped.find_script("back-on-mat", "en") == shipped.folder("scripts") / "back-on-mat.md"


def test_a_folder_is_a_languages_only_beside_an_original(here: Path) -> None:
    (here / "tmp").mkdir()
    script = here / "tmp" / "own.md"
    script.touch()
    assert shipped.language_folder(script) is None
    assert shipped.home_of(script) == script.parent
    (here / "own.md").touch()
    assert shipped.language_folder(script) == "tmp"
    assert shipped.home_of(script) == here
