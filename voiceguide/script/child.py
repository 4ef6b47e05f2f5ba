"""A template of anyone's and its values -> what it came to: a stranger's is filled in by a process with limits.

What a template can use is harmless, but not how often: loops, macros and parts multiply, and one `==` of lists within
lists can take longer than a night without a single step that Python could stop at. So only an operating system can.
"""

import atexit
import json
import logging
import math
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from voiceguide.durations import Duration, Ms
from voiceguide.errors import Place, Refusal, ScriptError
from voiceguide.script.marks import File, Ledger, Mark
from voiceguide.script.parameters import Chosen, Value
from voiceguide.script.template import Filled, NotHereError, Setting, fill_in
from voiceguide.script.text import SourceText

_SERVE = "from voiceguide.script.child import serve; serve()"
_SECONDS = 2
"""Of one processor. The longest session shipped takes a twentieth of one."""
_BACKSTOP_SECONDS = 1
"""Later the system ends what has not heard that its time is over."""
_PATIENCE_SECONDS = 10.0
"""Of the clock: the start of the process is in it, and where a system has no limits it is the only one."""
_ROOM_BYTES = 512 << 20
_MOST_FILES = 16

_PLAIN = 20_000
"""Characters. The worst found of as many, without loops and parts of one's own, took a second and 60 MB."""
_PLAIN_TAG = re.compile(r"\{%[-+]?\s*(?:if|elif|else|endif)\b")


def fill_in_safely(
    source: SourceText, body: int, values: Mapping[str, Value], setting: Setting, *, shipped: bool
) -> Filled:
    """Fill in what is ours, or too plain to do harm, here, and all else in a process with limits. Raises ScriptError.

    Starting one takes three tenths of a second; it stays for the next.
    """
    if shipped or _is_plain(source.text[body:]):
        with suppress(NotHereError):
            return fill_in(source, body, values, setting)
    return _CHILD.fill_in(source, body, values, setting)


def _is_plain(template: str) -> bool:
    """Tell whether a template is short, and does each thing it does once at most."""
    return len(template) <= _PLAIN and template.count("{%") == len(_PLAIN_TAG.findall(template))


# --- the one who asks ---------------------------------------------------------------------------------------------


class _Child:
    """The process, started when first needed and anew after it ended. One thread at a time uses it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def fill_in(self, source: SourceText, body: int, values: Mapping[str, Value], setting: Setting) -> Filled:
        request = {
            "folder": _folder(),
            "source": asdict(source),
            "body": body,
            "seconds": _SECONDS,
            "values": {name: _sent(value) for name, value in values.items()},
            "setting": asdict(setting) | {"shelves": [str(shelf) for shelf in setting.shelves]},
        }
        at = source.place(body, body)
        with self._lock:
            answer = self._ask(request, at)
            if answer.get("spent"):
                self.close()
        for name, level, message in answer["logged"]:
            logging.getLogger(name).log(level, "%s", message)
        if "error" in answer:
            _raise(answer["error"])
        return _received(answer, source, body)

    def close(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()
            process.communicate()

    def _ask(self, request: dict[str, Any], at: Place) -> dict[str, Any]:
        process = self._process = self._process or _start()
        timer = threading.Timer(_PATIENCE_SECONDS, process.kill)
        timer.start()
        answer = None
        try:
            answer = _exchange(process, request)
        except (OSError, ValueError) as error:
            status = process.wait()
            if status in _ENDED_BY_LIMITS:
                raise _too_long(at) from error
            raise RuntimeError(f"the process that fills in templates ended with status {status}") from error
        finally:
            timer.cancel()
            if answer is None:  # also after Ctrl-C: its answer must not be taken for the next one's
                self.close()
        return answer


_CHILD = _Child()
atexit.register(_CHILD.close)

_ENDED_BY_LIMITS = (1,) if sys.platform == "win32" else (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGSEGV)
"""The first by the system's clock, the second by ours; the third where lists are nested deeper than the stack is."""


