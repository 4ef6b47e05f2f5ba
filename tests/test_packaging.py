"""What a user installs is whole: built offline, unpacked far from the checkout, and used from there."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def unpacked(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=checkout, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def test_an_editable_install_can_be_made_and_puts_the_checkout_on_the_path(checkout: Path, tmp_path: Path) -> None:
    code = "import sys, hatchling.build; print(hatchling.build.build_editable(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=checkout, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (path_file,) = (name for name in archive.namelist() if name.endswith(".pth"))
        assert Path(archive.read(path_file).decode().strip()) == checkout
        assert not [name for name in archive.namelist() if name.endswith(".py")]  # a stale copy would hide the checkout


def test_the_wheel_holds_the_package_the_scripts_and_the_sounds_and_nothing_else(unpacked: Path) -> None:
    assert {path.name.partition("-")[0] for path in unpacked.iterdir()} == {"voiceguide"}
    inside = unpacked / "voiceguide"
    ours = (
        "py.typed",
        "API.md",
        "points/points.toml",
        "scripts/back-on-mat.md",
        "sounds/sounds.toml",
        "sounds/bowl.flac",
    )
    for needed in ours:
        assert (inside / needed).is_file()
    assert list((inside / "scripts" / "_parts").rglob("*.md"))
    assert not list(unpacked.rglob("__pycache__"))


def _from(unpacked: Path) -> dict[str, str]:
    """An environment that imports from there, and leaves no compiled files behind."""
    return os.environ | {"PYTHONPATH": str(unpacked), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.mark.long
def test_a_session_is_rendered_from_the_wheel_far_from_the_checkout(unpacked: Path, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "voiceguide", "render", "desk", "--minutes=4", "--voice", "tone", "-o", "session.mp3"],
        cwd=tmp_path, env=_from(unpacked), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    assert (tmp_path / "session.mp3").stat().st_size > 1_000_000
    code = "import voiceguide; print(voiceguide.__file__)"
    where = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=_from(unpacked),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert where.stdout.startswith(str(unpacked))
