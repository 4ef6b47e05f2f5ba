"""An engine that goes wrong as it is told, and reads everything else as the tone does.

A sentence names what goes wrong: `Please crash.` crashes, `Please crash once.` only the first time. Where FAULT_RATE is
set, of sentences that name nothing so many go wrong, in ways chosen by FAULT_SEED, the sentence, and how often it was
asked for. In the folder FAULTS it notes what it was asked.
"""

import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from voiceguide.engines import Reading, Voice
from voiceguide.engines.tone import Tone
from voiceguide.errors import SpeechError
from voiceguide.levels import Samples

FAULTS = (
    "crash", "raise", "hang", "garbage", "empty", "silence", "noise", "nan", "square", "half", "zero-rate",
    "wrong-rate", "too-short", "too-long",
)  # fmt: skip
_SLOW = "slow"
"""No fault: it takes a moment and is right."""
_SLOW_SECONDS = 0.3


def open_engine() -> "FaultyEngine":
    return FaultyEngine()


def open_shared() -> "SharedFaultyEngine":
    return SharedFaultyEngine()


def open_broken() -> "FaultyEngine":
    raise RuntimeError("the model is missing")


class FaultyEngine:
    def voices(self) -> Sequence[Voice]:
        _note("voices")
        return (
            Voice(name="anna", language="en-GB", title="Anna"),
            Voice(name="bert", language="en-US", title="Bert"),
            Voice(name="carla", language="it", title="Carla"),
            Voice(name="far", language="fr", title="Far", fetch="fetch-the-voice far"),
        )

    def speak(self, reading: Reading) -> tuple[Samples, int]:
        print("an engine that prints", flush=True)  # noqa: T201  -- as pyttsx3 does
        if reading.voice == "far":
            raise SpeechError("the voice 'far' has not been downloaded", hint="get it with: fetch-the-voice far")
        samples, rate = Tone().speak(reading)
        before = _note(f"{reading.text} at {reading.speed}")
        words = reading.text.lower().strip(".").split()
        fault = next((word for word in words if word in {*FAULTS, _SLOW}), None)
        if fault is not None and "once" in words and before:
            fault = None
        fault = fault or _by_chance(reading, before)
        return (samples, rate) if fault is None else _gone_wrong(fault, samples, rate)

    def fingerprint(self) -> str:
        return "faulty 1"

    def close(self) -> None:
        pass


class SharedFaultyEngine(FaultyEngine):
    at_once = 2


def _by_chance(reading: Reading, before: int) -> str | None:
    chance = random.Random(f"{os.environ.get('FAULT_SEED')} {reading.text} {reading.speed} {before}")
    if chance.random() >= float(os.environ.get("FAULT_RATE", "0")):
        return None
    return chance.choice((*FAULTS, _SLOW))


def _gone_wrong(fault: str, samples: Samples, rate: int) -> tuple[Samples, int]:
    if fault == "crash":
        print("the last words", file=sys.stderr, flush=True)  # noqa: T201
        os.kill(os.getpid(), 9)
    if fault == "raise":
        raise ValueError("no such phoneme")
    if fault in {"hang", _SLOW}:
        time.sleep(600 if fault == "hang" else _SLOW_SECONDS)
    noise = np.random.default_rng(1).standard_normal(len(samples)).astype(np.float32)
    wrong = {
        "garbage": "RIFF",
        "empty": samples[:0],
        "silence": samples * np.float32(1e-4),
        "noise": noise * np.float32(0.1),
        "nan": samples * np.float32(np.nan),
        "square": samples[: len(samples) // 2 * 2].reshape(-1, 2),
        "half": samples[: len(samples) // 2],
        "too-short": samples[: len(samples) // 20],
        "too-long": np.tile(samples, 6),
    }
    return wrong.get(fault, samples), {"zero-rate": 0, "wrong-rate": rate // 2}.get(fault, rate)  # type: ignore[return-value]  # what an engine gives is not checked before


def _note(what: str) -> int:
    """Keep a note; say how often it was noted before."""
    folder = os.environ.get("FAULTS")
    if not folder:
        return 0
    with Path(folder, "asked").open("a+") as file:
        file.seek(0)
        before = file.read().splitlines()
        file.write(f"{what}\n")
    return before.count(what)
