"""What is heard now -> a calm block on the terminal, and the keys pressed there; or lines, where there is none."""

import abc
import collections
import contextlib
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Self

from voiceguide.durations import Ms, clock
from voiceguide.player.kinds import Key, Now
from voiceguide.player.recording import Recording

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_KEYS = {
    " ": Key.PAUSE, "q": Key.QUIT, "Q": Key.QUIT, "\x03": Key.QUIT,
    "\x1b[D": Key.BACK, "\x1b[C": Key.AHEAD, "\x1b[A": Key.PREVIOUS, "\x1b[B": Key.NEXT,
    "\xe0K": Key.BACK, "\xe0M": Key.AHEAD, "\xe0H": Key.PREVIOUS, "\xe0P": Key.NEXT,
}  # fmt: skip
"""As terminals send them; and as Windows does, arrows with its own sign before them."""
_ONE_KEY = re.compile("\x1b\\[[0-9;]*[A-Za-z~]|\xe0.|.", re.DOTALL)
_HELP = "space pause   ← → 10 s   ↑ ↓ chapter   q quit"
_LINE_ROWS = 3
_POLL_SECONDS = 0.02
"""How often Windows is asked for a key: it can't be waited for."""


class Screen:
    """A block that stays where it is on the terminal, drawn anew only where something of it changed."""

    def __init__(self) -> None:
        from rich.console import Console  # noqa: PLC0415  -- imported only when drawing
        from rich.live import Live  # noqa: PLC0415

        self._console = Console(highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._drawn: object = None
        self._keys = _Keys()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opening:
            opening.enter_context(self._keys)
            opening.enter_context(self._live)
            self._opened = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def show(self, now: Now) -> None:
        block = _block(now, self._console)
        if block != self._drawn:
            from rich.console import Group  # noqa: PLC0415  -- imported only when drawing

            self._live.update(Group(*block), refresh=True)
            self._drawn = block

    def key(self, seconds: float) -> Key | None:
        return self._keys.next(seconds)


def _block(now: Now, console: "Console") -> list["Text"]:
    """Give the rows: as many whatever is said, so that nothing moves."""
    from rich.text import Text  # noqa: PLC0415  -- imported only when drawing

    said = list(Text(now.line).wrap(console, console.width))
    if len(said) > _LINE_ROWS:
        said = said[:_LINE_ROWS]
        said[-1].append("…")
    rows = [Text(now.recording.title, style="bold"), Text(now.chapter), Text(), *said]
    rows += [Text()] * (_LINE_ROWS - len(said))
    rows += [Text(now.beside, style="dim"), Text(), Text(now.clock), Text(_HELP, style="dim")]
    for row in rows:
        row.truncate(console.width, overflow="ellipsis")
    return rows


class Printed:
    """Writes each chapter and line as it comes; there are no keys."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._told: Ms | None = None

    def show(self, now: Now) -> None:
        """Write what began since it was last told; at first what is being heard."""
        for start, end, text in _entries(now.recording):
            is_new = now.moment < end if self._told is None else self._told < start
            if start <= now.moment and is_new:
                self._write(f"{clock(start):>7}  {text}")
        self._told = now.moment

    def key(self, seconds: float) -> Key | None:
        time.sleep(seconds)
        return None


def _entries(recording: Recording) -> list[tuple[Ms, Ms, str]]:
    """Give chapters, lines and chimes, from when to when: in the order of their starts, a chapter first."""
    chapters = [(one.start, one.end, one.title) for one in recording.chapters]
    lines = [(one.start, one.end, f"  {one.text or f'♪ {one.sound}'}") for one in recording.events]
    return sorted(chapters + lines, key=lambda entry: entry[0])


def shows_and_asks() -> bool:
    """Tell whether there is someone at a terminal, to look and to press keys."""
    return sys.stdin.isatty() and sys.stdout.isatty()


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let the signals that end a program leave it in order: what is open is closed, and the terminal as it was."""

    def leave(number: int, _: object) -> None:
        sys.exit(128 + number)  # as a shell tells of a program that was ended so

    numbers = [signal.SIGTERM, *([signal.SIGHUP] if sys.platform != "win32" else [])]
    before = {number: signal.signal(number, leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Typed(abc.ABC):
    """What was typed, taken apart into keys."""

    def __init__(self) -> None:
        self._waiting: collections.deque[Key] = collections.deque()

    def next(self, seconds: float) -> Key | None:
        """Wait for a key for so long; others than ours are nothing."""
        if not self._waiting:
            pressed = _ONE_KEY.findall(self._read(seconds))
            self._waiting.extend(_KEYS[one] for one in pressed if one in _KEYS)
        return self._waiting.popleft() if self._waiting else None

    @abc.abstractmethod
    def _read(self, seconds: float) -> str:
        """Give what is typed, waiting for it no longer than that; nothing if it was nothing."""


if sys.platform == "win32":
    import msvcrt

    class _Keys(_Typed):
        """The keys of a Windows console, which needs no preparing."""

        def __enter__(self) -> None: ...

        def __exit__(self, *_: object) -> None: ...

        def _read(self, seconds: float) -> str:
            until = time.monotonic() + seconds
            while not msvcrt.kbhit():
                if time.monotonic() > until:
                    return ""
                time.sleep(_POLL_SECONDS)
            return "".join(msvcrt.getwch() for _ in range(2) if msvcrt.kbhit())
else:
    import select
    import termios
    import tty

    class _Keys(_Typed):
        """The keys of a terminal that gives them one by one, and shows none, until it is left as it was."""

        def __enter__(self) -> None:
            self._terminal = sys.stdin.fileno()
            self._before = termios.tcgetattr(self._terminal)
            tty.setcbreak(self._terminal, termios.TCSANOW)
            quiet = termios.tcgetattr(self._terminal)
            # Ctrl-Z would stop this and not what plays.
            quiet[6][termios.VSUSP] = bytes([os.fpathconf(self._terminal, "PC_VDISABLE")])
            termios.tcsetattr(self._terminal, termios.TCSANOW, quiet)

        def __exit__(self, *_: object) -> None:
            with contextlib.suppress(termios.error):  # the terminal is gone
                termios.tcsetattr(self._terminal, termios.TCSAFLUSH, self._before)

        def _read(self, seconds: float) -> str:
            ready, _, _ = select.select([self._terminal], [], [], seconds)
            if not ready:
                return ""
            return os.read(self._terminal, 64).decode(errors="replace") or "q"  # nothing: the terminal is gone
