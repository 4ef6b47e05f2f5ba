"""The page in a real Chromium: what a person does with it, by mouse and by keyboard, and what axe-core says of it."""

import json
import shutil
import time
from collections.abc import Iterator
from importlib import resources
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from running_studio import Client, studio
from test_feed import put

from voiceguide import verify

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytest.importorskip("playwright", reason="the browser tests need playwright: pip install -e '.[dev]'")
pytest.importorskip("axe_playwright_python", reason="the browser tests need axe-core: pip install -e '.[dev]'")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here: apt-get install chromium")

SCRIPT = """\
---
title: <img src=x onerror="document.title='broken in'">
summary: A <script>document.title='broken in'</script> session.
minutes: 1 (0.5 to 3)
params:
  name: ""
  bell: bell
  loud: no
---
# Arriving
[chime {{ bell }} wait 2s]
Welcome{{ name | after(", ") }}.
[rest 10s]
# Resting
Goodbye for now.
[quiet]
That was all.
"""
TITLE = "<img src=x onerror=\"document.title='broken in'\">"


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--mute-audio"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Path) -> Iterator[Client]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "short.md").write_text(SCRIPT, encoding="utf-8")
    with studio() as running:
        yield running


@pytest.fixture
def page(browser: "Browser", client: Client) -> "Iterator[Page]":
    """Give a page that is let in; what it complains of fails the test."""
    context = browser.new_context(viewport={"width": 1000, "height": 900}, accept_downloads=True)
    context.set_default_timeout(15_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.goto(client.address)
    yield page
    context.close()
    assert [one for one in complaints if not one.startswith(_REFUSED)] == []


_REFUSED = "Failed to load resource: the server responded with a status of 4"
"""What Chromium says of every answer that is a refusal."""


def wait_until(page: "Page", holds: str) -> None:
    """Wait until a JavaScript expression holds. Playwright's own way is refused by our pages: it would need `eval`."""
    ends = time.monotonic() + 15
    while not page.evaluate(holds):
        assert time.monotonic() < ends, f"it never held that {holds}"
        page.wait_for_timeout(30)


def test_a_person_chooses_changes_hears_makes_plays_and_takes_along(page: "Page", tmp_path: Path) -> None:
    assert page.url.endswith("/")  # the token is out of sight
    page.get_by_role("link", name=TITLE).click()
    page.get_by_role("heading", name=TITLE, level=1).wait_for()
    page.get_by_label("Who speaks").select_option("tone:tone")

    before = page.locator(".picture svg.timeline").evaluate("drawn => drawn.outerHTML")
    page.get_by_label("How long").fill("90000")
    page.get_by_text("1:30, 2 chapters, 3 lines").wait_for()
    assert page.locator(".length output").text_content() == "1:30"
    assert page.locator(".picture svg.timeline").evaluate("drawn => drawn.outerHTML") != before
    page.get_by_label("Name").fill("Ana")
    page.locator(".picture [aria-label*='Welcome, Ana.']").wait_for(state="attached")

    page.get_by_text("Every line, to hear it").click()
    with page.expect_response(lambda answer: "/heard/" in answer.url) as heard:
        page.get_by_role("button", name="Hear: Goodbye for now.").click()
    assert heard.value.headers["content-type"] == "audio/wav"

    page.get_by_role("button", name="Make the recording").click()
    page.get_by_role("heading", name="Listen").wait_for()
    wait_until(page, "document.querySelector('audio').duration > 89")
    page.locator(".picture:not(.estimate)").wait_for()

    page.evaluate("document.querySelector('audio').play()")
    wait_until(page, "document.querySelector('audio').currentTime > 0.3")
    page.get_by_role("button", name="Resting").click()
    start = float(page.evaluate("document.querySelector('audio').currentTime"))
    assert start > 10
    page.get_by_text("Goodbye for now.", exact=True).and_(page.locator(".line")).wait_for()
    assert page.locator(".chapters [aria-current]").text_content() == f"0:{int(start):02} Resting"
    assert page.evaluate("navigator.mediaSession.metadata.title") == TITLE

    with page.expect_download() as download:
        page.get_by_role("link", name="MP3").click()
    taken = tmp_path / download.value.suggested_filename
    download.value.save_as(taken)
    assert taken.name == "short-1m30s.mp3"
    checked = verify(taken)
    assert (checked.planned, checked.length, checked.faults) == (True, 90_000, ())

    page.get_by_role("link", name="voiceguide studio").click()
    page.locator("#made").wait_for()
    assert page.locator(".rows li").count() == 1
    assert "broken in" not in page.title()


def test_it_can_all_be_done_by_keyboard(page: "Page", tmp_path: Path) -> None:
    keys = page.keyboard

    def tab_to(words: str) -> None:
        """Go on with Tab until what has the focus is called so.

        A player's controls may change while one of them has the focus, as when the recording's length is known. Then
        nothing has it until the next Tab, which goes on from there; the document itself, of all words, is not called.
        """
        for _ in range(80):
            keys.press("Tab")
            name = page.evaluate(
                "(() => { const on = document.activeElement; if (on === document.body) return '';"
                "return on.getAttribute('aria-label') || on.labels?.[0]?.textContent || on.textContent })()"
            )
            if words in name:
                return
        raise AssertionError(f"no Tab leads to {words}")

    page.locator(".cards").first.wait_for()
    tab_to("<img")
    keys.press("Enter")
    page.get_by_role("heading", name=TITLE, level=1).wait_for()
    tab_to("How long")
    for _ in range(2):
        keys.press("ArrowRight")
    page.get_by_text("1:30, 2 chapters").wait_for()
    tab_to("Name")
    keys.type("Bo")
    tab_to("Who speaks")
    keys.type("A soft tone")
    wait_until(page, "document.querySelector('#voice').value === 'tone:tone'")
    tab_to("Make the recording")
    keys.press("Enter")
    page.get_by_role("heading", name="Listen").wait_for()
    wait_until(page, "document.activeElement.textContent === 'Listen'")
    tab_to("Resting")
    keys.press("Enter")
    wait_until(page, "document.querySelector('audio').currentTime > 10")
    assert (tmp_path / "output" / "short-1m30s.mp3").is_file()
    keys.press("Shift+Tab")
    tab_to("Every line")
    keys.press("Enter")
    tab_to("Hear: Welcome, Bo.")
    with page.expect_response(lambda answer: "/heard/" in answer.url):
        keys.press("Enter")
    wait_until(page, "document.activeElement.textContent === 'Hear'")


@pytest.mark.long
def test_a_recording_in_the_making_shows_how_far_it_is_and_can_be_stopped(page: "Page", tmp_path: Path) -> None:
    words = "\n".join(f"This is line number {number}, and nobody has said it before." for number in range(150))
    text = SCRIPT.replace("Goodbye for now.", words).replace("minutes: 1 (0.5 to 3)\n", "")
    (tmp_path / "scripts" / "short.md").write_text(text, encoding="utf-8")
    page.get_by_role("link", name=TITLE).click()
    page.get_by_label("Who speaks").select_option("tone:tone")
    page.get_by_text("have not been spoken yet").wait_for()
    page.get_by_role("button", name="Make the recording").click()
    wait_until(page, "document.querySelector('progress').value > 0")
    assert page.locator(".progress").get_by_text("Speaking").is_visible()
    page.get_by_role("button", name="Stop").click()
    page.locator(".progress").wait_for(state="hidden")
    assert page.locator("#status").text_content() == "Stopped. Lines that were spoken are kept."
    assert not list(tmp_path.glob("output/*"))


@pytest.mark.long
def test_a_script_is_changed_with_errors_at_their_line_and_saved_as_one_s_own(page: "Page") -> None:
    page.get_by_role("link", name=TITLE).click()
    page.get_by_role("link", name="Change the words").click()
    text = page.get_by_label("The script")
    text.fill(SCRIPT.replace("[quiet]", "[quite]"))
    number = SCRIPT.splitlines().index("[quiet]") + 1
    page.locator(".numbers .error").wait_for()
    assert page.locator(".numbers .error").text_content() == str(number)
    page.get_by_text("did you mean 'quiet'?").wait_for()
    page.get_by_role("button", name=f"Line {number}").click()
    assert page.evaluate("getSelection().toString()") == "[quite]"
    text.fill(SCRIPT.replace("Goodbye for now.", "Good night."))
    page.locator(".numbers .error").wait_for(state="detached")
    page.get_by_label("Keep it under the name").fill("mine")
    page.get_by_role("button", name="Save as my own").click()
    page.get_by_role("link", name="Look at the session").click()
    page.locator(".picture [aria-label*='Good night.']").wait_for(state="attached")
    page.go_back()
    page.get_by_label("Keep it under the name").fill("evening")
    page.get_by_role("button", name="Save as my own").click()
    page.get_by_text("There is a script of that name already").wait_for()


@pytest.mark.long
def test_a_script_that_can_t_be_made_leads_to_its_words(page: "Page", tmp_path: Path) -> None:
    (tmp_path / "scripts" / "short.md").write_text(SCRIPT.replace("[quiet]", "[quite]"), encoding="utf-8")
    page.evaluate("location.hash = '#/session/short'")
    page.get_by_text("did you mean 'quiet'?").wait_for()
    page.get_by_role("link", name="Change the words").click()
    page.locator(".numbers .error").wait_for()


@pytest.mark.long
def test_a_recording_goes_to_the_phone_by_a_code_and_stops_going(page: "Page", client: Client, tmp_path: Path) -> None:
    (tmp_path / "output").mkdir()
    put(tmp_path / "output" / "ten.mp3")
    page.reload()
    button = page.get_by_role("button", name="To your phone")
    button.wait_for()
    assert client.ask("/api/share").json["shared"] is None
    button.focus()
    page.keyboard.press("Enter")
    wait_until(page, "document.activeElement.textContent === 'On your phone'")
    shared = client.ask("/api/share").json["shared"]
    assert page.locator(".address").text_content() == shared["address"]
    assert page.get_by_role("img", name="as a code for a phone's camera").locator("svg path").count() == 2
    assert "Whoever is in this network and has the address" in page.locator(".shared").inner_text()

    page.get_by_role("link", name="Ten minutes").click()
    page.get_by_role("heading", name="Listen").wait_for()
    assert page.locator(".shared").count() == 0
    page.get_by_role("button", name="To your phone").click()
    wait_until(page, "document.activeElement.textContent === 'On your phone'")
    assert page.locator(".address").text_content() == shared["address"]

    page.get_by_role("button", name="Stop sharing").click()
    wait_until(page, "document.activeElement.textContent === 'To your phone'")
    assert page.locator("#status").text_content() == "Nothing is shared any more."
    assert client.ask("/api/share").json["shared"] is None
    (tmp_path / "output" / "ten.mp3").unlink()
    page.get_by_role("button", name="To your phone").click()
    page.locator(".phone .fault").get_by_text("there is no recording for your phone yet").wait_for()


@pytest.mark.long
def test_axe_finds_nothing_light_or_dark_wide_or_narrow(page: "Page", client: Client) -> None:
    made = client.tell("/api/work", {"script": "short", "voice": "tone"}).json
    views = {
        "#/": ".shared",
        "#/session/short": ".picture svg",
        "#/words/short": ".found p",
        "#/session/none": "[role=alert]",
    }
    while made["recording"] is None:
        assert made["state"] in {"waiting", "working", "done"}
        made = client.ask(f"/api/work/{made['name']}").json
    views[f"#/recording/{made['recording']}"] = ".chapters"
    client.tell("/api/share")
    page.reload()
    page.evaluate(f"{_axe()}; undefined")  # not as an element: our pages allow none
    found: list[Any] = []
    for (address, shown), (dark, width) in product(views.items(), ((False, 1000), (True, 360))):
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 800})
        if not page.url.endswith(address):
            page.evaluate("address => { location.hash = address }", address)
        page.locator(f"main {shown}").first.wait_for(state="attached")
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        violations = page.evaluate("axe.run().then(({violations}) => violations)")
        found += [(address, dark, width, one["id"], [node["html"] for node in one["nodes"]]) for one in violations]
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{address} is {wide} wide"
    assert not found, json.dumps(found, indent=1)


def _axe() -> str:
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
