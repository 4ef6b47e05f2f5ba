"""Jobs -> recordings, one after the other in the background: what each has come to, and a way to stop it."""

import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from voiceguide.errors import VoiceguideError
from voiceguide.job import Job
from voiceguide.render import render

MOST_WAITING = 8

_log = logging.getLogger(__name__)
_KEPT = 50
"""Finished work that is still told of."""

State = Literal["waiting", "working", "done", "stopped", "failed"]


class BusyError(Exception):
    """So much is waiting that no more is taken."""


class _Stopped(Exception):
    """Raised in a render that is not wanted any more."""


@dataclass(slots=True, kw_only=True)
class Work:
    """A recording that is wanted, and how far it is."""

    name: str
    job: Job = field(repr=False)
    state: State = "waiting"
    stage: str = ""
    """`speaking` or `assembling`"""
    done: int = 0
    total: int = 0
    path: Path | None = None
    """Of the recording, when it is done."""
    fault: str = ""
    stop: bool = False
    """Whether it is not wanted any more."""


class Renderer:
    """One thread that makes one recording at a time, in the order they were asked for."""

    def __init__(self, spoken: Callable[[], None] = lambda: None) -> None:
        """`spoken` is called when one was made or stopped, before it is told: lines may have been spoken."""
        self._spoken = spoken
        self._works: dict[str, Work] = {}
        self._waiting: deque[Work] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._numbers = itertools.count(1)
        self._thread = threading.Thread(target=self._run, name="renderer")
        self._thread.start()

    def ask(self, job: Job) -> Work:
        """Put a job behind those that wait. Raises BusyError: too many do."""
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:
                raise BusyError
            work = Work(name=f"w{next(self._numbers)}", job=job)
            self._works[work.name] = work
            self._waiting.append(work)
            self._forget()
            self._changed.notify()
        return work

    def find(self, name: str) -> Work | None:
        return self._works.get(name)

    def stop(self, work: Work) -> None:
        """Leave it: at once if it waits, after the line at hand if it is being made."""
        with self._changed:
            work.stop = True
            if work in self._waiting:
                self._waiting.remove(work)
                work.state = "stopped"

    def close(self) -> None:
        """Stop all, and wait until nothing half is left."""
        with self._changed:
            self._closed = True
            for work in self._works.values():
                work.stop = True
            self._waiting.clear()
            self._changed.notify()
        self._thread.join()

    def _forget(self) -> None:
        over = [name for name, work in self._works.items() if work.state in {"done", "stopped", "failed"}]
        for name in over[:-_KEPT]:
            del self._works[name]

    def _run(self) -> None:
        while work := self._next():
            self._make(work)

    def _next(self) -> Work | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return None
            work = self._waiting.popleft()
            work.state = "working"
            return work

    def _make(self, work: Work) -> None:
        def progress(stage: str, done: int, total: int) -> None:
            if work.stop:
                raise _Stopped
            work.stage, work.done, work.total = stage, done, total

        try:
            path = render(work.job, progress=progress).path
            self._spoken()
            work.path, work.state = path, "done"
        except _Stopped:
            self._spoken()
            work.state = "stopped"
        except VoiceguideError as error:
            work.fault, work.state = error.explain(), "failed"
        except Exception:  # noqa: BLE001  -- a fault of ours: the log has its traceback, and the next one is made
            _log.exception("a recording could not be made")
            work.fault, work.state = "this is a fault of ours; the terminal has the details", "failed"
