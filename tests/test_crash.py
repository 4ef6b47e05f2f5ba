"""A run that ends at any step on the disk leaves old or new files, never half ones, and the next run is right.

So do a full disk, a folder that is not ours, a flipped bit and another run to the same name.
"""

import contextlib
import json
import locale
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import crash_walk
import pytest
from crash_walk import CRASHED, Run

from voiceguide.cache import Cache
from voiceguide.job import Job
from voiceguide.render import render

pytestmark = pytest.mark.skipif(os.name != "posix", reason="it forks, and limits what may be written")

SCRIPT = """\
---
title: Two
---
# One
Breathe in.
[chime bell wait 2s]
# Two
Breathe out.
[pause 2s]
That was all.
"""
RENDER = ("render", "two.md", "--voice", "tone", "--seed", "1")
CAPTIONS = ("--captions", "vtt", "--captions", "srt")


class Walker:
    """A process that has all imported and is copied for each run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            [sys.executable, crash_walk.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        )

    def run(self, arguments: Sequence[str], *, at: int = 0, most: int = -1) -> Run:
        """Run a command line in the folder, all of it or until its step `at`, or a file of more than `most` bytes."""
        assert self._process.stdin
        assert self._process.stdout
        own = {"VOICEGUIDE_CACHE": str(self.folder / "cache"), "VOICEGUIDE_HOME": str(self.folder / "home")}
        request = {"at": at, "most": most, "arguments": arguments, "folder": str(self.folder), "environment": own}
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return Run(**json.loads(self._process.stdout.readline()))

    def log(self) -> str:
        """Give what the last run said."""
        return (self.folder / "log").read_text()

    def done(self, arguments: Sequence[str]) -> int:
        """Run all of it, and give how many steps it took."""
        run = self.run(arguments)
        assert run.status == 0, self.log()
        return run.steps

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def walker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walker]:
    walker = Walker(tmp_path_factory.mktemp("crash"))
    yield walker
    walker.close()


@pytest.fixture
def folder(walker: Walker) -> Path:
    """The folder it runs in, with nothing in it but a script."""
    for path in walker.folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
    (walker.folder / "two.md").write_text(SCRIPT)
    return walker.folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A command line, and what is there before it runs."""

    name: str
    arguments: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    """Command lines that were run before."""
    results: tuple[str, ...] = ("output/two.mp3",)
    """What it makes, in the order it appears."""


SIDECARS = ("output/two.srt", "output/two.vtt", "output/two.mp3")
OTHER = (*RENDER, *CAPTIONS, "--lead-in", "1s")
_WALKS = (
    Walk(name="cold", arguments=RENDER),
    Walk(name="warm", arguments=RENDER, before=((*RENDER, "-o", "other.mp3"),)),
    Walk(name="replaced", arguments=RENDER, before=((*RENDER, "-o", "other.mp3"), OTHER)),
    Walk(name="sidecars", arguments=(*RENDER, *CAPTIONS), before=(RENDER, OTHER), results=SIDECARS),
    Walk(name="flac", arguments=(*RENDER, "-o", "two.flac"), before=(OTHER,), results=("two.flac",)),
    Walk(name="m4b", arguments=(*RENDER, "-o", "two.m4b"), before=(OTHER,), results=("two.m4b",)),
    Walk(
        name="page",
        arguments=("show", "two.md", "--voice", "tone", "--html", "two.html"),
        before=(("show", "two.md", "--voice", "tone", "--html", "two.html", "--lead-in", "1s"),),
        results=("two.html",),
    ),
    Walk(
        name="settings",
        arguments=("settings", "set", "bell", "tingsha"),
        before=(("settings", "set", "bell", "bowl"),),
        results=("home/settings.toml",),
    ),
)
WALKS = {walk.name: walk for walk in _WALKS}


def content(folder: Path, names: Sequence[str]) -> list[bytes | None]:
    return [path.read_bytes() if (path := folder / name).exists() else None for name in names]


