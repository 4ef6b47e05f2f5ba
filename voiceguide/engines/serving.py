"""Requests -> an engine's answers: what runs in its own process, where it may print, hang or crash.

Requests and answers are lines of JSON with a number; samples follow their answer as bytes. They travel on copies of the
process's own descriptors, since engines print to stdout (pyttsx3 does so after each sentence) and would spoil them.
"""

import gc
import importlib
import json
import os
import signal
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import IO, Any

import numpy as np

from voiceguide.engines import Engine, Reading, Word
from voiceguide.errors import SpeechError

_OBJECTS = 50_000
"""After how many new ones garbage is looked for: every 700, as Python does, took a tenth of loading dictionaries."""


def serve() -> None:
    """Open the engine named on the command line and answer requests until there are no more.

    Where it may be asked only one thing at a time it is always by the same thread, the first: some systems' voices
    (NSSpeech, SAPI5) need that.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # after Ctrl-C the sentence at hand is finished and kept
    gc.set_threshold(_OBJECTS)
    requests, answers = _private_copies()
    source, at_once = sys.argv[1], int(sys.argv[2])
    module, _, function = source.partition(":")
    engine: Engine = getattr(importlib.import_module(module), function)()
    writing = threading.Lock()

    def answer(line: bytes) -> None:
        try:
            request = json.loads(line)
            head, body = _answer(engine, request)
            told = json.dumps(head | {"number": request["number"], "bytes": len(body)}).encode()
            with writing:
                answers.write(told + b"\n" + body)
                answers.flush()
        except BaseException:  # noqa: BLE001  -- a thread's would end nothing, and whoever asked would wait for it
            traceback.print_exc()
            os._exit(1)

    if at_once > 1:
        with ThreadPoolExecutor(max_workers=at_once) as pool:
            for line in requests:
                pool.submit(answer, line)
    else:
        for line in requests:
            answer(line)
    engine.close()
    os._exit(0)  # an interpreter with a model in it takes a tenth of a second to tidy up what is thrown away


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
