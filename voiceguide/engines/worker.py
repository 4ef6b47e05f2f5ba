"""A reading -> samples, asked of an engine in a process of its own: if it prints, hangs or crashes, only that ends.

Nothing large is imported here: an engine's process can be started before the rest of a program is loaded.
"""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from voiceguide.engines import Reading, Voice
from voiceguide.errors import SpeechError

if TYPE_CHECKING:
    from voiceguide.levels import Samples

_SERVE = "from voiceguide.engines.serving import serve; serve()"
_LETTER_SECONDS = 0.1
_LOADING = 4
"""Times the patience for a sentence, while a model may be loading."""
_FAREWELL_SECONDS = 1.0
_ONE_CORE = {"OPENBLAS_NUM_THREADS": "1"}
"""A thread has a core to itself: numpy need not start others, which takes it 60 ms."""

_Answer = tuple[dict[str, Any], bytes]


class FalteredError(Exception):
    """An engine crashed, hung, failed, or gave what can't be speech: worth one more try in a fresh process."""


class Worker:
    """An engine in a process that is started when first asked, and anew after it ended.

    As many threads may ask at the same time as the engine allows; what ends the process fails for all of them.
    """

    def __init__(self, source: str, *, patience: float, at_once: int = 1) -> None:
        """Take an engine by where its opening function is, `module:function`, and seconds it may take a sentence."""
        self._source = source
        self._patience = patience
        self._at_once = at_once
        self._lock = threading.Lock()
        self._running: _Running | None = None
        self._started_ever: list[_Running] = []

    def start(self) -> None:
        """Start the process if there is none, without waiting for it."""
        self._started()

    def warm_up(self, reading: Reading) -> None:
        """Start it, and have something read that nobody will hear: an engine's model is loaded at the first words.

        What goes wrong in it goes wrong again with the next request, which tells of it.
        """
        if not self._running:
            self._started().send(_speak(reading), None)

    def voices(self) -> tuple[Voice, ...]:
        """Ask for the voices. Raises SpeechError if the engine says why not, FalteredError otherwise."""
        answer, _ = self._ask({"do": "voices"}, _LOADING * self._patience)
        return tuple(Voice(**voice) for voice in answer["voices"])

    def speak(self, reading: Reading) -> "tuple[Samples, int]":
        """Ask for samples and their rate in Hz. Raises as `voices`."""
        import numpy as np  # noqa: PLC0415  -- see above

        answer, body = self._ask(_speak(reading), self.limit(reading))
        return np.frombuffer(body, np.float32).reshape(answer["shape"]), answer["rate"]

    def limit(self, reading: Reading) -> float:
        """Give the seconds a reading may take: the first one of a process has more, as a model may be loading."""
        loading = 1 if self._running and self._running.has_spoken else _LOADING
        return loading * self._patience + _LETTER_SECONDS * len(reading.text)

    def apart(self) -> "Worker":
        """Give another one for the same engine, with a process that nobody shares."""
        return Worker(self._source, patience=self._patience)

    def retire(self) -> None:
        """Let the process end once it has answered what it was asked; what is asked from now on is for a fresh one."""
        with self._lock:
            running, self._running = self._running, None
        if running:
            running.dismiss()

    def close(self) -> None:
        """End the process: politely, so that an engine can tidy up, but soon; at once if it only warms up."""
        self.retire()
        for running in self._started_ever:
            running.end()
        self._started_ever.clear()

    def _started(self) -> "_Running":
        with self._lock:
            if not self._running:
                self._running = _Running(self._source, self._at_once)
                self._started_ever.append(self._running)
            return self._running

    def _ask(self, request: dict[str, Any], seconds: float) -> _Answer:
        running = self._started()
        try:
            answer, body = running.ask(request, seconds)
        except FalteredError:
            with self._lock:
                self._running = None if self._running is running else self._running
            raise
        if "failed" in answer:
            raise FalteredError(answer["failed"])
        if "refused" in answer:
            raise SpeechError(answer["refused"], hint=answer["hint"])
        return answer, body


