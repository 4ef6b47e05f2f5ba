"""What a recording tells of whoever made it, what making it touches, and what it may be made of."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

HOME, USER, FOLDER = "home-of-someone", "someone-by-name", "a-private-folder"
SCRIPT = """---
title: A test
---
# One
[chime bowl]
Rest.
# Two
Come back.
"""


def can_be_cut_off() -> bool:
    """Whether this machine lets us run something without a network."""
    unshare = shutil.which("unshare")
    return (
        unshare is not None
        and subprocess.run([unshare, "-rn", "true"], capture_output=True, check=False).returncode == 0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    world: Path
    """All there is to write into: a home, a folder for what is only for now, and the script's."""
    before: frozenset[str]
    """What was in it."""
    recording: bytes
    captions: bytes
    cut_off: bool
    """Whether there was no network."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A recording made by somebody with a name, in a home of theirs."""
    world = tmp_path_factory.mktemp("world")
    home, here, temporary = world / HOME, world / FOLDER, world / "tmp"
    for folder in (home, here, temporary):
        folder.mkdir()
    (here / "session.md").write_text(SCRIPT, encoding="utf-8")
    before = tree(world)
    cut_off = can_be_cut_off()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("VOICEGUIDE", "XDG"))}
    command = [sys.executable, "-m", "voiceguide", "render", "session.md", "--voice", "tone", "--captions", "vtt", "-q"]
    own = {"HOME": str(home), "USERPROFILE": str(home), "USER": USER, "LOGNAME": USER, "TMPDIR": str(temporary)}
    subprocess.run(
        [*(["unshare", "-rn"] if cut_off else []), *command], cwd=here, env=inherited | own, check=True, timeout=60
    )
    out = here / "output" / "session"
    return Made(
        world=world,
        before=before,
        recording=out.with_suffix(".mp3").read_bytes(),
        captions=out.with_suffix(".vtt").read_bytes(),
        cut_off=cut_off,
    )


def tree(folder: Path) -> frozenset[str]:
    return frozenset(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def test_a_recording_is_made_without_a_network(made: Made) -> None:
    if not made.cut_off:
        pytest.skip("this machine has no `unshare -rn`")
    assert len(made.recording) > 100_000


def test_nothing_is_written_but_the_recording_and_the_cache(made: Made) -> None:
    written = tree(made.world) - made.before
    output = {name for name in written if name.startswith(f"{FOLDER}/output/")}
    assert output == {f"{FOLDER}/output/session.mp3", f"{FOLDER}/output/session.vtt"}
    others = {name for name in written - output if not re.match(rf"{HOME}/(\.cache|Library/Caches|AppData)/", name)}
    assert not others
    assert made.before <= tree(made.world)


def test_a_recording_tells_nothing_of_where_and_by_whom_it_was_made(made: Made) -> None:
    machine = socket.gethostname()
    for private in (HOME, USER, FOLDER, sys.prefix, *([machine] if len(machine) > 4 else [])):
        for written in (private.encode(), private.encode("utf-16-le"), private.encode("utf-16-be")):
            assert written not in made.recording + made.captions


# --- licences -----------------------------------------------------------------------------------------------------

FREE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "GPL-2.0-or-later", "GPL-3.0-or-later", "LGPL-2.1-or-later",
    "LGPL-3.0-or-later", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0",
}  # fmt: skip
"""What a work under the GPL, version 3 or later, may be made of: gnu.org/licenses/license-list.html."""
FOR_WORK = {"test", "dev", "fuzz"}
"""Extras of which nothing is needed to make a session."""


@pytest.fixture(scope="module")
def recorded() -> dict[str, str]:
    """What the README says of what this is made of: names and licences."""
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\w.-]+) \| ([a-z0-9 ,-]+) \|$", readme.partition("## Licence\n")[2], re.MULTILINE)
    return {name: licence for licence, names in rows[1:] for name in names.split(", ")}


def needed() -> Iterator[Requirement]:
    """All that is asked for to run, by us."""
    root = Path(__file__).parent.parent / "pyproject.toml"
    project = tomllib.loads(root.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].items()
    yield from map(Requirement, project["dependencies"])
    yield from (Requirement(line) for extra, lines in extras if extra not in FOR_WORK for line in lines)


def installed() -> dict[str, metadata.Distribution]:
    """The same and all that these ask for in turn, as far as it is here."""
    found: dict[str, metadata.Distribution] = {}
    asked = list(needed())
    while asked:
        one = asked.pop()
        name = normal(one.name)
        if name in found or not (one.marker is None or one.marker.evaluate({"extra": ""})):
            continue
        try:
            found[name] = metadata.distribution(one.name)
        except metadata.PackageNotFoundError:
            continue
        asked += map(Requirement, found[name].requires or [])
    return found


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_licence_of_all_that_is_needed_is_recorded_and_goes_with_ours(recorded: dict[str, str]) -> None:
    names = {normal(one.name) for one in needed()} | installed().keys()
    assert names - recorded.keys() == set()
    assert set(recorded.values()) <= FREE


def test_what_is_recorded_is_what_each_says_of_itself(recorded: dict[str, str]) -> None:
    for name, distribution in installed().items():
        fields = ("License-Expression", "License", "Classifier")
        told = [line[:100] for field in fields for line in distribution.metadata.get_all(field) or []]
        says = " ".join(line for line in told if "Lic" in line or " :: " not in line)
        family = recorded[name].split("-")[0]
        assert not says or family in says, f"{name} says {says}"
