"""Where someone stopped a recording -> where it goes on the next time: kept in the cache, under what the file holds."""

from voiceguide.cache import Cache
from voiceguide.durations import Ms
from voiceguide.player.recording import Recording

_SHELF = "places"
_OVER = Ms(10_000)
"""Whoever stops so near the end has heard it."""


def kept_place(recording: Recording, cache: Cache) -> Ms:
    """Give the moment it was stopped at; 0 where it never was, or where it was heard to its end."""
    kept = cache.get(_SHELF, recording.key)
    return Ms(int(kept)) if kept else Ms(0)


def keep_place(recording: Recording, moment: Ms, cache: Cache) -> Ms:
    """Keep the moment it is stopped at, or the beginning if that is as good as its end; give what was kept."""
    near_end = recording.length is not None and moment >= recording.length - _OVER
    kept = Ms(0) if near_end else moment
    cache.put(_SHELF, recording.key, str(kept).encode())
    return kept
