"""How long a session takes, and how much memory, beside the engine, a straight encode and the usual way, in one run.

    python tests/benchmarks/render.py                                   20 minutes, without a bed and with rain
    python tests/benchmarks/render.py --minutes 10 20 60 480 --rounds 3 --keep FOLDER

The words are those of back-on-mat; its long silences stretch as far as they must. Figures are the medians of the
rounds: wall seconds, and the peak megabytes of the largest process. With `--keep`, clips and their order stay in FOLDER
as WAVs and plan.json: `{"events": [["clip", path], ["silence", milliseconds], …], "bed": path or null}`, for timing any
other way on the same clips.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voiceguide.timeline import Timeline

_BARE_LOOP = """
import json, sys
from hibari import Hibari
speak = Hibari(threads=1)
for text in json.load(sys.stdin):
    speak(text, speed=0.555, seed=0)  # what calibration finds for 115 words a minute
"""
_USUAL_WAY = """
import json, sys
import imageio_ffmpeg
from pydub import AudioSegment
AudioSegment.converter = imageio_ffmpeg.get_ffmpeg_exe()
plan = json.load(open(sys.argv[1]))
session = AudioSegment.empty()
for kind, value in plan["events"]:
    session += AudioSegment.from_wav(value) if kind == "clip" else AudioSegment.silent(value, frame_rate=44100)
if plan["bed"]:
    session = session.overlay(AudioSegment.from_wav(plan["bed"]) - 22, loop=True)
rate = "160k" if plan["bed"] else "96k"
session.export(sys.argv[2], format="mp3", bitrate=rate, parameters=["-compression_level", "3"])
"""
_NAMES = {"none": None}
_NEW_SPEECH_MS = 240_000
"""Of what is spoken anew where some of it is kept."""
_LONGEST_USUAL_WAY = 60
"""Minutes. Beyond, pydub takes hours: each `+=` copies all there is so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    seconds: float
    peak_mb: float
    """Of the largest process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What is timed: a script of one length, with a bed or without."""

    folder: Path
    minutes: int
    bed: str | None

    @property
    def script(self) -> Path:
        return self.folder / "session.md"

    @property
    def recording(self) -> Path:
        return self.folder / "session.mp3"

    @property
    def options(self) -> list[str]:
        return ["--minutes", str(self.minutes), *(["--bed", self.bed] if self.bed else [])]


