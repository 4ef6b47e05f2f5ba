"""Requests on stdin -> runs of the command line that end at their n-th step on the disk, each in a forked process.

A step is a file just made, half a block written to it, and the moment before it is flushed to the disk, gets its name
or is removed. What a process had in its own buffers dies with it, as by `kill -9`. POSIX only: it forks.
"""

import io
import json
import os
import stat
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

CRASHED = 77
"""The exit status of a run that was ended."""

_WRITING = frozenset("wax+")
_DEEDS = ("fsync", "replace", "rename", "unlink", "remove", "mkdir", "rmdir")
_open = io.open


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of one run."""

    status: int
    steps: int
    """How many it took, the one it ended at among them."""


class Steps:
    """Counts what is done to the disk, and ends the process at the step it was told."""

    def __init__(self, last: int) -> None:
        self.taken = 0
        self._last = last
        self._lock = threading.Lock()  # sounds are encoded in several threads

    def take(self, last_deed: Callable[[], object] = int) -> None:
        with self._lock:
            self.taken += 1
            if self.taken == self._last:
                last_deed()
                os._exit(CRASHED)

    def watch(self) -> None:
        """Take a step with everything this process does to the disk from here on."""
        for name in _DEEDS:
            setattr(os, name, self._counted(getattr(os, name)))
        io.open = self._opened  # type: ignore[assignment]  # it takes what `open` takes, by position or name

    def _counted(self, deed: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401  -- as whatever it stands for
            self.take()
            return deed(*arguments, **options)

        return counted

    def _opened(  # noqa: PLR0917  -- as `open`
        self,
        file: Any,  # noqa: ANN401  -- as `open`
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,  # noqa: FBT001, FBT002  -- as `open`
        opener: Callable[[str, int], int] | None = None,
    ) -> IO[Any]:
        pipe = isinstance(file, int) and not stat.S_ISREG(os.fstat(file).st_mode)
        if pipe or not _WRITING & set(mode):
            return _open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        raw = _Torn(file, "".join(set(mode) - set("bt")), closefd, opener)
        raw.steps = self
        self.take()
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)


class _Torn(io.FileIO):
    """A file whose last write is done by half."""

    steps: Steps

    def write(self, block: Any) -> int:  # noqa: ANN401  -- any buffer
        self.steps.take(lambda: super(_Torn, self).write(memoryview(block)[: len(block) // 2]))
        return super().write(block)


def serve() -> None:
    """Answer each line, `{"at", "most", "arguments", "folder", "environment"}`, with how that run ended.

    `most` is the largest file it may write, in bytes, or -1 for any.
    """
    import voiceguide.report
    import voiceguide.script.front_matter
    import voiceguide.settings.changes  # noqa: F401  -- what runs load late is loaded once, for all of them
    from voiceguide.cli import main

    for line in sys.stdin:
        request = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            _become(main, request, writing)
        os.close(writing)
        with os.fdopen(reading) as told:
            steps = int(told.read() or request["at"])
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps({"status": status, "steps": steps}), flush=True)  # noqa: T201


def _become(main: Callable[[list[str]], object], request: dict[str, Any], writing: int) -> None:
    """Be the run that was asked for, and end with it."""
    import resource  # not on Windows

    status, steps = 1, Steps(request["at"])
    try:
        os.chdir(request["folder"])
        os.environ.update(request["environment"])
        log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for descriptor in (1, 2):
            os.dup2(log, descriptor)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["most"], resource.RLIM_INFINITY))
        steps.watch()
        main(request["arguments"])
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(writing, str(steps.taken).encode())
        os._exit(status)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    serve()
