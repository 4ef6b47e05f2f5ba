"""A reading -> samples, in a process of its own: an engine that prints, hangs or crashes takes nothing with it.

Requests and answers are lines of JSON; samples follow their answer as bytes. They travel on copies of the process's
own descriptors, since engines print to stdout (pyttsx3 does so after each sentence) and would spoil them.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import IO, Any

import numpy as np

from voiceguide.engines import Engine, Reading, Voice, Word
from voiceguide.errors import SpeechError
from voiceguide.levels import Samples

_SERVE = "from voiceguide.engines.worker import serve; serve()"
_LETTER_SECONDS = 0.1
_LOADING = 4
"""Times the patience for a sentence, while a model may be loading."""
_FAREWELL_SECONDS = 1.0
_ONE_CORE = {"OPENBLAS_NUM_THREADS": "1"}
"""A process has a core to itself: numpy need not start threads for the others, which takes it 60 ms."""


class FalteredError(Exception):
    """An engine crashed, hung, failed, or gave what can't be speech: worth one more try in a fresh process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    process: subprocess.Popen[bytes]
    requests: IO[bytes]
    answers: IO[bytes]
    complaints: IO[bytes]
    """What it writes to stderr, and to stdout."""


class Worker:
    """An engine in a process that is started when first asked, and anew after `close`. For one thread at a time."""

    def __init__(self, source: str, *, patience: float) -> None:
        """Take an engine by where its opening function is, `module:function`, and seconds it may take a sentence."""
        self._source = source
        self._patience = patience
        self._running: _Running | None = None
        self._has_spoken = False
        self._unread = 0
        """Answers nobody waits for."""

    def start(self) -> None:
        """Start the process if there is none, without waiting for it."""
        self._started()

    def warm_up(self, reading: Reading) -> None:
        """Have something read that nobody will hear, without waiting: an engine's model is loaded at the first words.

        What goes wrong in it goes wrong again with the next request, which tells of it.
        """
        with suppress(OSError):
            _send(self._started(), _speak(reading))
            self._unread += 1

    def voices(self) -> tuple[Voice, ...]:
        """Ask for the voices. Raises SpeechError if the engine says why not, FalteredError otherwise."""
        answer, _ = self._ask({"do": "voices"}, _LOADING * self._patience)
        return tuple(Voice(**voice) for voice in answer["voices"])

    def speak(self, reading: Reading) -> tuple[Samples, int]:
        """Ask for samples and their rate in Hz. Raises as `voices`."""
        answer, body = self._ask(_speak(reading), self.limit(reading))
        self._has_spoken = True
        return np.frombuffer(body, np.float32).reshape(answer["shape"]), answer["rate"]

    def limit(self, reading: Reading) -> float:
        """Give the seconds a reading may take: the first one of a process has more, as a model may be loading."""
        loading = 1 if self._has_spoken else _LOADING
        return loading * self._patience + _LETTER_SECONDS * len(reading.text)

    def close(self) -> None:
        """End the process: politely, so that an engine can tidy up, but soon; at once if it only warms up."""
        running, warming = self._running, self._unread > 0
        self._running, self._has_spoken, self._unread = None, False, 0
        if not running:
            return
        if warming:
            running.process.kill()
        with suppress(OSError):
            running.requests.close()
        late = threading.Timer(_FAREWELL_SECONDS, running.process.kill)
        late.start()
        running.process.wait()  # not with a timeout of its own: Python then looks only every so often
        late.cancel()
        running.answers.close()
        running.complaints.close()

    def _started(self) -> _Running:
        if not self._running:
            self._running = _start(self._source)
        return self._running

    def _ask(self, request: dict[str, Any], seconds: float) -> tuple[dict[str, Any], bytes]:
        running = self._started()
        hung = threading.Event()

        def end() -> None:
            hung.set()
            running.process.kill()

        timer = threading.Timer(seconds, end)
        timer.start()
        try:
            _send(running, request)
            while self._unread:
                _receive(running)
                self._unread -= 1
            answer, body = _receive(running)
        except (OSError, ValueError, EOFError) as error:
            why = f"it gave no answer for {seconds:.0f} s" if hung.is_set() else _last_words(running)
            raise FalteredError(why) from error
        finally:
            timer.cancel()
        if "failed" in answer:
            raise FalteredError(answer["failed"])
        if "refused" in answer:
            raise SpeechError(answer["refused"], hint=answer["hint"])
        return answer, body


def serve() -> None:
    """Open the engine named on the command line and answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # after Ctrl-C the sentence at hand is finished and kept
    requests, answers = _private_copies()
    module, _, function = sys.argv[1].partition(":")
    engine: Engine = getattr(importlib.import_module(module), function)()
    for line in requests:
        head, body = _answer(engine, json.loads(line))
        answers.write(json.dumps(head | {"bytes": len(body)}).encode() + b"\n" + body)
        answers.flush()
    engine.close()
    os._exit(0)  # an interpreter with a model in it takes a tenth of a second to tidy up what is thrown away


def _start(source: str) -> _Running:
    """Run `serve` with our own import path.

    Not by `multiprocessing`: it would run the caller's main module again, which a script without a guard does not
    survive.
    """
    complaints = tempfile.TemporaryFile()  # noqa: SIM115  -- closed by `Worker.close`
    process = subprocess.Popen(  # noqa: S603  -- our own interpreter, and an installed engine
        [sys.executable, "-P", "-c", _SERVE, source],  # -P: nothing is imported from the folder we happen to be in
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        env=os.environ | _ONE_CORE | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    if not process.stdin or not process.stdout:
        raise RuntimeError("a process was started without its pipes")
    return _Running(process=process, requests=process.stdin, answers=process.stdout, complaints=complaints)


def _speak(reading: Reading) -> dict[str, Any]:
    return {"do": "speak", "reading": asdict(reading)}


def _send(running: _Running, request: dict[str, Any]) -> None:
    running.requests.write(json.dumps(request).encode() + b"\n")
    running.requests.flush()


def _receive(running: _Running) -> tuple[dict[str, Any], bytes]:
    head = json.loads(running.answers.readline())
    body = running.answers.read(head["bytes"])
    if len(body) != head["bytes"]:
        raise EOFError
    return head, body


def _last_words(running: _Running) -> str:
    """Say how a process ended, with the last line it wrote."""
    status = running.process.wait()
    running.complaints.seek(0)
    lines = running.complaints.read().decode(errors="replace").split("\n")
    last = next((f": {line.strip()[:200]}" for line in reversed(lines) if line.strip()), "")
    return f"its process ended with status {status}{last}"


def _private_copies() -> tuple[IO[bytes], IO[bytes]]:
    """Move requests and answers away from descriptors 0 and 1; give the engine an empty stdin, and stderr as stdout."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return requests, answers


def _answer(engine: Engine, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    try:
        if request["do"] == "voices":
            return {"voices": [asdict(voice) for voice in engine.voices()]}, b""
        samples, rate = engine.speak(_reading(request["reading"]))
        samples = np.asarray(samples, np.float32)
        return {"rate": rate, "shape": samples.shape}, samples.tobytes()
    except SpeechError as error:
        return {"refused": error.message, "hint": error.hint}, b""
    except Exception as error:  # noqa: BLE001  -- an engine may raise anything: the other process turns it into ours
        return {"failed": f"{type(error).__name__}: {error}"}, b""


def _reading(fields: dict[str, Any]) -> Reading:
    parts = tuple(part if isinstance(part, str) else Word(**part) for part in fields.pop("parts"))
    return Reading(parts=parts, **fields)
