import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguide.cache import Cache, digest
from voiceguide.errors import OutputError

KEY = digest("a key")


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def only_entry(cache: Cache) -> Path:
    (path,) = (path for path in cache.folder.rglob("*") if path.is_file())
    return path


def test_what_was_kept_is_given_back(cache: Cache) -> None:
    assert cache.get("clips", KEY) is None
    cache.put("clips", KEY, b"sound")
    assert cache.get("clips", KEY) == b"sound"
    assert cache.get("frames", KEY) is None


@given(at=st.integers(0, 49), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_a_miss_and_the_entry_goes(
    tmp_path_factory: pytest.TempPathFactory, at: int, bit: int
) -> None:
    cache = Cache(tmp_path_factory.mktemp("cache"))
    cache.put("clips", KEY, b"sound")
    path = only_entry(cache)
    entry = bytearray(path.read_bytes())
    entry[at % len(entry)] ^= 1 << bit
    path.write_bytes(entry)
    assert cache.get("clips", KEY) is None
    assert not path.exists()


def test_a_damaged_entry_is_told_of(cache: Cache, caplog: pytest.LogCaptureFixture) -> None:
    cache.put("clips", KEY, b"sound")
    only_entry(cache).write_bytes(b"cut")
    cache.get("clips", KEY)
    assert "damaged" in caplog.text


def test_damaged_entries_are_found_and_removed(cache: Cache) -> None:
    cache.put("clips", KEY, b"sound")
    cache.put("frames", KEY, b"frames")
    damaged = cache.folder / "clips" / KEY[:2] / KEY[2:]
    damaged.write_bytes(b"cut")
    assert cache.verify() == (damaged,)
    assert cache.verify() == ()
    assert cache.get("frames", KEY) == b"frames"


def test_shelves_are_counted_by_kind(cache: Cache) -> None:
    cache.put("clips", KEY, b"1")
    cache.put("clips", digest(2), b"2")
    cache.put("frames", KEY, b"3")
    assert [(shelf.kind, shelf.entries) for shelf in cache.shelves()] == [("clips", 2), ("frames", 1)]


def test_trimming_removes_what_was_not_used_for_longest(cache: Cache) -> None:
    for age in range(4):
        cache.put("clips", digest(age), bytes(1000))
        path = cache.folder / "clips" / digest(age)[:2] / digest(age)[2:]
        os.utime(path, (time.time() - age * 1000,) * 2)
    assert cache.trim(2500) == 2
    assert [cache.get("clips", digest(age)) is not None for age in range(4)] == [True, True, False, False]


def test_trimming_sweeps_what_a_killed_writer_left_long_ago(cache: Cache) -> None:
    cache.put("clips", KEY, b"sound")
    shelf = only_entry(cache).parent
    old, young = shelf / ".voiceguide-old", shelf / ".voiceguide-young"
    old.touch()
    young.touch()
    os.utime(old, (time.time() - 4000,) * 2)
    cache.trim(10**9)
    assert not old.exists()
    assert young.exists()


def test_a_full_or_forbidden_disk_is_an_error_that_says_where_else(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="can't be written") as caught:
        Cache(tmp_path / "file" / "cache").put("clips", KEY, b"sound")
    assert "VOICEGUIDE_CACHE" in str(caught.value.hint)


def test_many_writers_of_one_entry_leave_it_whole(cache: Cache) -> None:
    code = (
        "import sys; from pathlib import Path; from voiceguide.cache import Cache\n"
        f"for _ in range(100): Cache(Path(sys.argv[1])).put('clips', {KEY!r}, bytes(100_000))"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(cache.folder)]) for _ in range(3)]
    while any(writer.poll() is None for writer in writers):
        body = cache.get("clips", KEY)
        assert body is None or body == bytes(100_000)
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert cache.verify() == ()


def test_keys_tell_apart_what_only_looks_alike() -> None:
    assert len({digest("1"), digest(1), digest("1", ""), digest("", "1"), digest(("1",))}) == 5
