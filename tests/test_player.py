"""What plays recordings, driven as a person does: keys typed into a terminal, the screen read."""

import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from as_typed import AS_TYPED
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from voiceguide import Cache, Chapter, Job, Ms, VoiceguideError, render
from voiceguide.audiofile.promise import Event
from voiceguide.cli import main
from voiceguide.cli.options import PLAYERS as CLI_PLAYERS
from voiceguide.player import PLAYERS, Recording, kept_place, read_recording
from voiceguide.player.kinds import Now
from voiceguide.player.places import keep_place
from voiceguide.player.sound import Sound
from voiceguide.player.system import System
from voiceguide.player.terminal import _block

SCRIPT = """\
---
title: A short one
---
# Arriving
[pause 2s]
Lie down.
[pause 14s]
# The waist
Breathe out.
[pause 8s]
Goodbye, and thank you.
[pause 6s]
That was all.
"""

A_PROGRAM = """\
#!{python}
import sys, time, wave
with wave.open(sys.argv[-1]) as sound:
    time.sleep(sound.getnframes() / sound.getframerate())
"""
"""Stands in for what a system plays with: takes the time, and makes no sound."""
ANOTHER = "#!/bin/sh\necho 'connection refused' >&2\nexit 1\n"
"""One that is there, without the server it plays through."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a recording of half a minute, in two chapters."""
    folder = tmp_path_factory.mktemp("made")
    script = folder / "short.md"
    script.write_text(SCRIPT, encoding="utf-8")
    return render(
        Job(script=script, voice="tone", out=folder / "short.mp3"),
        cache=Cache(folder / "cache"),
        progress=lambda *_: None,
    ).path


@pytest.fixture
def recording(made: Path) -> Recording:
    return read_recording(made)


@pytest.fixture
def to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICEGUIDE_AUDIO", "null")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Leave nothing on the PATH but such programs as a system plays with: name=text."""
    if sys.platform in {"win32", "darwin"}:
        pytest.skip("these have programs of other names")
    folder = tmp_path / "bin"
    folder.mkdir()

    def put(**texts: str) -> None:
        for name, text in texts.items():
            path = folder / name.replace("_", "-")
            path.write_text(text.format(python=sys.executable), encoding="utf-8")
            path.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))

    return put


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["play", *arguments], catch_exceptions=False)


def needs(player: str) -> None:
    """Skip where a player is not there."""
    if sys.platform == "win32":
        pytest.skip("Windows has no pseudo-terminals")
    if player == "mpv" and not shutil.which("mpv"):
        pytest.skip("mpv is not installed")
    if player == "system" and not shutil.which("ffplay"):
        pytest.skip("FFmpeg's ffplay is not installed: of the system's programs it alone can play to nobody")
    if player == "miniaudio":
        pytest.importorskip("miniaudio")


class Terminal:
    """A program on a terminal of its own, 80 columns wide: its screen is read, and keys are typed."""

    def __init__(self, *arguments: str) -> None:
        import fcntl
        import pty
        import struct
        import termios

        self._ours, self.its = pty.openpty()
        fcntl.ioctl(self.its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self.its)
        self._read = ""
        self.process = subprocess.Popen(
            [*AS_TYPED, "play", *arguments],
            stdin=self.its, stdout=self.its, stderr=self.its,
            env=os.environ | {"TERM": "xterm", "VOICEGUIDE_AUDIO": "null"},
            start_new_session=True,
        )  # fmt: skip

    def type(self, keys: str) -> None:
        self._read = ""
        os.write(self._ours, keys.encode())

    def until(self, pattern: str, seconds: float = 20) -> re.Match[str]:
        """Read on until the screen shows something since the last key. Fails with what it shows."""
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self._read)):
            assert self.take(end - time.monotonic()), f"no {pattern!r} in {self._read[-1500:]!r}"
        return found

    def take(self, seconds: float) -> bool:
        import select

        ready, _, _ = select.select([self._ours], [], [], max(0, seconds))
        if ready:
            text = os.read(self._ours, 65_536).decode(errors="replace")
            self._read += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
        return bool(ready)

    def ended(self) -> int:
        """Wait for the end, and see that the terminal is as it was: its modes, and its cursor shown."""
        import termios

        while self.process.poll() is None:
            self.take(0.05)
        assert termios.tcgetattr(self.its) == self.before
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)
        os.close(self.its)


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    with contextlib.ExitStack() as opened:

        def start(*arguments: object) -> Terminal:
            one = Terminal(*map(str, arguments))
            opened.callback(one.close)
            return one

        yield start


