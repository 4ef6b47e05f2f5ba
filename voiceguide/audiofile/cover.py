"""A title and a timeline -> the session's cover: a picture of its own, drawn from when something is heard.

Dots lie as the seeds of a sunflower do, and as the points of a mat: the session runs from the middle outwards, each
dot an equal stretch of time. Where words are spoken dots are large and bright, where a chime begins they glow, in
silence they are small and faint. The title chooses the colours.
"""

import math
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from voiceguide.cache import Cache, digest
from voiceguide.cues import Chime, Say
from voiceguide.timeline import Timeline

Picture = NDArray[np.float32]
"""Rows, columns, and red, green, blue from 0 to 1."""

_SIZE = 600
"""Pixels to each side: what players show is smaller, and tags stay small."""
_DOTS = 440
_GLOW = 50.0
"""Pixels around a chime; with more than two they share that light, which is what takes room in the file."""
_EDGE_STEPS = 4
"""Shades at a dot's edge: with eight the file is a seventh larger, and over 100 kB where all is words."""
_REACH = 0.43
"""How far from the middle the last dot lies, of the picture's side."""
_CALM = 21
"""How many dots share their words."""
_GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))
_VERSION = 4
"""To be raised with any change here of a cover's bytes: kept ones are drawn again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Palette:
    """Colours as they are written for the web."""

    sky: tuple[str, str, str]
    """From the top to the bottom."""
    first: str
    """The dots in the middle."""
    last: str
    """The dots at the rim."""
    glow: str
    """Around chimes."""


_PALETTES = (
    _Palette(sky=("#141b34", "#45406a", "#b8737a"), first="#ffe3c2", last="#ffc3ad", glow="#ffd27d"),
    _Palette(sky=("#0d2230", "#1f4f5c", "#5f9589"), first="#f3efd8", last="#bfe6d8", glow="#ffdf9e"),
    _Palette(sky=("#1c1830", "#4b3a68", "#8f6d9b"), first="#fbe6f0", last="#e3c6ee", glow="#ffd9a0"),
    _Palette(sky=("#13261f", "#35564a", "#82986c"), first="#f6f1cf", last="#d8e8b8", glow="#ffd98c"),
    _Palette(sky=("#2a1a1c", "#74443f", "#bd8160"), first="#fff0d6", last="#ffd2ae", glow="#ffcf70"),
    _Palette(sky=("#101a3a", "#2f4f86", "#7aa0c4"), first="#f4f6ea", last="#c8e2f6", glow="#ffe0a3"),
)


def cover(title: str, timeline: Timeline, cache: Cache) -> bytes:
    """Draw the cover as a PNG, or give the one drawn before: the same session has the same one."""
    spoken, rung = _moments(timeline)
    key = digest("cover", _VERSION, title, spoken, sorted(rung))
    kept = cache.get("covers", key)
    if kept is None:
        kept = _png(_drawn(_PALETTES[sha256(title.encode()).digest()[0] % len(_PALETTES)], spoken, rung))
        cache.put("covers", key, kept)
    return kept


def _moments(timeline: Timeline) -> tuple[list[float], set[int]]:
    """Give in how much of each dot's stretch of the session words are heard, 0 to 1, and in which a chime begins."""
    each = max(1.0, timeline.length / _DOTS)
    lines = [event for event in timeline.events if isinstance(event.cue, Say)]
    starts, lengths = (np.array(times, float) for times in ([e.start for e in lines], [e.length for e in lines]))
    borders = np.arange(_DOTS + 1)[:, None] * each
    spoken = np.diff(np.clip(borders - starts, 0, lengths).sum(axis=1)) / each
    rung = {min(_DOTS - 1, int(event.start / each)) for event in timeline.events if isinstance(event.cue, Chime)}
    return np.minimum(_calmed(spoken), 1).round(2).tolist(), rung