def _start() -> subprocess.Popen[bytes]:
    """Run `serve` with our own import path; what it has to say of a fault of ours goes to our stderr."""
    return subprocess.Popen(  # noqa: S603  -- our own interpreter
        [sys.executable, "-P", "-c", _SERVE],  # -P: nothing is imported from the folder we happen to be in
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def _exchange(process: subprocess.Popen[bytes], request: dict[str, Any]) -> dict[str, Any]:
    if not process.stdin or not process.stdout:
        raise RuntimeError("a process was started without its pipes")
    process.stdin.write(json.dumps(request).encode() + b"\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def _folder() -> str | None:
    """The folder that parts beside a script may be named from; None if someone deleted it."""
    with suppress(FileNotFoundError):
        return str(Path.cwd())
    return None


def _too_long(at: Place | None) -> ScriptError:
    return ScriptError("this script takes too long to work out", at=at, hint="repeat less in it")


def _raise(error: dict[str, Any]) -> NoReturn:
    kind = Refusal if error["refusal"] else ScriptError
    raise kind(error["message"], at=Place(**error["at"]) if error["at"] else None, hint=error["hint"])


def _sent(value: Value) -> Any:  # noqa: ANN401  -- JSON's own shape
    match value:
        case Duration():
            return {"duration": value.ms}
        case Chosen():
            return {"chosen": str(value)}
        case tuple():
            return {"several": [str(one) for one in value]}
    return value


def _received(answer: dict[str, Any], source: SourceText, body: int) -> Filled:
    files = [source, *(SourceText(**file) for file in answer["files"])]
    marks = [
        Mark(file=files[file], start=start, end=end, expression=expression)
        for file, start, end, expression in answer["marks"]
    ]
    ledger = Ledger(files={None: File(source=source, base=body)}, marks=marks)
    return Filled(text=answer["text"], ledger=ledger, varies=answer["varies"])


# --- the one who answers ------------------------------------------------------------------------------------------


def serve() -> None:
    """Fill in templates until nobody asks for more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asks, and ends both
    answers = os.fdopen(os.dup(1), "wb")
    _limit()
    for line in sys.stdin.buffer:
        answers.write(json.dumps(_answer(json.loads(line))).encode() + b"\n")
        answers.flush()


def _limit() -> None:
    """Take away what filling in a template needs least, where the system can."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415  -- not on Windows

    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, _MOST_FILES)
    sizes = Path("/proc/self/statm")
    if sizes.exists():  # elsewhere nobody says how much a process has, and macOS does not keep to this limit
        has = int(sizes.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        _lower(resource.RLIMIT_AS, has + _ROOM_BYTES)


def _lower(what: int, most: int, *, for_good: bool = True) -> None:
    """Let a process have no more of something; what it is forbidden already stays so."""
    import resource  # noqa: PLC0415  -- not on Windows

    _, ceiling = resource.getrlimit(what)
    allowed = most if ceiling == resource.RLIM_INFINITY else min(most, ceiling)
    resource.setrlimit(what, (allowed, allowed if for_good else ceiling))


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    if request["folder"]:
        os.chdir(request["folder"])
    source, body = SourceText(**request["source"]), request["body"]
    with _Listening() as logged:
        try:
            with _Clock(request["seconds"], source.place(body, body)):
                filled = _fill_in(source, body, request)
        except ScriptError as error:
            return {"logged": logged, "error": _said(error), "spent": isinstance(error.__cause__, MemoryError)}
    return {"logged": logged} | _as_json(filled)


def _fill_in(source: SourceText, body: int, request: dict[str, Any]) -> Filled:
    values = {name: _value(sent) for name, sent in request["values"].items()}
    changed = {"shelves": tuple(map(Path, request["setting"]["shelves"])), "limited": True}
    return fill_in(source, body, values, Setting(**request["setting"] | changed))


def _said(error: ScriptError) -> dict[str, Any]:
    return {
        "message": error.message,
        "at": asdict(error.at) if error.at else None,
        "hint": error.hint,
        "refusal": isinstance(error, Refusal),
    }


def _value(sent: Any) -> Value:  # noqa: ANN401  -- JSON's own shape
    match sent:
        case {"duration": int(ms)}:
            return Duration(Ms(ms))
        case {"chosen": str(text)}:
            return Chosen(text)
        case {"several": list(texts)}:
            return tuple(map(Chosen, texts))
        case str() | int() | float():
            return sent
    raise TypeError(f"no value is sent as {type(sent).__name__}")


def _as_json(filled: Filled) -> dict[str, Any]:
    numbers = {filled.ledger.files[None].source: 0}
    marks = [
        (numbers.setdefault(mark.file, len(numbers)), mark.start, mark.end, mark.expression)
        for mark in filled.ledger.marks
    ]
    return {
        "text": filled.text,
        "files": [asdict(file) for file in numbers][1:],
        "marks": marks,
        "varies": filled.varies,
    }


class _Clock:
    """Stops a template where it is when it has had its time, so that its line can be told.

    Where it is in one long step that can't be stopped, the system ends the process.
    """

    def __init__(self, seconds: float, at: Place) -> None:
        """Take the time it may have, and the place to tell where it is in no line yet."""
        self._seconds = seconds
        self._at = at
        self._over = False

    def __enter__(self) -> None:
        if sys.platform == "win32":
            return
        import resource  # noqa: PLC0415  -- not on Windows

        usage = resource.getrusage(resource.RUSAGE_SELF)
        last = math.ceil(usage.ru_utime + usage.ru_stime + self._seconds) + _BACKSTOP_SECONDS
        _lower(resource.RLIMIT_CPU, last, for_good=False)  # the next template has its own time
        signal.signal(signal.SIGPROF, self._end)
        signal.setitimer(signal.ITIMER_PROF, self._seconds)

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if sys.platform != "win32":
            signal.setitimer(signal.ITIMER_PROF, 0)
        if self._over and isinstance(error, ScriptError):
            error.at = error.at or self._at

    def _end(self, *_: object) -> NoReturn:
        self._over = True
        raise _too_long(None)


class _Listening(logging.Handler):
    """Notes what is logged, for the one who asks to log."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._heard: list[tuple[str, int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._heard.append((record.name, record.levelno, record.getMessage()))

    def __enter__(self) -> Sequence[tuple[str, int, str]]:
        logging.root.addHandler(self)
        logging.root.setLevel(logging.INFO)
        return self._heard

    def __exit__(self, *_: object) -> None:
        logging.root.removeHandler(self)
