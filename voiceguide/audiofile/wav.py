"""Samples -> a WAV file's bytes, for a single line."""

import io
import wave

import numpy as np

from voiceguide.levels import RATE, Samples


def wav_bytes(samples: Samples) -> bytes:
    """Make a mono 16-bit WAV at 44.1 kHz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes(np.clip(np.rint(samples * 32768), -32768, 32767).astype("<i2").tobytes())
    return file.getvalue()
