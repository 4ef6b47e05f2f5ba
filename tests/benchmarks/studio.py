"""How long a person waits for the studio, in a real Chromium: for its first page, a slider's picture, a recording.

    python tests/benchmarks/studio.py                           twenty minutes of evening, the median of seven rounds
    python tests/benchmarks/studio.py --script back-on-mat --voice tone --rounds 20

From spawning `voiceguide studio` to its page, and on to its list; from a slider's input to the frame after its new
picture; from the click on the button to a player that can play, everything kept from before. Beside the seconds on the
clock stand those the studio's processes were at work, which another program can't lengthen much (Linux only).
"""

import argparse
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_MINUTE_MS = 60_000
_LIMITS = {"page": "1.0", "list": "", "slider": "0.1", "make": "1.0"}
_MOVED = """length => new Promise(done => {
    const began = performance.now();
    const seen = new MutationObserver(() => {
        seen.disconnect();
        requestAnimationFrame(() => done(performance.now() - began));
    });
    seen.observe(document.querySelector(".picture"), { childList: true });
    const slider = document.querySelector("#length");
    slider.value = length;
    slider.dispatchEvent(new Event("input"));
})"""
_MADE = """() => new Promise((done, failed) => {
    const began = performance.now();
    const result = document.querySelector(".result");
    result.replaceChildren();
    const seen = new MutationObserver(() => {
        const audio = result.querySelector("audio");
        if (!audio) return;
        seen.disconnect();
        const ready = () => done(performance.now() - began);
        if (audio.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) ready();
        else audio.addEventListener("canplay", ready, { once: true });
    });
    seen.observe(result, { childList: true });
    document.querySelector(".make").click();
})"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    seconds: float
    worked: float
    """Seconds the studio was at work, on all cores; 0 where the system does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    process: subprocess.Popen[str]
    address: str

    def worked(self) -> float:
        """Give the seconds its processes were at work until now."""
        return sum(map(_worked, [self.process.pid, *_children(self.process.pid)]))


def main() -> None:
    options = _options()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # with it each start compiles all there is, which nobody's does
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        os.environ["VOICEGUIDE_CACHE"] = str(Path(scratch, "cache"))
        os.chdir(scratch)
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox", "--mute-audio"])
        with _started() as studio:
            page = _session(browser, studio, options)
            waits = {"slider": list(_slid(page, studio, options)), "make": list(_made(page, studio, options))}
        starts = [_begun(browser) for _ in range(options.rounds)]
        waits["page"], waits["list"] = ([one[place] for one in starts] for place in range(2))
        browser.close()
    _print(waits)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time the studio in a real Chromium.")
    parser.add_argument("--script", default="evening")
    parser.add_argument("--minutes", type=int, default=20)
    parser.add_argument("--voice", default="", help="Default: the usual one.")
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


@contextlib.contextmanager
def _started() -> Iterator[Started]:
    command = [sys.executable, "-m", "voiceguide", "studio", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        yield Started(process=process, address=process.stdout.readline().strip())
        process.terminate()


def _begun(browser: "Browser") -> tuple[Wait, Wait]:
    """Wait for the page's heading, and for what it first asks for: the list."""
    page = browser.new_page()
    began = time.perf_counter()

    def seen(what: str) -> Wait:
        page.locator(what).first.wait_for()
        return Wait(seconds=time.perf_counter() - began, worked=studio.worked())

    with _started() as studio, contextlib.closing(page):
        page.goto(studio.address, wait_until="commit")
        return seen("header .home"), seen(".cards")


def _session(browser: "Browser", studio: Started, options: argparse.Namespace) -> "Page":
    """Open a session, and let all its lines be spoken once."""
    page = browser.new_page()
    page.set_default_timeout(600_000)
    page.goto(studio.address)
    page.locator(f".cards a[href='#/session/{options.script}']").click()
    page.locator("#voice").select_option(options.voice)
    page.locator("#length").fill(str(options.minutes * _MINUTE_MS))
    page.locator(".picture svg").first.wait_for()
    page.locator(".make").click()
    page.locator(".result audio").wait_for()
    page.locator(".picture:not(.estimate) svg").first.wait_for()
    return page


def _slid(page: "Page", studio: Started, options: argparse.Namespace) -> Iterator[Wait]:
    for number in range(options.rounds):
        length = (options.minutes - 1 + number % 2 * 2) * _MINUTE_MS
        yield _timed(page, studio, _MOVED, str(length))
    page.evaluate(_MOVED, str(options.minutes * _MINUTE_MS))


def _made(page: "Page", studio: Started, options: argparse.Namespace) -> Iterator[Wait]:
    for _ in range(options.rounds):
        yield _timed(page, studio, _MADE)


def _timed(page: "Page", studio: Started, script: str, given: str | None = None) -> Wait:
    page.wait_for_timeout(500)  # what the last one left to do is done
    began = studio.worked()
    milliseconds = float(page.evaluate(script, given))
    return Wait(seconds=milliseconds / 1000, worked=studio.worked() - began)


def _worked(process: int) -> float:
    """Give a process' seconds on a core, with those of its children that have ended."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _children(process: int) -> list[int]:
    with contextlib.suppress(OSError):
        listed = [path.read_text(encoding="utf-8") for path in Path(f"/proc/{process}/task").glob("*/children")]
        own = [int(child) for child in " ".join(listed).split()]
        return own + [further for child in own for further in _children(child)]
    return []


def _print(waits: Mapping[str, Sequence[Wait]]) -> None:
    print("| what   | seconds | at work | limit |\n|--------|---------|---------|-------|")
    for name, limit in _LIMITS.items():
        seconds = statistics.median(one.seconds for one in waits[name])
        worked = statistics.median(one.worked for one in waits[name])
        print(f"| {name:6} | {seconds:7.3f} | {worked:7.2f} | {limit:>5} |")


if __name__ == "__main__":
    main()