def main() -> None:
    options = _options()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # with it each start compiles all there is, which nobody's does
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(options.keep or scratch).absolute()
        for bed in options.beds:
            for minutes in options.minutes:
                session = Session(
                    folder=folder / f"{minutes}-{bed}", minutes=minutes, bed=None if bed == "none" else bed
                )
                session.folder.mkdir(parents=True, exist_ok=True)
                session.script.write_text(_text(), encoding="utf-8")
                # In a process of its own: a child's peak counts from what its parent holds when it starts it.
                _run(_this("export", session), dict(os.environ))
                rounds = [dict(_round(session)) for _ in range(options.rounds)]
                _print(rounds, session)
                if not options.keep:
                    shutil.rmtree(session.folder)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time sessions beside the engine alone, a straight encode and pydub.")
    parser.add_argument("--minutes", type=int, nargs="+", default=[20])
    parser.add_argument("--beds", nargs="+", default=["none", "rain"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", metavar="FOLDER")
    return parser.parse_args()


def _text() -> str:
    """Take back-on-mat, and let it last as long as anyone likes."""
    from voiceguide import find_script

    text = find_script("back-on-mat").read_text(encoding="utf-8")
    text = re.sub(r"^minutes: .*$", "minutes: 20 (8 to 600)", text, flags=re.MULTILINE)
    return re.sub(r"\[quiet (\S+) from (\S+) to \S+\]", r"[quiet \1 from \2 to 5h]", text)


def _round(session: Session) -> Iterator[tuple[str, Run]]:
    plan = json.loads((session.folder / "plan.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as cache:
        render = [
            sys.executable, "-m", "voiceguide", "render", str(session.script), "-q", *session.options,
            "-o", str(session.recording),
        ]  # fmt: skip
        environment = os.environ | {"VOICEGUIDE_CACHE": cache}
        say = [sys.executable, "-m", "voiceguide", "say", "Hello.", "-o", str(session.folder / "say.wav")]
        _run(say, environment)
        yield "bare loop over hibari", _bare_loop(plan["lines"])
        yield "cold", _timed([render], environment)
        yield "the same again", _timed([render], environment)
        yield "bare loop, one line", _bare_loop(plan["lines"][:1], processes=1)
        with _changed(session, "Come to your waist.", f"Come to your waist, number {time.time_ns() % 1000}."):
            yield "one line changed", _timed([render], environment)
        yield "bare loop, 4 minutes", _bare_loop(plan["late"])
        yield "the same, one process", _bare_loop(plan["late"], processes=1)  # a render starts one, of two threads
        with _changed(session, plan["heading"], f"{plan['heading']}\n[rate 114]"):
            yield "4 minutes of new speech", _timed([render], environment)
        yield "in process, frames kept", _told(_run(_this("assemble", session), environment))
        shutil.rmtree(Path(cache) / "frames")
        yield "in process, clips ready", _told(_run(_this("encode", session), environment))
        yield "straight encode, clips ready", _told(_run(_this("straight", session), environment))
    if session.minutes <= _LONGEST_USUAL_WAY:
        usual = [sys.executable, "-W", "ignore", "-c", _USUAL_WAY, str(session.folder / "plan.json")]
        yield "pydub, clips ready", _timed([[*usual, str(session.folder / "usual.mp3")]], dict(os.environ))


@contextlib.contextmanager
def _changed(session: Session, old: str, new: str) -> Iterator[None]:
    """Let the script say something else for a while."""
    original = session.script.read_text(encoding="utf-8")
    assert original.count(old) == 1
    session.script.write_text(original.replace(old, new), encoding="utf-8")
    yield
    session.script.write_text(original, encoding="utf-8")


def _bare_loop(lines: Sequence[str], processes: int | None = None) -> Run:
    count = processes or os.cpu_count() or 1
    shares = [json.dumps(lines[number::count]).encode() for number in range(count)]
    return _timed([[sys.executable, "-c", _BARE_LOOP]] * count, dict(os.environ), shares)


def _timed(commands: Sequence[Sequence[str]], environment: dict[str, str], inputs: Sequence[bytes] = ()) -> Run:
    began = time.perf_counter()
    running = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        for command in commands
    ]
    for process, text in zip(running, [*inputs, *[b""] * len(running)], strict=False):
        assert process.stdin
        process.stdin.write(text)
        process.stdin.close()
    peaks = []
    for process in running:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, process.args
        peaks.append(usage.ru_maxrss / 1024)
    return Run(seconds=time.perf_counter() - began, peak_mb=max(peaks))


def _this(task: str, session: Session) -> list[str]:
    """Run a function of this file in a process of its own."""
    return [sys.executable, __file__, f"_{task}", str(session.folder), str(session.minutes), session.bed or ""]


def _run(command: Sequence[str], environment: dict[str, str]) -> str:
    return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def _told(output: str) -> Run:
    return Run(**json.loads(output.splitlines()[-1]))


def _planned(session: Session):  # type: ignore[no-untyped-def]  # noqa: ANN202  -- nothing is imported before it is timed
    from voiceguide import Cache, Job, Ms, plan

    job = Job(script=session.script, target=Ms(session.minutes * 60_000), bed=session.bed)
    return plan(job, cache=Cache())


def _export(session: Session) -> None:
    """Write clips and chimes as WAVs, and the order in which the usual way would join them."""
    os.environ["VOICEGUIDE_CACHE"] = str(session.folder / "planned")
    import numpy as np

    from voiceguide.audiofile import write_line
    from voiceguide.audiofile.wav import wav_bytes
    from voiceguide.cues import Bed, Chime, Say, Silence

    planned = _planned(session)
    events: list[tuple[str, str | int]] = []
    lines: list[str] = []
    bed: Path | None = None
    for number, event in enumerate(planned.timeline.events):
        path = session.folder / f"{number:04}.wav"
        match event.cue:
            case Say():
                write_line(path, planned.spoken.clips[event.cue.utterance].samples())
                events.append(("clip", str(path)))
                lines.append(event.cue.utterance.text)
            case Chime():
                write_line(path, planned.sounds[event.cue.sound].samples()[:, 0])
                events.append(("clip", str(path)))
            case Silence():
                events.append(("silence", event.length))
            case Bed():
                bed = session.folder / "bed.wav"
                bed.write_bytes(wav_bytes(np.clip(planned.sounds.beds[event.cue.sound].samples(), -1, 1)))
    heading, late = _late(planned.timeline)
    described = {
        "events": events, "bed": str(bed) if bed else None,
        "lines": list(dict.fromkeys(lines)), "heading": f"# {heading}", "late": late,
    }  # fmt: skip
    (session.folder / "plan.json").write_text(json.dumps(described), encoding="utf-8")
    shutil.rmtree(session.folder / "planned")


def _late(timeline: "Timeline") -> tuple[str, list[str]]:
    """Give the chapter from which on about four minutes are spoken, and what is said there."""
    from voiceguide.cues import Say

    says = [(event, event.cue.utterance.text) for event in timeline.events if isinstance(event.cue, Say)]

    def spoken(start: int) -> int:
        return sum(event.length for event, _ in says if event.start >= start)

    chapter = min(timeline.chapters, key=lambda chapter: abs(spoken(chapter.start) - _NEW_SPEECH_MS))
    return chapter.title, list(dict.fromkeys(text for event, text in says if event.start >= chapter.start))


def _assemble(session: Session, rounds: int = 5) -> None:
    """Time everything behind the plan, to the recording's name on the disk."""
    from voiceguide.cache import Cache
    from voiceguide.render import assemble

    planned = _planned(session)
    best = []
    for _ in range(rounds):
        began = time.perf_counter()
        assemble(planned, session.recording, cache=Cache())
        best.append(time.perf_counter() - began)
    _tell(statistics.median(best))


def _encode(session: Session) -> None:
    _assemble(session, rounds=1)


def _straight(session: Session) -> None:
    """Mix and encode from the first sample to the last, by one encoder."""
    from voiceguide import audio, levels
    from voiceguide.audiofile.lame import Coding, encoder_for

    planned = _planned(session)
    began = time.perf_counter()
    spans = audio.spans(planned.timeline, planned.spoken.clips, planned.sounds, planned.sounds.beds, planned.mix)
    encoder = encoder_for(spans[0].channels, Coding())
    with session.recording.open("wb") as file:
        for span in spans:
            for block in span.blocks():
                file.write(encoder.encode(levels.pcm16(block)))
        file.write(encoder.flush())
    _tell(time.perf_counter() - began)


def _tell(seconds: float) -> None:
    import resource

    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb}))


