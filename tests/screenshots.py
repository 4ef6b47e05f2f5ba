"""The studio in a real Chromium -> the README's pictures of it: `python tests/screenshots.py`."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright
from running_studio import studio

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES = Path(__file__).parent / "pictures"
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_MINUTES = 60_000


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        with studio() as client, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox", "--mute-audio"])
            _session(_page(browser, client.address, width=1000, height=830, scheme="light"))
            _listening(_page(browser, client.address, width=400, height=830, scheme="dark"))
            browser.close()


def _page(browser: "Browser", address: str, *, width: int, height: int, scheme: str) -> "Page":
    dark = scheme == "dark"
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light")
    context.set_default_timeout(300_000)
    page = context.new_page()
    page.goto(address)
    page.locator(".cards").first.wait_for()
    return page


def _session(page: "Page") -> None:
    """A session, made to measure."""
    page.get_by_role("link", name="Evening", exact=True).click()
    page.get_by_label("Name").fill("Ana")
    page.get_by_label("Background").select_option("rain")
    page.get_by_label("How long").fill(str(20 * _MINUTES))
    page.get_by_role("button", name="Make the recording").click()
    page.get_by_role("heading", name="Listen").wait_for()
    page.locator(".picture:not(.estimate) svg").first.wait_for()
    page.evaluate("scrollTo(0, 0); document.activeElement.blur()")
    page.screenshot(path=PICTURES / "studio-session.png")


def _listening(page: "Page") -> None:
    """A recording on a phone, somewhere in the middle."""
    page.locator("#made ~ ul a").first.click()
    page.get_by_role("button", name="Growing heavy").click()
    page.locator(".line:not(:empty)").wait_for()
    page.evaluate("document.querySelector('audio').pause(); scrollTo(0, 0); document.activeElement.blur()")
    page.mouse.move(0, 0)
    page.screenshot(path=PICTURES / "studio-listening.png")


if __name__ == "__main__":
    main()