@pytest.mark.parametrize(
    "player", [pytest.param(player, marks=() if player == "miniaudio" else pytest.mark.long) for player in PLAYERS]
)
def test_keys_pause_seek_and_go_to_chapters_and_what_is_heard_is_shown(
    player: str, terminal: Callable[..., Terminal], made: Path
) -> None:
    needs(player)
    screen = terminal(made, "--with", player, "--from", "the waist")
    screen.until(r"A short one\s+The waist, chapter 2 of 2\s+Breathe out\.[^/]*0:1[89] / 0:42\s+space pause")
    screen.until("silence until 0:28")
    screen.type("\x1b[D")
    screen.until(r"Arriving, chapter 1 of 2\s+Lie down\.\s+silence until 0:18\s+0:(09|1[0-3]) / ")
    screen.type("\x1b[A")
    screen.until(r"Arriving, chapter 1 of 2\s+0:0[0-2] / ")  # nothing was said yet
    screen.type(" ")
    at = int(screen.until(r"0:0(\d) / 0:42  paused")[1])
    screen.type("\x1b[C")
    assert at + 9 <= int(screen.until(r"0:(\d\d) / 0:42  paused")[1]) <= at + 11
    screen.type("\x1b[B")
    screen.until(r"The waist, chapter 2 of 2\s+Breathe out\.\s+0:18 / 0:42  paused")
    screen.type(" ")
    screen.until(r"0:20 / 0:42\s+space")
    screen.type("q")
    assert screen.ended() == 0
    screen.until(r"stopped at 0:\d\d; it goes on there the next time")


@pytest.mark.parametrize("player", PLAYERS)
def test_it_goes_on_where_it_was_stopped_and_begins_anew_once_it_was_heard(
    player: str, to_nobody: None, made: Path, recording: Recording
) -> None:
    needs(player)
    assert recording.length is not None
    keep_place(recording, Ms(19_000), Cache())
    began = time.monotonic()
    child = subprocess.Popen(
        [*AS_TYPED, "play", str(made), "--with", player],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "0:18  The waist"
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=10)
    assert child.returncode == 0
    assert said.startswith("it goes on where it was stopped, at 0:19; --from start begins anew\nstopped at 0:")
    assert 19_000 <= kept_place(recording, Cache()) <= 19_000 + (time.monotonic() - began) * 1000
    heard = run(str(made), "--with", player, "--from", f"{(recording.length - 500) / 1000}s", "--json")
    assert heard.exit_code == 0
    told = json.loads(heard.stdout)
    assert (told["milliseconds"], told["stopped"], told["goes_on"]) == (recording.length, recording.length, 0)
    assert kept_place(recording, Cache()) == 0


@pytest.mark.parametrize(
    ("signalled", "status"), [(signal.SIGINT, 0), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.long)]
)
def test_signals_leave_the_terminal_as_it_was_and_keep_the_place(
    signalled: signal.Signals, status: int, terminal: Callable[..., Terminal], made: Path, recording: Recording
) -> None:
    needs("miniaudio")
    screen = terminal(made, "--with", "miniaudio", "--from", "13s")
    screen.until("0:14 / ")
    screen.process.send_signal(signalled)
    assert screen.ended() == status
    assert 14_000 <= kept_place(recording, Cache()) <= 18_000


def test_mpv_that_dies_is_an_error_and_the_place_is_kept(
    terminal: Callable[..., Terminal], made: Path, recording: Recording
) -> None:
    needs("mpv")
    if sys.platform != "linux":
        pytest.skip("the number of mpv's process is read from /proc")
    screen = terminal(made, "--with", "mpv", "--from", "13s")
    screen.until("0:13 / ")
    number = screen.process.pid
    mpv = int(Path(f"/proc/{number}/task/{number}/children").read_text(encoding="ascii").split()[0])
    screen.type("")
    os.kill(mpv, signal.SIGKILL)
    assert screen.ended() == 1
    screen.until("error: mpv stopped by itself")
    assert 13_000 <= kept_place(recording, Cache()) <= 18_000


