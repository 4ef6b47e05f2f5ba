"""How long a session takes and how much memory, beside the engine alone and the usual way: all in one run.

    python tests/benchmarks/render.py                  20 minutes of back-on-mat, three rounds
    python tests/benchmarks/render.py --minutes 30 --rounds 5 --keep FOLDER

Figures are wall seconds and peak megabytes of whole processes, Python's start included; the median of the rounds. With
`--keep`, the clips and their order stay in FOLDER as WAVs and plan.json: `{"events": [["clip", path], ["silence",
milliseconds], …], "bed": null}`, for timing any other way on the same clips.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_BARE_LOOP = """
import json, sys
from hibari import Hibari
speak = Hibari(threads=1)
for text in json.load(sys.stdin):
    speak(text, speed=0.66, seed=0)
"""
_USUAL_WAY = """
import json, sys
import imageio_ffmpeg
from pydub import AudioSegment
AudioSegment.converter = imageio_ffmpeg.get_ffmpeg_exe()
session = AudioSegment.empty()
for kind, value in json.load(open(sys.argv[1]))["events"]:
    session += AudioSegment.from_wav(value) if kind == "clip" else AudioSegment.silent(value, frame_rate=44100)
session.export(sys.argv[2], format="mp3", bitrate="96k", parameters=["-compression_level", "3"])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    seconds: float
    peak_mb: float
    """Of the largest process."""


def main() -> None:
    options = _options()
    if options.export:
        _export(Path(options.export), options.minutes)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(options.keep or scratch)
        folder.mkdir(parents=True, exist_ok=True)
        # In a process of its own: a child's peak counts from what its parent holds when it starts it.
        export = [sys.executable, __file__, "--export", str(folder), "--minutes", str(options.minutes)]
        subprocess.run(export, check=True)
        session = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
        rounds = [_round(options.minutes, session["lines"], folder) for _ in range(options.rounds)]
    _print(rounds, options.minutes, session["speech"])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time a session beside the engine alone and the usual way.")
    parser.add_argument("--minutes", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", metavar="FOLDER")
    parser.add_argument("--export", metavar="FOLDER", help=argparse.SUPPRESS)
    return parser.parse_args()


def _export(folder: Path, minutes: int) -> None:
    """Write clips and chimes as WAVs, and the order in which the usual way would join them."""
    from voiceguide import Cache, Job, Ms, find_script, plan
    from voiceguide.audiofile import write_line
    from voiceguide.cues import Chime, Say, Silence

    script = folder / "session.md"
    script.write_text(find_script("back-on-mat").read_text(encoding="utf-8"), encoding="utf-8")
    session = plan(Job(script=script, target=Ms(minutes * 60_000)), cache=Cache(folder / "planned"))
    says = [(event, event.cue) for event in session.timeline.events if isinstance(event.cue, Say)]
    lines = list(dict.fromkeys(cue.utterance.text for _, cue in says))
    events: list[tuple[str, str | int]] = []
    for number, event in enumerate(session.timeline.events):
        path = folder / f"{number:04}.wav"
        match event.cue:
            case Say():
                write_line(path, session.spoken.clips[event.cue.utterance].samples())
                events.append(("clip", str(path)))
            case Chime():
                write_line(path, session.sounds[event.cue.sound].samples()[:, 0])
                events.append(("clip", str(path)))
            case Silence():
                events.append(("silence", event.length))
    speech = sum(event.length for event, _ in says)
    described = {"events": events, "bed": None, "lines": lines, "speech": speech}
    (folder / "plan.json").write_text(json.dumps(described), encoding="utf-8")


def _round(minutes: int, lines: Sequence[str], folder: Path) -> dict[str, Run]:
    script = folder / "session.md"
    with tempfile.TemporaryDirectory() as cache:
        render = [
            sys.executable, "-m", "voiceguide", "render", str(script), "-q",
            "--minutes", str(minutes), "-o", str(folder / "session.mp3"),
        ]  # fmt: skip
        environment = os.environ | {"VOICEGUIDE_CACHE": cache}
        _timed([[sys.executable, "-m", "voiceguide", "say", "Hello.", "-o", str(folder / "say.wav")]], environment)
        result = {"bare loop, as many processes": _bare_loop(lines)}
        result["cold"] = _timed([render], environment)
        result["the same again"] = _timed([render], environment)
        original = script.read_text(encoding="utf-8")
        changed = original.replace("Come to your waist.", f"Come to your waist, number {time.time_ns() % 1000}.")
        assert changed != original
        script.write_text(changed, encoding="utf-8")
        result["bare loop, one line"] = _bare_loop(lines[:1], processes=1)
        result["one line changed"] = _timed([render], environment)
        script.write_text(original, encoding="utf-8")
    usual = [sys.executable, "-W", "ignore", "-c", _USUAL_WAY, str(folder / "plan.json"), str(folder / "usual.mp3")]
    return result | {"the usual way, clips ready": _timed([usual], dict(os.environ))}


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


def _print(rounds: Sequence[dict[str, Run]], minutes: int, speech_ms: int) -> None:
    print(f"{minutes} minutes, {speech_ms / 60_000:.1f} of them speech; median of {len(rounds)}\n")
    middle: Callable[[list[float]], float] = statistics.median
    print(f"| {'what':29} | seconds | peak MB |\n|{'-' * 31}|---------|---------|")
    for name in rounds[0]:
        seconds, peak = (middle([getattr(one[name], field) for one in rounds]) for field in ("seconds", "peak_mb"))
        print(f"| {name:29} | {seconds:7.2f} | {peak:7.0f} |")
    print()
    for above, below in (
        ("cold", "bare loop, as many processes"),
        ("one line changed", "bare loop, one line"),
        ("the usual way, clips ready", "the same again"),
    ):
        ratio = middle([one[above].seconds / one[below].seconds for one in rounds])
        print(f"{above} / {below}: {ratio:.2f}")


if __name__ == "__main__":
    main()