def _print(rounds: Sequence[dict[str, Run]], session: Session) -> None:
    print(f"\n{session.minutes} minutes, {session.bed or 'no bed'}; median of {len(rounds)}\n", flush=True)
    print(f"| {'what':29} | seconds | peak MB |\n|{'-' * 31}|---------|---------|")
    found = {
        name: Run(
            seconds=statistics.median(one[name].seconds for one in rounds),
            peak_mb=statistics.median(one[name].peak_mb for one in rounds),
        )
        for name in rounds[0]
    }
    for name, run in found.items():
        print(f"| {name:29} | {run.seconds:7.2f} | {run.peak_mb:7.0f} |")
    print()
    for above, below in (
        ("cold", "bare loop over hibari"),
        ("4 minutes of new speech", "bare loop, 4 minutes"),
        ("4 minutes of new speech", "the same, one process"),
        ("one line changed", "bare loop, one line"),
        ("straight encode, clips ready", "in process, frames kept"),
        ("pydub, clips ready", "in process, clips ready"),
        ("pydub, clips ready", "in process, frames kept"),
        ("pydub, clips ready", "the same again"),
    ):
        if above in found:
            print(f"{above} / {below}: {found[above].seconds / found[below].seconds:.2f}", flush=True)


_TASKS = {"_export": _export, "_assemble": _assemble, "_encode": _encode, "_straight": _straight}

if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in _TASKS:
        _TASKS[sys.argv[1]](Session(folder=Path(sys.argv[2]), minutes=int(sys.argv[3]), bed=sys.argv[4] or None))
    else:
        main()