def _calmed(spoken: NDArray[np.float64]) -> NDArray[np.float64]:
    """Let neighbours share their words, so that a talkative passage and a quiet one are rings that melt together."""
    window = np.hanning(_CALM + 2)[1:-1]
    around = np.convolve(np.pad(spoken, _CALM // 2, mode="edge"), window / window.sum(), mode="valid")
    return 0.3 * spoken + 0.7 * around


def _drawn(palette: _Palette, spoken: list[float], rung: set[int]) -> Picture:
    picture = _sky(palette)
    glow, first, last = (_rgb(colour) for colour in (palette.glow, palette.first, palette.last))
    for number in sorted(rung):
        halo = _GLOW * math.sqrt(min(1.0, 2 / len(rung)))
        _paint(picture, _place(number), _halo, reach=halo, colour=glow, opacity=0.6)
    for number, part in enumerate(spoken):
        outwards = math.sqrt((number + 0.5) / len(spoken))
        if number in rung:
            _paint(picture, _place(number), _dot, reach=8.0, colour=glow, opacity=1.0)
        else:
            colour = first * (1 - outwards) + last * outwards
            reach = (1.2 + 5.6 * part) * (0.75 + 0.4 * outwards) + 1
            _paint(picture, _place(number), _dot, reach=reach, colour=colour, opacity=0.4 + 0.55 * part)
    return picture


def _place(number: int) -> tuple[float, float]:
    """The seed's place in a sunflower (H. Vogel, 1979): evenly dense, however many there are."""
    radius = _SIZE * _REACH * math.sqrt((number + 0.5) / _DOTS)
    angle = number * _GOLDEN_ANGLE
    return _SIZE / 2 + radius * math.sin(angle), _SIZE / 2 - radius * math.cos(angle)


def _sky(palette: _Palette) -> Picture:
    height = np.linspace(0, 1, _SIZE)
    stops = np.array([_rgb(colour) for colour in palette.sky])
    column = np.stack([np.interp(height, (0, 0.55, 1), stops[:, part]) for part in range(3)], axis=1)
    return np.repeat(column[:, None, :], _SIZE, axis=1).astype(np.float32)


def _paint(
    picture: Picture,
    place: tuple[float, float],
    shape: Callable[[Picture], Picture],
    *,
    reach: float,
    colour: Picture,
    opacity: float,
) -> None:
    """Lay a colour over the picture, as far as `reach` pixels from a place; `shape` says how much of it is where."""
    x, y = place
    left, top = max(0, int(x - reach)), max(0, int(y - reach))
    part = picture[top : int(y + reach) + 2, left : int(x + reach) + 2]
    rows, columns = np.ogrid[top : top + part.shape[0], left : left + part.shape[1]]
    within = (reach - np.hypot(columns + 0.5 - x, rows + 0.5 - y)).astype(np.float32)
    part += (colour - part) * (opacity * shape(np.maximum(within, 0)))[:, :, None]


def _dot(within: Picture) -> Picture:
    """Full but for the last pixel."""
    covered: Picture = np.rint(np.minimum(within, 1) * _EDGE_STEPS) / np.float32(_EDGE_STEPS)
    return covered


def _halo(within: Picture) -> Picture:
    """Brightest in the middle, and gone without an edge."""
    inwards = within / max(1.0, float(within.max()))
    lit: Picture = inwards * inwards * (3 - 2 * inwards)
    return lit


def _rgb(colour: str) -> Picture:
    return np.frombuffer(bytes.fromhex(colour[1:]), np.uint8).astype(np.float32) / np.float32(255)


_DIFFERENCES = 1
"""The filter that each row names first."""
_EFFORT = 6
"""Of zlib's 9: more takes three times as long, whenever a line changes, for a hundredth of the size."""


def _png(picture: Picture) -> bytes:
    """Write a PNG (ISO/IEC 15948) of 8 bits a colour; each pixel is stored as its difference to the one before."""
    pixels = np.rint(picture * 255).astype(np.uint8)
    rows = np.diff(pixels, axis=1, prepend=np.zeros_like(pixels[:, :1])).reshape(len(pixels), -1)
    data = np.hstack([np.full((len(rows), 1), _DIFFERENCES, np.uint8), rows]).tobytes()
    head = struct.pack(">IIBBBBB", picture.shape[1], picture.shape[0], 8, 2, 0, 0, 0)
    body = zlib.compress(data, _EFFORT)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
