"""Bytes from anyone -> what reads them: each either makes sense of them, or refuses them in its own words."""

import io
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from hypothesis import strategies as st

from voiceguide.audiofile.layer3 import frame_starts
from voiceguide.audiofile.promise import promise_from_json, promise_to_json
from voiceguide.audiofile.tags import read_tag
from voiceguide.cache import Cache, digest
from voiceguide.cues import read_cues
from voiceguide.durations import parse_clock, parse_duration, written
from voiceguide.errors import VoiceguideError
from voiceguide.script import Known, expand, read_script
from voiceguide.verify.frames import walk

CORPUS = Path(__file__).parent / "corpus"
LONGEST_S = 10.0
"""Of an input of 4 kB, on a busy machine."""

_HEAD = '---\ntitle: T\nminutes: 10 (8 to 20)\nparams: {name: "Ana", each: 30s, bell: bowl, points: [BL23, GV4]}\n---\n'
_KNOWN = Known(chimes=("bowl", "bell"), voices=("anna",), beds=("ocean",), recordings=("mine",))
_FOLDER = Path(tempfile.gettempdir()) / f"voiceguide-fuzz-{os.getpid()}"


def script(data: bytes) -> None:
    """A template and the cues in it, behind a front matter that is in order."""
    _read_script(_HEAD + data.decode("utf-8", "ignore"))


def front_matter(data: bytes) -> None:
    text = data.decode("utf-8", "ignore")
    _read_script(f"---\n{text}\n---\nRest.\n")


def _read_script(text: str) -> None:
    try:
        source = read_script(_FOLDER / "fuzzed.md", _KNOWN, text=text)
        read_cues(expand(source, {}, None, _KNOWN), _KNOWN)
    except VoiceguideError as error:
        error.explain()


def durations(data: bytes) -> None:
    text = data.decode("utf-8", "ignore")
    for parse in (parse_duration, parse_clock):
        try:
            read = parse(text)
        except ValueError:
            continue
        assert parse_duration(written(read)) == read


def frames(data: bytes) -> None:
    """Frames of layer III, and what other programs make of them."""
    met = walk(io.BytesIO(data), 0, (1, 2))
    assert met.frames >= 0
    assert met.size <= len(data)
    try:
        starts = frame_starts(data)
    except ValueError:
        return
    assert starts == sorted(set(starts))


def cache(data: bytes) -> None:
    """An entry of the cache: what was not put there whole is a miss."""
    kept, key = Cache(_FOLDER), digest("fuzzed")
    path = _FOLDER / "clips" / key[:2] / key[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    body = kept.get("clips", key)
    assert path.exists() == (body is not None)
    assert body is None or data.endswith(body)


def tags(data: bytes) -> None:
    try:
        tag = read_tag(io.BytesIO(data))
    except ValueError:
        return
    assert all(isinstance(mark.name, str) for mark in tag.marks)


def promise(data: bytes) -> None:
    """The plan inside a recording: what can be read is written again as the same."""
    try:
        read = promise_from_json(data)
        again = promise_to_json(read)
    except ValueError:
        return
    assert promise_to_json(promise_from_json(again)) == again


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (script, front_matter, durations, frames, cache, tags, promise)
}


def tried(name: str) -> Callable[[bytes], None]:
    """Give a target that also takes no longer than it may."""

    def timed(data: bytes) -> None:
        started = time.monotonic()
        TARGETS[name](data)
        assert time.monotonic() - started < LONGEST_S

    return timed


def corpus(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


@st.composite
def mutated(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """Take one of the seeds, and replace, repeat or take out stretches of it."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 40)))
        between = draw(st.one_of(st.binary(max_size=8), st.just(data[start:end] * 3), _piece(seeds)))
        data = data[:start] + between + data[end:]
    return data


def _piece(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    places = st.tuples(st.sampled_from(seeds), st.integers(0, 4000), st.integers(0, 60))
    return places.map(lambda place: place[0][place[1] : place[1] + place[2]])
