"""What is written -> a file that has its name once it is whole, and names that every system takes."""

import contextlib
import os
import secrets
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

TEMPORARY = ".voiceguide-"
"""Begins the name of a file that is being written."""

_STALE_SECONDS = 3600
_AT_ONCE = 2_000_000
"""Bytes for the disk."""
_BUFFER = 1 << 18
"""Bytes for the system, which takes a recording in half of the time it needs for as many pieces as it is made of."""
_LONGEST_NAME = 90
"""Bytes: with a language, a length and an ending after it, a name has at most 120, which encrypted folders take too."""
_FORBIDDEN = '<>:"/\\|?*'
_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"
}
"""What Windows takes for no file, whatever ending it has."""


@contextlib.contextmanager
def whole(out: Path, *, lasting: bool = True) -> Iterator[BinaryIO]:
    """Open a temporary file in the same folder, which is made where it is not there, and rename it when complete.

    Under the name is the old file, or none, until then. Unless it is `lasting`, it may come out empty or torn after a
    power cut, which is for what is checked whenever it is read: to wait for the disk takes 5 to 50 ms. Raises OSError.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(out.parent)
    try:
        with temporary.open("x+b", buffering=_BUFFER if lasting else -1) as file:
            yield file
            if lasting:
                settle(file)
        with _room_given_back_later(out) if lasting else contextlib.nullcontext():
            temporary.replace(out)
            if lasting:
                _sync_folder(out.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def all_whole(bodies: Mapping[Path, bytes]) -> None:
    """Write files that go together: none gets its name before all are on the disk, and then in the order given.

    Raises OSError.
    """
    staged = {path: _temporary(path.parent) for path in bodies}
    try:
        for path, temporary in staged.items():
            with temporary.open("xb") as file:
                file.write(bodies[path])
                settle(file)
        for path, temporary in staged.items():
            temporary.replace(path)
        for folder in {path.parent for path in bodies}:
            _sync_folder(folder)
    except BaseException:
        for temporary in staged.values():
            temporary.unlink(missing_ok=True)
        raise


def try_out(folder: Path) -> None:
    """See whether files can be made in a folder, or where it would be made, and leave nothing there. Raises OSError."""
    there = nearest(folder)
    sweep(there)
    temporary = _temporary(there)
    temporary.touch(exist_ok=False)
    temporary.unlink()


def nearest(folder: Path) -> Path:
    """Give a folder, or where it is not there the first around it that is."""
    return next(one for one in (folder, *folder.parents) if one.exists())


def settle(file: BinaryIO) -> None:
    """Have all that was written on the disk."""
    file.flush()
    os.fsync(file.fileno())


@contextlib.contextmanager
def settling(file: BinaryIO) -> Iterator[Callable[[], None]]:
    """Give what has the disk take all there is of a file so far, while more of it is made: to be called often.

    So there is little to wait for at the end. Raises OSError.
    """
    from concurrent.futures import Future, ThreadPoolExecutor  # noqa: PLC0415  -- `--help` need not pay for it

    taken, under_way = 0, Future[None]()
    under_way.set_result(None)
    with ThreadPoolExecutor(1) as disk:

        def go_on() -> None:
            nonlocal taken, under_way
            if file.tell() - taken >= _AT_ONCE and under_way.done():
                under_way.result()
                file.flush()
                taken, under_way = file.tell(), disk.submit(os.fsync, file.fileno())

        yield go_on
        under_way.result()


def sweep(folder: Path, below: str = "") -> None:
    """Remove what killed runs left in a folder, or in those `below` it, once nobody can still be writing it."""
    for path in folder.glob(f"{below}{TEMPORARY}*"):
        with contextlib.suppress(FileNotFoundError):  # another run sweeps, too
            if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                path.unlink()


def safe_name(name: str) -> str:
    """Make what someone called a thing the name of a file on Linux, macOS and Windows, without its ending."""
    text = unicodedata.normalize("NFC", name)
    shown = "".join("-" if char in _FORBIDDEN else char for char in text if unicodedata.category(char)[0] != "C")
    cut = " ".join(shown.split()).encode()[:_LONGEST_NAME].decode(errors="ignore").strip(" .")
    device = cut.partition(".")[0].rstrip().lower() in _DEVICES
    return f"session-{cut}".rstrip("-") if device or not cut else cut


def _temporary(folder: Path) -> Path:
    return folder / f"{TEMPORARY}{secrets.token_hex(8)}"


@contextlib.contextmanager
def _room_given_back_later(path: Path) -> Iterator[None]:
    """Hold a file while another takes its name: nobody need wait for its room, which for eight hours takes 0.15 s.

    Windows renames nothing over a file that is open, and one that may not be read can't be held.
    """
    from threading import Thread  # noqa: PLC0415  -- `--help` need not pay for it

    held = None
    if os.name == "posix" and path.is_file():
        with contextlib.suppress(OSError):
            held = os.open(path, os.O_RDONLY)
    try:
        yield
    finally:
        if held is not None:
            Thread(target=os.close, args=(held,), daemon=True).start()  # whatever the program does, the system ends it


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut; Windows has no such call and needs none."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
