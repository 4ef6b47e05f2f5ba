"""An engine whose sentences name what goes wrong: `Please crash.` crashes, `Please crash once.` only the first time.

It reads everything else as the tone does, and notes in the folder FAULTS what it was asked.
"""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from voiceguide.errors import SpeechError
from voiceguide.levels import Samples
from voiceguide.speech.engine import Reading, Voice
from voiceguide.speech.tone import Tone

FAULTS = ("crash", "raise", "hang", "empty", "silence", "noise", "nan", "square", "zero-rate", "too-short", "too-long")


def open_engine() -> "FaultyEngine":
    return FaultyEngine()


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
        first_time = _note(reading.text)
        words = reading.text.lower().strip(".").split()
        fault = next((word for word in words if word in FAULTS), None)
        if fault is None or ("once" in words and not first_time):
            return samples, rate
        return _gone_wrong(fault, samples, rate)

    def fingerprint(self) -> str:
        return "faulty 1"

    def close(self) -> None:
        pass


def _gone_wrong(fault: str, samples: Samples, rate: int) -> tuple[Samples, int]:
    if fault == "crash":
        print("the last words", file=sys.stderr, flush=True)  # noqa: T201
        os.kill(os.getpid(), 9)
    if fault == "raise":
        raise ValueError("no such phoneme")
    if fault == "hang":
        time.sleep(600)
    noise = np.random.default_rng(1).standard_normal(len(samples)).astype(np.float32)
    wrong = {
        "empty": samples[:0],
        "silence": samples * np.float32(1e-4),
        "noise": noise * np.float32(0.1),
        "nan": samples * np.float32(np.nan),
        "square": samples[: len(samples) // 2 * 2].reshape(-1, 2),
        "too-short": samples[: len(samples) // 20],
        "too-long": np.tile(samples, 6),
    }
    return wrong.get(fault, samples), 0 if fault == "zero-rate" else rate


def _note(what: str) -> bool:
    """Keep a note; say whether it is the first of its kind."""
    folder = os.environ.get("FAULTS")
    if folder:
        with Path(folder, "asked").open("a+") as file:
            file.seek(0)
            before = file.read().splitlines()
            file.write(f"{what}\n")
            return what not in before
    return True
