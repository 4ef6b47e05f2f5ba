import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or every command a test starts compiles all of voiceguide anew

settings.register_profile("default", deadline=None)  # busy machines: a slow example is not a wrong one
settings.register_profile("thorough", deadline=None, max_examples=500)
settings.load_profile("default")

MEASURES = "voices", "chimes", "rings"
"""The shelves of a cache that are the same for every test."""


def pytest_xdist_auto_num_workers() -> int:
    """Give one more than there are cores: at most times one of them waits, for a player, a browser or a socket."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder for each test, none of them made: it takes pytest long to number thousands."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in itertools.count())


@pytest.fixture(scope="session")
def _measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was measured of voices and chimes, so that not every test measures them again."""
    folder = tmp_path_factory.mktemp("measured")
    for shelf in MEASURES:
        (folder / shelf).mkdir()
    return folder


@pytest.fixture(autouse=True)
def _own_home(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch, _measured: Path) -> None:
    """Keep the user's cache and scripts out of the tests, and the tests out of theirs."""
    home = next(_homes)
    monkeypatch.setenv("VOICEGUIDE_HOME", str(home / "data"))
    monkeypatch.setenv("VOICEGUIDE_CACHE", str(home / "cache"))
    if os.name != "nt":  # where not everyone may make a link
        (home / "cache").mkdir(parents=True)
        for shelf in MEASURES:
            (home / "cache" / shelf).symlink_to(_measured / shelf, target_is_directory=True)


@pytest.fixture(scope="session")
def _kept_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """All processes that run tests have the same, since any number may write to a cache at once."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "kept"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, _kept_folder: Path, _own_home: None) -> Path:
    """Give a cache that tests share, for those that look at a recording and not at what was made for it."""
    monkeypatch.setenv("VOICEGUIDE_CACHE", str(_kept_folder))
    return _kept_folder


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder with pyproject.toml."""
    return Path(__file__).parent.parent


@pytest.fixture
def no_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run as where nothing is installed but Python: no eSpeak, ffmpeg or sox on the PATH."""
    monkeypatch.setenv("PATH", "")
