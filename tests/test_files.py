import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguide import files
from voiceguide.files import safe_name
from voiceguide.job import Job
from voiceguide.render import output_path

FORBIDDEN = set('<>:"/\\|?*')


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("evening", "evening"),
        ("Für den Rücken", "Für den Rücken"),
        ("title: part?", "title- part-"),
        ("CON", "session-CON"),
        ("aux", "session-aux"),
        ("Lpt1.old", "session-Lpt1.old"),
        ("com¹", "session-com¹"),
        ("console", "console"),
        ("trailing. . ", "trailing"),
        (".hidden", "hidden"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("a\nb\0c", "abc"),
        ("../../etc/passwd", "-..-etc-passwd"),
        ("...", "session"),
        ("", "session"),
        ("e\u0301te\u0301", "été"),
    ],
)
def test_a_name_becomes_one_that_every_system_takes(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text() | st.text("🌙é ", min_size=70) | st.sampled_from(["x" * 300, "🌙" * 70]))
def test_no_name_is_long_hidden_or_what_a_system_refuses(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe.encode()) <= 98
    assert not FORBIDDEN & set(safe)
    assert safe.isprintable() or " " in safe
    assert safe == safe.strip(" .")
    assert safe_name(safe) == safe


@pytest.mark.parametrize("stem", ["🌙" * 60, "title: part?", "aux", "a\u202eb"])
def test_a_recording_is_named_after_its_script_as_every_system_takes_it(stem: str) -> None:
    name = output_path(Job(script=Path(f"{stem}.md"), target=None)).name
    assert name == f"{safe_name(stem)}.mp3"
    assert len(name.encode()) <= 120


def test_a_file_has_its_name_once_it_is_whole_and_before_that_it_is_the_old_one(tmp_path: Path) -> None:
    out = tmp_path / "new" / "file"
    with files.whole(out) as file:
        file.write(b"first")
    with contextlib.suppress(KeyboardInterrupt), files.whole(out) as file:
        file.write(b"second")
        raise KeyboardInterrupt
    assert out.read_bytes() == b"first"
    assert [path.name for path in out.parent.iterdir()] == ["file"]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="what is open is read from Linux")
def test_the_room_of_a_file_whose_name_was_taken_is_given_back_if_not_at_once(tmp_path: Path) -> None:
    out = tmp_path / "file"
    for body in (b"first", b"second"):
        with files.whole(out) as file:
            file.write(body)
    waited_until = time.monotonic() + 20
    while any(str(tmp_path) in name for name in names_of_open_files()):
        assert time.monotonic() < waited_until
        time.sleep(0.01)
    assert out.read_bytes() == b"second"


def names_of_open_files() -> Iterator[str]:
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the folder's own
            yield str(descriptor.readlink())


def test_a_file_that_may_not_be_read_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "file"
    out.touch(mode=0o200)
    with files.whole(out) as file:
        file.write(b"new")
    out.chmod(0o600)
    assert out.read_bytes() == b"new"


def noted(deed: Callable[..., object], done: list[str]) -> Callable[..., object]:
    def noting(*given: object) -> object:
        done.append(deed.__name__)
        return deed(*given)

    return noting


def test_a_file_and_its_folder_are_on_the_disk_before_and_after_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    for deed in (os.fsync, os.replace):
        monkeypatch.setattr(os, deed.__name__, noted(deed, done))
    with files.whole(tmp_path / "lasting") as file:
        file.write(b"")
    with files.whole(tmp_path / "checked when read", lasting=False) as file:
        file.write(b"")
    assert done == [*(["fsync", "replace", "fsync"] if os.name == "posix" else ["fsync", "replace"]), "replace"]


def test_the_disk_takes_a_long_file_while_it_is_made_and_what_goes_wrong_then_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    def broken(descriptor: int) -> None:
        taken.append(os.fstat(descriptor).st_size)
        raise OSError(errno.EIO, "the disk is broken")

    def write_long(out: Path) -> None:
        with files.whole(out) as file, files.settling(file) as go_on:
            file.write(b"short")
            go_on()
            file.write(bytes(5_000_000))
            go_on()

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="the disk is broken"):
        write_long(tmp_path / "long")
    assert taken == [5_000_005]
    assert list(tmp_path.iterdir()) == []


def test_trying_out_a_folder_that_is_not_there_yet_makes_none_and_sweeps_what_is_old(tmp_path: Path) -> None:
    old, young = tmp_path / f"{files.TEMPORARY}old", tmp_path / f"{files.TEMPORARY}young"
    old.touch()
    young.touch()
    os.utime(old, (time.time() - 4000,) * 2)
    files.try_out(tmp_path / "not" / "there")
    assert [path.name for path in tmp_path.iterdir()] == [young.name]
    with pytest.raises(OSError, match="directory"):
        files.try_out(young / "in a file")
