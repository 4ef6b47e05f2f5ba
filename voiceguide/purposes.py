"""Where a recording goes -> how it is made for there: loudness, peaks, bit rate, and the silence around it."""

from collections.abc import Mapping
from dataclasses import dataclass

from voiceguide.durations import Ms
from voiceguide.levels import VOICE_LUFS


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What a place asks of recordings. Whatever is None is as it would be anyway."""

    voice_lufs: float = VOICE_LUFS
    """Integrated, of the words alone."""
    ceiling_dbtp: float = -2.0
    """Before encoding, which adds up to half a decibel."""
    kbit: int | None = None
    """1000 bits a second of an MP3, constant."""
    head: Ms | None = None
    """Of air before the first sound."""
    tail: Ms | None = None
    """Of air after the last one."""


PURPOSES: Mapping[str, Purpose] = {
    # Apple Podcasts for Creators, "Audio requirements": -16 LKFS, 1 dB more or less, true peaks at most at -1 dBFS,
    # 96 to 128 kbit/s in mono and 128 to 256 in stereo. https://podcasters.apple.com/support/893-audio-requirements
    "podcast": Purpose(voice_lufs=-16.0, kbit=128),
    # ACX, "Audio Submission Requirements": -23 to -18 dB RMS, peaks at most at -3 dB, noise at most at -60 dB RMS, an
    # MP3 of 192 kbit/s or more, constant, 0.5 to 1 s of room tone before and 1 to 5 s after.
    # https://www.acx.com/help/acx-audio-submission-requirements/201456300
    "audiobook": Purpose(ceiling_dbtp=-4.0, kbit=192, head=Ms(1000), tail=Ms(3000)),
    # Insight Timer, "Best practices for content": MP3 of 128 kbit/s; nothing is said of loudness.
    # https://help.insighttimer.com/en/support/solutions/articles/67000664986
    "insight-timer": Purpose(kbit=128),
}
