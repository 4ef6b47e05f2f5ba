import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("default", deadline=None)  # busy machines: a slow example is not a wrong one
settings.load_profile("default")


@pytest.fixture(scope="session")
def _measured_voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was measured of voices and chimes, so that not every test measures them again."""
    return tmp_path_factory.mktemp("measured")


@pytest.fixture(autouse=True)
def _own_home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, _measured_voices: Path
) -> Iterator[None]:
    """Keep the user's cache and scripts out of the tests, and the tests out of theirs."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("VOICEGUIDE_HOME", str(home / "data"))
    monkeypatch.setenv("VOICEGUIDE_CACHE", str(home / "cache"))
    shutil.copytree(_measured_voices, home / "cache")
    yield
    _share_measures(home / "cache", _measured_voices)


@pytest.fixture(scope="session")
def _kept_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, _kept_folder: Path, _measured_voices: Path) -> Iterator[Path]:
    """Give a cache that tests share, for those that look at a recording and not at what was made for it."""
    _share_measures(_measured_voices, _kept_folder)
    monkeypatch.setenv("VOICEGUIDE_CACHE", str(_kept_folder))
    yield _kept_folder
    _share_measures(_kept_folder, _measured_voices)


def _share_measures(cache: Path, other: Path) -> None:
    for shelf in ("voices", "chimes"):
        if (cache / shelf).is_dir():
            shutil.copytree(cache / shelf, other / shelf, dirs_exist_ok=True)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder with pyproject.toml."""
    return Path(__file__).parent.parent


@pytest.fixture
def no_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run as where nothing is installed but Python: no eSpeak, ffmpeg or sox on the PATH."""
    monkeypatch.setenv("PATH", "")
