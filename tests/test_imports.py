"""The order of the modules, and what a command may load."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

ORDER = (
    "errors", "files", "durations", "cache", "shipped", "settings", "levels", "points", "script", "cues", "pasted",
    "new", "translations", "engines", "ahead", "speech", "soundfiles", "chimes",
    "loops", "sounds",
    "timeline", "audio", "audiofile", "verify", "purposes", "job", "check", "render", "player", "feed", "sharing",
    "doctor", "report", "page", "picture", "studio", "cli",
)  # fmt: skip
HOMES: dict[str, str | tuple[str, ...]] = {
    "jinja2": "script", "yaml": "script", "pydantic": ("script", "settings"), "sentencex": "cues",
    "babel": ("durations", "script"), "tomlkit": "settings",
    "hibari": "engines/hibari.py", "kokoro_onnx": "engines/kokoro.py", "onnxruntime": "engines/kokoro.py",
    "pyttsx3": "engines", "espeakng_loader": "engines",
    "soundfile": ("soundfiles.py", "engines/pyttsx3.py", "audiofile/flac.py", "verify/sound.py", "player"),
    "pydub": "soundfiles.py", "imageio_ffmpeg": "soundfiles.py",
    "soxr": "levels.py",
    "lameenc": "audiofile/lame.py", "av": "audiofile/pyav.py", "mutagen": "audiofile/tags.py",
    "click": "cli", "rich": ("cli/options.py", "player/terminal.py"), "miniaudio": "player/miniaudio.py",
    "starlette": ("sharing", "studio"), "uvicorn": ("sharing", "studio"), "h11": ("sharing", "studio"),
    "segno": "sharing",
}  # fmt: skip
HEAVY = {
    "av", "babel", "hibari", "imageio_ffmpeg", "jinja2", "kokoro_onnx", "lameenc", "miniaudio", "mutagen",
    "numpy", "onnxruntime", "pydantic", "pydub",
    "pyttsx3", "rich", "sentencex", "soundfile", "soxr", "starlette", "tomlkit", "uvicorn", "yaml",
}  # fmt: skip

PACKAGE = Path(__file__).parent.parent / "voiceguide"
FILES = sorted(path for path in PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@functools.cache
def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    own = room(path)
    if own.startswith("__"):
        pytest.skip("the face looks at everything")
    ours = {name.split(".")[1] for name in imported(path) if name.startswith("voiceguide.")}
    behind = {name for name in ours if name != own and ORDER.index(name) > ORDER.index(own)}
    assert not behind, f"{own} stands left of {behind}"


@pytest.mark.parametrize("package", HOMES)
def test_each_package_has_one_home(package: str) -> None:
    homes = HOMES[package]
    for path in FILES:
        if any(name.split(".")[0] == package for name in imported(path)):
            assert str(path.relative_to(PACKAGE)).startswith(homes), f"{package} is imported in {path}"


@pytest.mark.parametrize(
    "arguments", [["-c", "import voiceguide"], ["-m", "voiceguide", "--help"]], ids=["import", "--help"]
)
def test_nothing_heavy_is_loaded_before_it_is_needed(arguments: list[str]) -> None:
    run = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in run.stderr.splitlines()}
    assert "voiceguide" in loaded
    assert not loaded & HEAVY


def test_an_engine_s_process_loads_little_but_numpy() -> None:
    code = "import sys, voiceguide.engines.serving; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {name.split(".")[1] for name in run.stdout.split() if name.startswith("voiceguide.")}
    assert ours == {"engines", "errors"}
    assert not {name.partition(".")[0] for name in run.stdout.split()} & (HEAVY - {"numpy"})


def test_an_engine_can_be_started_before_anything_heavy_is_loaded() -> None:
    code = "import sys, voiceguide.ahead; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {name.partition(".")[0] for name in run.stdout.split()} & HEAVY