def entries(folder: Path) -> dict[str, bytes]:
    """Give what is in the cache under final names."""
    cache = folder / "cache"
    return {
        str(path.relative_to(cache)): path.read_bytes()
        for path in cache.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def saved(folder: Path, aside: Path) -> Callable[[], None]:
    """Put a state of the folder aside; give what brings it back."""
    shutil.copytree(folder, aside)

    def again() -> None:
        shutil.rmtree(folder)
        shutil.copytree(aside, folder)

    return again


def walk_through(walk: Walk, walker: Walker, aside: Path, *, most: int) -> int:
    """End a run at each of its steps, or at `most` of them, evenly spread; give how many it takes."""
    folder = walker.folder
    for arguments in walk.before:
        walker.done(arguments)
    before, again = content(folder, walk.results), saved(folder, aside)
    count = walker.done(walk.arguments)
    after, kept = content(folder, walk.results), entries(folder)
    assert None not in after
    assert not set(after) & set(before)
    for at in sorted({1 + round(number * (count - 1) / (most - 1)) for number in range(most)}):
        again()
        assert walker.run(walk.arguments, at=at).status == CRASHED
        check_left(content(folder, walk.results), before, after)
        assert entries(folder).items() <= kept.items(), f"step {at} of {count} left an entry that is not right"
        walker.done(walk.arguments)
        assert content(folder, walk.results) == after, f"step {at} of {count} was not made good"
        assert entries(folder) == kept
    return count


def check_left(left: Sequence[bytes | None], before: Sequence[bytes | None], after: Sequence[bytes | None]) -> None:
    """See that each file is the old or the new one, and that none is new before those that go first."""
    new = [one == made for one, made in zip(left, after, strict=True)]
    assert new == sorted(new, reverse=True)
    for one, old, is_new in zip(left, before, new, strict=True):
        assert is_new or one == old


def test_a_run_that_ends_at_any_moment_leaves_whole_files_and_the_next_is_right(
    walker: Walker, folder: Path, tmp_path: Path
) -> None:
    walk_through(WALKS["sidecars"], walker, tmp_path / "aside", most=3)


def test_a_disk_that_takes_no_more_leaves_the_old_files_and_nothing_else(walker: Walker, folder: Path) -> None:
    walker.done(OTHER)
    before = content(folder, SIDECARS)
    assert walker.run((*RENDER, *CAPTIONS), most=60_000).status == 1
    assert "two.mp3 can't be written: File too large" in walker.log()
    assert content(folder, SIDECARS) == before
    assert len(list((folder / "output").iterdir())) == len(SIDECARS)
    assert None not in before


@pytest.fixture
def small_disk(walker: Walker, folder: Path) -> Iterator[Path]:
    """A disk with the old files on it, and room for the new recording and one of its two captions."""
    walker.done(OTHER)
    walker.done((*RENDER, "-o", "other.mp3"))
    page, disk = os.sysconf("SC_PAGE_SIZE"), folder / "disk"
    disk.mkdir()
    there = [*(folder / "output").iterdir(), folder / "other.mp3"]
    size = page * (1 + sum(-(-path.stat().st_size // page) for path in there))
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a disk")
    shutil.copytree(folder / "output", disk, dirs_exist_ok=True)
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_no_caption_is_new_beside_an_old_recording_when_the_disk_is_full(walker: Walker, small_disk: Path) -> None:
    names = sorted(path.name for path in small_disk.iterdir())
    before = content(small_disk, names)
    assert walker.run((*RENDER, *CAPTIONS, "-o", "disk/two.mp3")).status == 1
    assert "can't be written: No space left" in walker.log()
    assert content(small_disk, names) == before
    assert sorted(path.name for path in small_disk.iterdir()) == names


@pytest.mark.long
def test_neither_clock_nor_zone_nor_locale_changes_a_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    job = Job(script=folder / "two.md", voice="tone", seed=1)
    here = render(replace(job, out=tmp_path / "here.mp3"), cache=Cache(tmp_path / "here"))
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 5 * 365 * 86_400)
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    before = locale.setlocale(locale.LC_ALL)
    try:
        for name in ("tr_TR.UTF-8", "de_DE.UTF-8", "C.UTF-8"):
            with contextlib.suppress(locale.Error):  # which there are differs from system to system
                locale.setlocale(locale.LC_ALL, name)
                break
        there = render(replace(job, out=tmp_path / "there.mp3"), cache=Cache(tmp_path / "there"))
    finally:
        locale.setlocale(locale.LC_ALL, before)
        monkeypatch.delenv("TZ")
        time.tzset()
    assert there.path.read_bytes() == here.path.read_bytes()


@pytest.mark.long
@pytest.mark.parametrize("walk", WALKS.values(), ids=lambda walk: walk.name)
def test_a_run_that_ends_at_many_of_its_steps_leaves_whole_files_and_the_next_is_right(
    walk: Walk, walker: Walker, folder: Path, tmp_path: Path
) -> None:
    """At each of them with VOICEGUIDE_STEPS=1000; a cold run has 84, which take a second each, twice."""
    steps = walk_through(walk, walker, tmp_path / "aside", most=int(os.environ.get("VOICEGUIDE_STEPS", "20")))
    print(f"{walk.name}: {steps} steps")  # noqa: T201  -- for `pytest -m long -s`: how far it went
