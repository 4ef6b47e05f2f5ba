import re
import struct
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray
from strategies import CLIPS, HERE, SOUNDS, say, sessions, trying
from test_audio import pause
from test_audiofile import FFMPEG

from voiceguide.audiofile import cover
from voiceguide.cache import Cache
from voiceguide.cues import Chime, Cue
from voiceguide.durations import Ms
from voiceguide.timeline import Timeline, lay_out

BELL = Chime(sound="long", gain_db=0.0, times=1, every=Ms(0), wait=None, at=HERE)


def timeline(*cues: Cue) -> Timeline:
    return lay_out(cues, CLIPS, SOUNDS, None)


QUIET = timeline(say(0), pause(500_000), say(0))
TALKATIVE = timeline(*[cue for _ in range(80) for cue in (say(7), pause(500))])


def seen(png: bytes) -> NDArray[np.uint8]:
    """Decode as players do: rows, columns, colours."""
    command = [FFMPEG, "-v", "error", "-xerror", "-i", "-", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    run = subprocess.run(command, input=png, capture_output=True, check=True)
    assert run.stderr == b""
    return np.frombuffer(run.stdout, np.uint8).reshape(600, 600, 3)


def bright(png: bytes) -> float:
    """The part of the picture that stands out from the sky."""
    picture = seen(png).astype(int)
    return float((np.abs(picture - picture[:, :1]).max(axis=2) > 40).mean())


def test_a_cover_is_a_png_that_says_its_size_and_is_whole(tmp_path: Path) -> None:
    png = cover("A title", TALKATIVE, Cache(tmp_path))
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    position, names = 8, []
    while position < len(png):
        (length,) = struct.unpack_from(">I", png, position)
        body = png[position + 4 : position + 8 + length]
        assert struct.unpack_from(">I", png, position + 8 + length) == (zlib.crc32(body),)
        names.append(body[:4])
        position += 12 + length
    assert names == [b"IHDR", b"IDAT", b"IEND"]
    assert seen(png).shape == (600, 600, 3)


@trying(5)
@given(sessions)
def test_any_session_has_a_small_cover(tmp_path_factory: pytest.TempPathFactory, cues: list[Cue]) -> None:
    assert len(cover("Any", timeline(*cues), Cache(tmp_path_factory.mktemp("cache")))) <= 100_000


def test_the_same_session_has_the_same_cover_whether_it_was_kept_or_not(tmp_path: Path) -> None:
    first, second = (cover("A title", QUIET, Cache(tmp_path / name)) for name in ("one", "two"))
    assert first == second == cover("A title", QUIET, Cache(tmp_path / "one"))


def test_a_kept_cover_is_not_drawn_again(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cover("A title", QUIET, cache)
    assert [(shelf.kind, shelf.entries) for shelf in cache.shelves()] == [("covers", 1)]
    cover("A title", QUIET, cache)
    assert [(shelf.kind, shelf.entries) for shelf in cache.shelves()] == [("covers", 1)]


def test_titles_choose_colours_and_sessions_choose_dots(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    corners = {tuple(seen(cover(f"Title {number}", QUIET, cache))[0, 0]) for number in range(8)}
    assert len(corners) >= 3
    assert bright(cover("A title", TALKATIVE, cache)) > 1.5 * bright(cover("A title", QUIET, cache))


def test_a_chime_glows_where_it_rings(tmp_path: Path) -> None:
    rung, plain = timeline(BELL, pause(100_000), say(1)), timeline(pause(106_000), say(1))
    pictures = [seen(cover("A title", one, Cache(tmp_path))).astype(int) for one in (rung, plain)]
    middle = [picture[270:330, 270:330].mean() for picture in pictures]
    assert middle[0] > middle[1] + 10


def test_a_chime_may_ring_at_any_moment(tmp_path: Path) -> None:
    """At the rim its light falls out of the picture."""
    for before in range(950_000, 1_000_000, 4546):
        whole = timeline(pause(before), BELL, pause(1_000_000 - before))
        assert len(cover("A title", whole, Cache(tmp_path))) > 10_000


def test_an_empty_session_has_a_cover_too(tmp_path: Path) -> None:
    empty = replace(QUIET, events=(), chapters=(), length=Ms(0))
    assert re.match(rb"\x89PNG", cover("", empty, Cache(tmp_path)))