class _Running:
    """A process that was started, and who waits for which of its answers."""

    def __init__(self, source: str, at_once: int) -> None:
        """Run `serve` with our own import path.

        Not by `multiprocessing`: it would run the caller's main module again, which a script without a guard does not
        survive.
        """
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  -- closed once it has ended
        self.process = subprocess.Popen(  # noqa: S603  -- our own interpreter, and an installed engine
            [
                sys.executable,
                "-P",
                "-c",
                _SERVE,
                source,
                str(at_once),
            ],  # -P: nothing from the folder we happen to be in
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env=os.environ | _ONE_CORE | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        if not self.process.stdin or not self.process.stdout:
            raise RuntimeError("a process was started without its pipes")
        self._requests, self._answers = self.process.stdin, self.process.stdout
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._waiting: dict[int, Future[_Answer] | None] = {}
        """By the numbers of requests; nobody waits for what only warms it up."""
        self._ended: str | None = None
        self.has_spoken = False
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def ask(self, request: dict[str, Any], seconds: float) -> _Answer:
        """Give its answer. Raises FalteredError; if there is none in so many seconds, after ending it."""
        answer: Future[_Answer] = Future()
        self.send(request, answer)
        try:
            return answer.result(seconds)
        except TimeoutError:
            self.process.kill()
            raise FalteredError(f"it gave no answer for {seconds:.0f} s") from None

    def send(self, request: dict[str, Any], answer: Future[_Answer] | None) -> None:
        """Ask for something, without waiting. Raises FalteredError if it has ended."""
        with self._lock:
            if self._ended:
                raise FalteredError(self._ended)
            number = next(self._numbers)
            self._waiting[number] = answer
            with suppress(OSError, ValueError):  # it is ending: who waits is told how
                self._requests.write(json.dumps(request | {"number": number}).encode() + b"\n")
                self._requests.flush()

    def dismiss(self) -> None:
        """Let it end once nobody waits for it any more."""
        with self._lock:
            if self._waiting and not any(self._waiting.values()):
                self.process.kill()
            with suppress(OSError):
                self._requests.close()

    def end(self) -> None:
        """Wait for its end, but not for long."""
        self._listener.join(_FAREWELL_SECONDS)
        self.process.kill()
        self._listener.join()

    def _listen(self) -> None:
        """Hand out its answers until it ends, and then say how to all who still wait."""
        with suppress(EOFError):
            while True:
                try:
                    number, answer = self._receive()
                except (
                    OSError,
                    ValueError,
                    KeyError,
                    TypeError,
                ):  # these were no answers: the rest can't be understood either
                    self.process.kill()
                    break
                with self._lock:
                    waiting = self._waiting.pop(number, None)
                if waiting:
                    self.has_spoken = self.has_spoken or "rate" in answer[0]
                    waiting.set_result(answer)
        why = self._last_words()
        with self._lock:
            self._ended, left = why, list(self._waiting.values())
            with suppress(OSError):
                self._requests.close()
        for waiting in filter(None, left):
            waiting.set_exception(FalteredError(why))
        self._answers.close()
        self._complaints.close()

    def _receive(self) -> tuple[int, _Answer]:
        line = self._answers.readline()
        if not line:
            raise EOFError
        head = json.loads(line)
        body = self._answers.read(head["bytes"])
        if len(body) != head["bytes"]:
            raise EOFError
        return head["number"], (head, body)

    def _last_words(self) -> str:
        """Say how it ended, with the last line it wrote."""
        status = self.process.wait()
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").split("\n")
        last = next((f": {line.strip()[:200]}" for line in reversed(lines) if line.strip()), "")
        return f"its process ended with status {status}{last}"


def _speak(reading: Reading) -> dict[str, Any]:
    return {"do": "speak", "reading": asdict(reading)}