def test_mpv_does_not_outlive_us(terminal: Callable[..., Terminal], made: Path) -> None:
    needs("mpv")
    if sys.platform != "linux":
        pytest.skip("the number of mpv's process is read from /proc")
    screen = terminal(made, "--with", "mpv")
    screen.until("0:00 / ")
    number = screen.process.pid
    mpv = Path(f"/proc/{number}/task/{number}/children").read_text(encoding="ascii").split()[0]
    screen.process.kill()
    end = time.monotonic() + 5
    while (Path("/proc") / mpv).exists() and "Z" not in (Path("/proc") / mpv / "stat").read_text(encoding="ascii"):
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("player", ["mpv", "miniaudio"])
def test_a_machine_without_sound_is_told_of_in_a_sentence(player: str, made: Path) -> None:
    needs(player)
    if sys.platform != "linux" or Path("/dev/snd").exists() or "PULSE_SERVER" in os.environ:
        pytest.skip("this machine may have sound, which no test should make")
    result = run(str(made), "--with", player)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: there is no sound device here that works ({player} says: ")
    assert len(result.stderr.splitlines()) == 2


def test_a_program_that_does_not_work_gives_way_to_the_next_and_the_last_is_told_of(
    programs: Callable[..., None], made: Path
) -> None:
    programs(paplay=ANOTHER, aplay=A_PROGRAM)
    result = run(str(made), "--with", "system", "--from", "41s")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "That was all." not in result.stdout  # which was said before
    programs(aplay=ANOTHER)
    result = run(str(made), "--with", "system")
    assert result.exit_code == 1
    assert result.stderr.startswith(
        "error: there is no sound device here that works (aplay says: connection refused)\n"
    )


def test_the_system_s_program_gets_stretches_that_end_where_chapters_do(
    programs: Callable[..., None], recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import soundfile

    programs(paplay=A_PROGRAM)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    waist = recording.chapters[1].start
    player = System(recording, Ms(waist - 1000), unheard=False)
    with contextlib.closing(player):
        player.play()
        assert soundfile.info(next(tmp_path.glob("temporary/*/*.wav"))).frames == 44_100
        assert waist - 1000 <= player.position() <= waist
        end = time.monotonic() + 10
        while player.position() <= waist:
            assert time.monotonic() < end
            time.sleep(0.05)
        assert not player.done()
        player.pause()
        assert waist < player.position() == player.position() < waist + 9000
        player.seek(Ms(3000))
        assert player.position() == 3000
    assert list(tmp_path.glob("temporary/*")) == []


def test_without_any_player_it_says_what_adds_one(
    programs: Callable[..., None], made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs()
    monkeypatch.setitem(sys.modules, "miniaudio", None)  # as where it is not installed
    result = run(str(made))
    assert result.exit_code == 1
    assert result.stderr.startswith(
        f"error: there is nothing here that can play {made}\n  {sys.executable} -m pip install"
    )
    for player in PLAYERS:
        assert "or take one of none" in run(str(made), "--with", player).stderr


def test_a_script_is_made_and_played_and_what_was_there_plays_without_making_it(
    programs: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Path
) -> None:
    programs(paplay=A_PROGRAM)
    monkeypatch.chdir(tmp_path)
    Path("brief.md").write_text("---\ntitle: Brief\n---\n# Only\nGoodbye.\n", encoding="utf-8")
    result = run("brief.md", "--voice", "tone", "--air", "off", "--with", "system")
    assert result.exit_code == 0
    assert result.stdout == "   0:00  Only\n   0:00    Goodbye.\n"
    quiet = run("output/brief.mp3", "--with", "system", "-q")
    assert (quiet.exit_code, quiet.output) == (0, "")
    wrong = run("output/brief.mp3", "--minutes", "5")
    assert wrong.exit_code == 2
    assert "is a recording: leave out" in wrong.stderr


def test_the_players_of_the_command_are_those_there_are() -> None:
    assert CLI_PLAYERS == PLAYERS


def test_start_a_time_or_a_chapter_is_a_moment(recording: Recording) -> None:
    waist = recording.chapters[1].start
    moments = [recording.moment_of(asked) for asked in ("start", "0:05", "5.5s", "THE WAIST")]
    assert moments == [0, 5000, 5500, waist]


@pytest.mark.parametrize(
    ("asked", "hint"),
    [("The wrist", "did you mean 'The waist'?"), ("5", "there are Arriving, The waist"), ("1:00", "before 0:42")],
)
def test_another_beginning_is_answered_with_what_there_is(recording: Recording, asked: str, hint: str) -> None:
    with pytest.raises(VoiceguideError) as caught:
        recording.moment_of(asked)
    assert hint in (caught.value.hint or "")


def test_a_recording_is_known_again_under_another_name_and_another_is_not(
    recording: Recording, made: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "moved.mp3"
    moved.write_bytes(made.read_bytes())
    assert read_recording(moved).key == recording.key
    moved.write_bytes(made.read_bytes() + b"\0")
    assert read_recording(moved).key != recording.key


def test_a_file_without_a_plan_has_what_it_says_of_itself(made: Path, tmp_path: Path) -> None:
    from mutagen import id3

    bare = tmp_path / "bare.mp3"
    bare.write_bytes(made.read_bytes())
    tag = id3.ID3(bare)
    tag.delall("GEOB")
    tag.save(bare)
    found = read_recording(bare)
    assert found.title == "bare"
    assert found.length == Sound(made).length
    assert [chapter.title for chapter in found.chapters] == ["Arriving", "The waist"]
    assert found.events == ()


def test_a_plan_that_can_t_be_read_is_done_without(
    made: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = tmp_path / "damaged.mp3"
    damaged.write_bytes(made.read_bytes().replace(b'"version":2', b'"version":9'))
    found = read_recording(damaged)
    assert [chapter.title for chapter in found.chapters] == ["Arriving", "The waist"]
    assert "is played without its words: its plan is of version 9" in caplog.text


def test_samples_are_those_of_the_recording_from_any_moment_on(made: Path, recording: Recording) -> None:
    import numpy as np

    whole = Sound(made)
    assert abs(whole.length - (recording.length or 0)) <= 1
    samples = whole.read(10**9)
    for moment in (0, 1, 3_217, 20_000, whole.length):
        whole.seek(Ms(moment))
        assert whole.moment == pytest.approx(moment, abs=1)
        after = whole.read(4410)
        assert np.allclose(after, samples[moment * 441 // 10 :][: len(after)], atol=1e-6)


def test_what_can_t_be_decoded_says_so(tmp_path: Path) -> None:
    (tmp_path / "text.mp3").write_text("no sound", encoding="utf-8")
    with pytest.raises(VoiceguideError, match="can't be decoded"):
        Sound(tmp_path / "text.mp3")
    assert run(str(tmp_path / "missing.mp3")).exit_code == 1


EVENTS = st.lists(
    st.tuples(st.integers(0, 40_000), st.integers(0, 9000), st.sampled_from(["", "Breathe out. " * 9, "你好" * 200])),
    max_size=6,
)


def measured(chapters: list[int], events: list[tuple[int, int, str]]) -> Recording:
    starts = sorted({*chapters, 50_000})
    return Recording(
        path=Path("it.mp3"),
        title="It " * 40,
        length=Ms(50_000),
        chapters=tuple(
            Chapter(title=f"Chapter {one}", start=Ms(one), end=Ms(two)) for one, two in itertools.pairwise(starts)
        ),
        events=tuple(
            Event(
                kind="say" if text else "chime", start=Ms(start), length=Ms(length), file="it.md", line=1, text=text,
                sound="" if text else "bowl",
            )
            for start, length, text in sorted(events)
        ),
        key="",
    )  # fmt: skip


@given(st.lists(st.integers(0, 40_000), max_size=4), EVENTS, st.integers(0, 50_000), st.integers(20, 100))
def test_the_block_has_as_many_rows_whatever_is_heard_and_none_is_too_wide(
    chapters: list[int], events: list[tuple[int, int, str]], moment: int, width: int
) -> None:
    from rich.console import Console

    now = Now(recording=measured(chapters, events), moment=Ms(moment))
    rows = _block(now, Console(width=width))
    assert len(rows) == 10
    assert all(row.cell_len <= width for row in rows)


@given(st.lists(st.integers(0, 40_000), max_size=4), EVENTS, st.integers(0, 50_000))
def test_the_line_is_the_last_that_began_in_this_chapter_and_a_silence_says_how_long_it_is(
    chapters: list[int], events: list[tuple[int, int, str]], moment: int
) -> None:
    now = Now(recording=measured(chapters, events), moment=Ms(moment))
    since = max((start for start in chapters if start <= moment), default=0)
    begun = [(start, text) for start, _, text in sorted(events) if text and since <= start <= moment]
    assert now.line == (begun[-1][1] if begun else "")
    sounding = [text for start, length, text in events if start <= moment < start + length]
    assert bool(now.beside.startswith("♪")) == any(not text for text in sounding)
    if now.beside.startswith("silence"):
        assert not sounding
        assert min(start for start, _, _ in events if start > moment) // 1000 == sum(
            int(part) * unit for part, unit in zip(now.beside.split()[-1].split(":"), (60, 1), strict=True)
        )


@given(st.integers(0, 50_000))
def test_a_place_is_kept_but_not_one_at_the_end(moment: int) -> None:
    one = measured([], [])
    kept = keep_place(one, Ms(moment), _Shelf())
    assert kept == (0 if moment >= 40_000 else moment)


class _Shelf(Cache):
    """A cache that is not on the disk: it is put into, and no more."""

    def put(self, kind: str, key: str, body: bytes) -> None:
        assert (kind, key) == ("places", "")
        assert body.decode().isdecimal()
