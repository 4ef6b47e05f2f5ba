"""The studio's server, over real connections: who is let in, what it answers, and that its work can be stopped."""

import contextlib
import errno
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from as_typed import AS_TYPED
from running_studio import Answer, Client, studio
from test_feed import PROMISE, put

from voiceguide import OutputError, VoiceguideError, shipped, verify
from voiceguide.durations import Ms
from voiceguide.studio import __file__ as studio_file
from voiceguide.studio import check_installed, serve
from voiceguide.studio.desk import Desk
from voiceguide.studio.guard import MOST_BODY_BYTES
from voiceguide.studio.phone import Phone
from voiceguide.studio.renderer import MOST_WAITING
from voiceguide.studio.told import outlined

SCRIPT = """\
---
title: '<script>alert("title")</script>'
summary: <b>bold</b>
minutes: 1 (0.5 to 3)
params:
  name: ""
  bell: bell
  each: 10s
  loud: no
  rounds: {type: number, default: 2, least: 1, most: 4}
  where: {type: choice, choices: [bed, floor], default: bed}
---
# One
Welcome{{ name | after(", ") }}.
[chime {{ bell }} wait 2s]
[rest {{ each }}]
# Two
[safety] Goodbye.
[quiet]
That was all.
"""
LONG = SCRIPT.replace("1 (0.5 to 3)", "110 (1 to 120)").replace("[quiet]", "[quiet 100m from 1s to 2h]")


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "short.md").write_text(SCRIPT, encoding="utf-8")
    return tmp_path


@pytest.fixture
def page() -> Iterator[Client]:
    with studio() as client:
        yield client


def asked(**other: object) -> dict[str, Any]:
    return {"script": "short", "voice": "tone", "values": {"name": "Ana"}} | other


def made(page: Client, work: Answer) -> dict[str, Any]:
    """Wait for a recording."""
    state = work.json
    for _ in range(200):
        if state["state"] not in {"waiting", "working"}:
            break
        time.sleep(0.05)
        state = page.ask(f"/api/work/{state['name']}").json
    return dict(state)


# --- who is let in ----------------------------------------------------------------------------------------------------


def test_another_name_for_this_computer_is_refused(page: Client) -> None:
    for host in ("evil.example", f"evil.example:{page.port}", f"127.0.0.1:{page.port + 1}", "127.0.0.1", "", None):
        assert page.send("GET", "/api/scripts", Host=host).status in {400, 421}, host
    assert page.send("GET", "/api/scripts", Host=f"evil.example:{page.port}").status == 421
    assert page.send("GET", "/api/scripts", Host=f"localhost:{page.port}").status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
    ids=lambda headers: " ".join(headers.values()),
)
def test_what_another_page_sends_is_refused(page: Client, headers: dict[str, str]) -> None:
    assert page.send("POST", "/api/work", b"{}", **headers).status == 403
    assert page.send("GET", "/api/recordings", **headers).status == 403


def test_only_json_is_taken(page: Client) -> None:
    body = json.dumps(asked()).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None):
        assert page.send("POST", "/api/work", body, Content_Type=kind).status == 415, kind
    for body in (b"[]", b"{", b"[" * 10_000, b"\xff"):
        assert page.send("POST", "/api/work", body, Content_Type="application/json").status == 400
    malformed: list[dict[str, Any]] = [{"length": "x"}, {"length": True}, {"rate": 1}, {"format": "exe"}]
    for other in [*malformed, {"values": []}, {"values": {"name": 1}}]:
        assert page.tell("/api/work", asked(**other)).status == 400, other
    assert page.ask("/api/recordings").json["recordings"] == []


def test_the_token_in_the_address_becomes_a_cookie_and_without_either_nobody_is_let_in(page: Client) -> None:
    for cookie in (None, f"voiceguide-{page.port}=", f"voiceguide-{page.port}={page.token}x", f"other={page.token}"):
        for path in ("/", "/api/scripts", "/page/main.js", "/?token=wrong", f"/api/scripts?token={page.token}"):
            assert page.send("GET", path, Cookie=cookie).status == 403, path
    entered = page.send("GET", f"/?token={page.token}", Cookie=None)
    assert (entered.status, entered.headers["location"]) == (303, "/")
    cookie = entered.headers["set-cookie"]
    assert f"voiceguide-{page.port}={page.token}" in cookie
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert len(page.token) >= 32


@pytest.mark.parametrize(
    "path",
    [
        "/recordings/..%2f..%2fetc%2fhostname",
        "/recordings//etc/hostname",
        "/recordings/%2e%2e/%2e%2e/etc/hostname",
        "/recordings/short.mp3",
        "/recordings/",
        "/page/..%2fapp.py",
        "/page/../app.py",
        "/page/index.html",
        "/heard/..%2f..%2fx.wav",
        "/api/recordings/..%2f..",
        "/etc/hostname",
        "//etc/hostname",
    ],
)
def test_nothing_is_found_by_a_path(page: Client, path: str) -> None:
    assert page.ask(path).status == 404


def test_a_script_is_found_by_its_name_in_the_list_and_not_by_a_path(page: Client, tmp_path: Path) -> None:
    for name in (str(tmp_path / "scripts" / "short.md"), "scripts/short.md", "../short", "", None, 7):
        assert page.tell("/api/outline", asked(script=name)).status == 422
    assert page.ask(f"/api/text?script={tmp_path}/scripts/short.md").status == 422


def test_a_body_that_is_too_large_is_not_taken(page: Client) -> None:
    large = json.dumps({"script": "x" * MOST_BODY_BYTES}).encode()
    assert page.send("POST", "/api/check", large, Content_Type="application/json").status == 413
    chunk = b"%x\r\n%s\r\n" % (1 << 16, b" " * (1 << 16))
    with socket.create_connection((page.host, page.port), timeout=10) as client:
        head = [f"{name}: {value}" for name, value in page.own.items()]
        head += ["Content-Type: application/json", "Transfer-Encoding: chunked"]
        client.sendall(("POST /api/check HTTP/1.1\r\n" + "\r\n".join(head) + "\r\n\r\n").encode() + chunk * 5)
        client.sendall(b"0\r\n\r\n")
        assert b" 413 " in client.recv(100)
    for length in ("-1", "x", "99999999999999999999"):
        answer = page.send("POST", "/api/check", Content_Type="application/json", Content_Length=length)
        assert answer.status in {400, 413}, length


def test_slow_and_half_open_clients_are_dropped_and_others_are_served_meanwhile(page: Client) -> None:
    head = f"POST /api/check HTTP/1.1\r\nHost: {page.host}:{page.port}\r\nCookie: {page.own['Cookie']}\r\n"
    half = f"{head}Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{{"
    slow = [b"", b"GET / HTT", head.encode(), half.encode()]
    clients = [socket.create_connection((page.host, page.port), timeout=10) for _ in range(300)]
    try:
        for number, client in enumerate(clients):
            client.sendall(slow[number % len(slow)])
        begun = time.monotonic()
        assert page.ask("/").status == 200
        assert time.monotonic() - begun < 1.5
        for client in clients:
            assert _is_dropped(client)
        assert time.monotonic() - begun < 7
    finally:
        for client in clients:
            client.close()


def _is_dropped(client: socket.socket) -> bool:
    try:
        return client.recv(1000) == b""
    except ConnectionError:
        return True


def test_browsers_are_told_what_answers_may_do(page: Client) -> None:
    for answer in (page.ask("/"), page.ask("/page/main.js"), page.ask("/nothing"), page.send("GET", "/", Cookie=None)):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'self'; ")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in answer.headers
    assert page.send("OPTIONS", "/api/work", Origin="http://evil.example").status == 403


def test_a_page_of_one_s_own_is_what_the_package_holds(page: Client) -> None:
    index = page.ask("/")
    assert index.headers["content-type"] == "text/html; charset=utf-8"
    assert b"http://" not in index.body
    assert b"https://" not in index.body
    for name, kind in (("main.js", "javascript"), ("studio.css", "text/css"), ("picture.css", "text/css")):
        assert kind in page.ask(f"/page/{name}").headers["content-type"]


# --- what it answers --------------------------------------------------------------------------------------------------


def test_the_page_asks_for_all_its_scripts_at_once_and_not_one_after_the_other(page: Client) -> None:
    scripts = {path.name for path in Path(studio_file).with_name("page").glob("*.js")}
    assert set(re.findall(r'"/page/(\w+\.js)"', page.ask("/").body.decode())) == scripts


def test_scripts_are_listed_in_groups_with_their_languages(page: Client) -> None:
    listed = page.ask("/api/scripts").json
    groups = {group["title"]: {one["name"]: one for one in group["scripts"]} for group in listed["groups"]}
    assert list(groups) == ["Yours", "On the mat", "Without the mat"]
    assert groups["Yours"]["short"]["title"] == '<script>alert("title")</script>'
    assert groups["Yours"]["short"]["minutes"] == {"usual": 60_000, "least": 30_000, "most": 180_000}
    evening = groups["On the mat"]["back-on-mat"]
    assert {version["language"] for version in evening["versions"]} >= {"en", "de"}
    assert "desk" in groups["Without the mat"]
    assert listed["unread"] == []


def test_a_script_that_can_t_be_read_says_why_and_the_others_are_listed(page: Client, tmp_path: Path) -> None:
    (tmp_path / "scripts" / "broken.md").write_text("---\ntitel: T\n---\nX.\n", encoding="utf-8")
    (broken,) = page.ask("/api/scripts").json["unread"]
    assert (broken["name"], broken["own"]) == ("broken", True)
    assert any(error["line"] == 2 for error in broken["errors"])


def test_the_form_has_a_control_for_each_parameter(page: Client) -> None:
    form = page.ask("/api/form?script=short").json
    parameters = {one["name"]: one for one in form["parameters"]}
    assert {name: one["type"] for name, one in parameters.items()} == {
        "name": "text", "bell": "sound", "each": "duration", "loud": "yesno", "rounds": "number", "where": "choice",
    }  # fmt: skip
    assert {"bowl", "bell", "gong", "tingsha"} <= set(parameters["bell"]["choices"])
    assert (parameters["rounds"]["least"], parameters["rounds"]["most"], parameters["rounds"]["whole"]) == (1, 4, True)
    assert form["rate"] == 115
    assert {"rain", "ocean"} <= {bed["name"] for bed in form["beds"]}


def test_an_outline_follows_length_and_values_and_says_what_is_an_estimate(page: Client) -> None:
    unspoken = page.tell("/api/outline", asked(length=90_000, values={"name": "Nobody but this test"})).json
    assert (unspoken["milliseconds"], unspoken["wanted"]) == (90_000, 90_000)
    assert unspoken["reckoned"] >= 1
    assert "Nobody but this test" in unspoken["picture"]
    work = page.tell("/api/work", asked(length=90_000, values={"name": "Nobody but this test"}))
    assert made(page, work)["state"] == "done"
    spoken = page.tell("/api/outline", asked(length=90_000, values={"name": "Nobody but this test"})).json
    assert spoken["reckoned"] == 0
    assert [one["title"] for one in spoken["chapters"]] == ["One", "Two"]
    assert [one["text"] for one in spoken["heard"] if one["kind"] == "say"][1:] == ["Goodbye.", "That was all."]


def test_a_length_out_of_reach_gives_the_nearest_and_where_it_reaches(page: Client) -> None:
    outline = page.tell("/api/outline", asked(length=30_000, values={"each": "60s"})).json
    assert outline["wanted"] == 30_000
    assert outline["milliseconds"] == outline["shortest"] > 30_000


def test_what_is_wrong_with_a_value_is_said_with_what_to_do(page: Client) -> None:
    answer = page.tell("/api/outline", asked(values={"bell": "bel"}))
    assert answer.status == 422
    assert answer.json["errors"][0]["hint"] == "did you mean 'bell'?"
    assert page.tell("/api/outline", asked(lead_in="30")).status == 422


def test_moving_the_slider_takes_less_than_a_tenth_of_a_second() -> None:
    def seconds(minutes: int) -> float:
        job = desk.job({"script": "evening", "voice": "tone", "seed": 1, "length": minutes * 60_000})
        begun = time.thread_time()  # other tests run beside this one
        outlined(desk.outline(job), wanted=job.target)
        return time.thread_time() - begun

    with contextlib.closing(Desk()) as desk:
        seconds(20)
        assert min(map(seconds, (18, 19, 21, 22))) < 0.1


def test_any_line_can_be_heard(page: Client) -> None:
    answer = page.tell("/api/line", asked(line=1))
    sound = page.ask(answer.json["sound"])
    assert (sound.headers["content-type"], sound.body[:4], sound.body[8:12]) == ("audio/wav", b"RIFF", b"WAVE")
    assert len(sound.body) > 44_100 // 2
    assert page.tell("/api/line", asked(line=3)).status == 400
    assert page.tell("/api/line", asked(line="1")).status == 400
    assert page.ask(f"/heard/{'0' * 64}.wav").status == 404


# --- recordings -------------------------------------------------------------------------------------------------------


def test_a_recording_is_made_listed_and_can_be_downloaded_whole_and_in_part(page: Client, tmp_path: Path) -> None:
    work = made(page, page.tell("/api/work", asked(length=70_000)))
    assert (work["state"], work["stage"]) == ("done", "assembling")
    (listed,) = page.ask("/api/recordings").json["recordings"]
    assert (listed["identity"], listed["milliseconds"]) == (work["recording"], 70_000)
    told = page.ask(f"/api/recordings/{work['recording']}").json
    assert [chapter["title"] for chapter in told["chapters"]] == ["One", "Two"]
    assert [line["text"] for line in told["lines"]] == ["Welcome, Ana.", "Goodbye.", "That was all."]
    whole = page.ask(f"/recordings/{work['recording']}?save")
    assert whole.body == (tmp_path / "output" / "short-1m10s.mp3").read_bytes()
    assert whole.headers["content-disposition"] == 'attachment; filename="short-1m10s.mp3"'
    part = page.send("GET", f"/recordings/{work['recording']}", Range="bytes=10-19")
    assert (part.status, part.body) == (206, whole.body[10:20])
    assert not verify(tmp_path / "output" / "short-1m10s.mp3").faults


@pytest.mark.parametrize("kind", ["wav", "flac"])
def test_it_can_be_made_in_another_format(page: Client, kind: str) -> None:
    work = made(page, page.tell("/api/work", asked(format=kind)))
    told = page.ask(f"/api/recordings/{work['recording']}").json
    assert (told["format"], told["file"], told["milliseconds"]) == (kind, f"short.{kind}", None)
    assert page.ask(f"/recordings/{work['recording']}").headers["content-type"] == f"audio/{kind}"


def test_links_out_of_the_folder_and_other_files_are_no_recordings(page: Client, tmp_path: Path) -> None:
    (tmp_path / "output").mkdir()
    (tmp_path / "secret.mp3").write_bytes(b"secret")
    (tmp_path / "output" / "link.mp3").symlink_to(tmp_path / "secret.mp3")
    (tmp_path / "output" / "notes.txt").write_text("secret", encoding="utf-8")
    (tmp_path / "output" / "broken.mp3").write_bytes(b"no sound at all")
    listed = page.ask("/api/recordings").json["recordings"]
    assert [one["title"] for one in listed] == ["broken"]


def test_a_render_that_is_stopped_leaves_nothing_half_and_the_next_one_goes_on(page: Client, tmp_path: Path) -> None:
    (tmp_path / "scripts" / "long.md").write_text(LONG, encoding="utf-8")
    work = page.tell("/api/work", asked(script="long", format="wav")).json
    while work["stage"] != "assembling":
        time.sleep(0.02)
        work = page.ask(f"/api/work/{work['name']}").json
    begun = time.monotonic()
    page.tell(f"/api/work/{work['name']}/stop")
    assert made(page, page.ask(f"/api/work/{work['name']}"))["state"] == "stopped"
    assert time.monotonic() - begun < 2
    assert list((tmp_path / "output").iterdir()) == []
    assert made(page, page.tell("/api/work", asked()))["state"] == "done"


def test_one_is_made_at_a_time_eight_wait_and_more_are_refused(page: Client, tmp_path: Path) -> None:
    (tmp_path / "scripts" / "long.md").write_text(LONG, encoding="utf-8")
    works = [page.tell("/api/work", asked(script="long", format="wav")) for _ in range(30)]
    taken = [work.json["name"] for work in works if work.status == 200]
    assert MOST_WAITING <= len(taken) <= MOST_WAITING + 1
    assert {work.status for work in works} == {200, 429}
    states = [page.ask(f"/api/work/{name}").json["state"] for name in taken]
    assert states.count("working") <= 1
    for name in reversed(taken):
        page.tell(f"/api/work/{name}/stop")
    assert {made(page, page.ask(f"/api/work/{name}"))["state"] for name in taken} == {"stopped"}


def test_what_can_t_be_made_says_why(page: Client) -> None:
    work = made(page, page.tell("/api/work", asked(length=30_000, values={"each": "60s"})))
    assert work["state"] == "failed"
    assert "out of reach" in work["fault"]
    assert page.ask("/api/work/none").status == 404


# --- to the phone -----------------------------------------------------------------------------------------------------


def fetched(address: str, name: str = "") -> tuple[int, bytes]:
    """Ask for what is shared, as a phone does."""
    where = urlsplit(address)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", name if name.startswith("/") else where.path + name)
        answer = connection.getresponse()
        return answer.status, answer.read()


def code_in(svg: str) -> str:
    """Read a QR code as a camera does: rows of strokes, on a white ground."""
    zxingcpp = pytest.importorskip("zxingcpp", reason="the reader of QR codes is not installed")
    drawn = ET.fromstring(svg)
    side = int(drawn.attrib["viewBox"].split()[-1])
    pixels = np.full((side, side), 255, np.uint8)
    x, y = 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", drawn[1].attrib["d"]):
        given = [float(number) for number in numbers.split()]
        if command == "h":
            pixels[int(y), int(x) : int(x + given[0])] = 0
            x += given[0]
        else:
            x, y = (given[0], given[1]) if command == "M" else (x + given[0], y + given[1])
    (code,) = zxingcpp.read_barcodes(np.kron(pixels, np.ones((4, 4), np.uint8)))
    return str(code.text)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Give a recording in the folder for them."""
    (tmp_path / "output").mkdir()
    return put(tmp_path / "output" / "ten minutes.mp3")


def test_the_code_leads_phones_to_the_recordings_and_to_nothing_else(page: Client, recorded: Path) -> None:
    (recorded.parent / "private.mp3").write_bytes(b"private")
    shared = page.tell("/api/share").json["shared"]
    assert code_in(shared["code"]) == shared["address"]
    assert fetched(shared["address"], "ten%20minutes.mp3") == (200, recorded.read_bytes())
    assert b"Ten minutes" in fetched(shared["address"])[1]
    for other in ("private.mp3", "../scripts/short.md", "/", "/api/recordings", "/page/main.js"):
        assert fetched(shared["address"], other)[0] == 404, other
    assert shared["recordings"] == [{"title": "Ten minutes", "milliseconds": PROMISE.length}]
    assert [one["file"] for one in shared["left_out"]] == ["private.mp3"]
    assert not shared["public"]
    assert 3_590_000 < shared["until"] - time.time() * 1000 <= 3_600_000


def test_nothing_is_shared_unasked_nor_once_it_is_stopped(page: Client, recorded: Path) -> None:
    assert page.ask("/api/recordings").json["recordings"]
    assert page.ask("/api/share").json == {"shared": None}
    shared = page.tell("/api/share").json
    assert page.ask("/api/share").json == shared
    assert page.tell("/api/share/stop").json == page.ask("/api/share").json == {"shared": None}
    with pytest.raises(ConnectionRefusedError):
        fetched(shared["shared"]["address"])
    again = page.tell("/api/share").json["shared"]
    assert urlsplit(again["address"]).path != urlsplit(shared["shared"]["address"]).path


def test_what_was_made_since_comes_at_the_same_address_when_it_is_shared_again(page: Client, recorded: Path) -> None:
    before = page.tell("/api/share").json["shared"]
    put(recorded.parent / "new.mp3", replace(PROMISE, title="New"))
    assert fetched(before["address"], "new.mp3")[0] == 404
    again = page.tell("/api/share").json["shared"]
    assert again["address"] == before["address"]
    assert again["until"] >= before["until"]
    assert {one["title"] for one in again["recordings"]} == {"Ten minutes", "New"}
    assert fetched(before["address"], "new.mp3")[0] == 200


@pytest.mark.parametrize("path", ["/api/share", "/api/share/stop"])
def test_only_our_own_page_can_share_or_stop(page: Client, recorded: Path, path: str) -> None:
    if path.endswith("stop"):
        page.tell("/api/share")
    before = page.ask("/api/share").json
    json_alone = {"Content_Type": "application/json"}
    assert page.send("POST", path, b"{}", **json_alone, Origin="http://evil.example").status == 403
    assert page.send("POST", path, b"{}", **json_alone, Sec_Fetch_Site="cross-site").status == 403
    assert page.send("POST", path, b"{}", **json_alone, Cookie=None).status == 403
    assert page.send("POST", path, b"{}", **json_alone, Host=f"evil.example:{page.port}").status == 421
    assert page.send("POST", path, b"{}", Content_Type="text/plain").status == 415
    assert page.send("GET", "/api/share", Cookie=None).status == 403
    assert page.ask("/api/share").json == before


def test_sharing_ends_with_the_studio_and_with_its_time(recorded: Path) -> None:
    with studio() as page:
        address = page.tell("/api/share").json["shared"]["address"]
        assert fetched(address)[0] == 200
    with pytest.raises(ConnectionRefusedError):
        fetched(address)
    with contextlib.closing(Phone(recorded.parent, "127.0.0.1")) as phone:
        shared = phone.share()
        shared.sharing.last(Ms(0))
        shared.serving.join(5)
        assert phone.shared() is None


def test_what_keeps_it_from_phones_is_said_with_what_to_do(
    page: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = page.tell("/api/share")
    assert answer.status == 422
    (error,) = answer.json["errors"]
    assert (error["message"], error["hint"]) == (
        "there is no recording for your phone yet",
        "make a session's recording first: an MP3 is what phones can have",
    )
    put(tmp_path / "ten.mp3")
    monkeypatch.setattr(socket.socket, "connect", unreachable)
    with pytest.raises(OutputError, match="this computer is in no network") as caught:
        Phone(tmp_path).share()
    assert caught.value.hint == "connect it to the network that your phone is in, and try again"


def unreachable(*_: object) -> None:
    raise OSError(errno.ENETUNREACH, "Network is unreachable")


# --- the editor -------------------------------------------------------------------------------------------------------


def test_a_text_is_checked_as_if_it_stood_where_its_script_does(page: Client) -> None:
    text = page.ask("/api/text?script=short").json
    assert text["own"]
    assert page.tell("/api/check", {"script": "short", "text": text["text"]}).json["found"] is not None
    wrong = text["text"].replace("[quiet]", "[quite]")
    found = page.tell("/api/check", {"script": "short", "text": wrong}).json["found"]
    (error,) = (one for one in found if one["kind"] == "error")
    assert wrong.splitlines()[error["line"] - 1] == "[quite]"
    assert error["hint"] == "did you mean 'quiet'?"
    assert page.ask("/api/text?script=short").json == text


def test_a_script_is_saved_as_one_s_own_and_never_over_another(page: Client) -> None:
    saved = page.tell("/api/save", {"name": "mine", "text": SCRIPT})
    path = shipped.user_folder("scripts") / "mine.md"
    assert path.read_text(encoding="utf-8") == SCRIPT
    assert page.tell("/api/save", {"name": "mine", "text": "other"}).status == 409
    assert page.tell("/api/save", {"name": "mine", "text": "other", "replaces": "0" * 64}).status == 409
    again = {"name": "mine", "text": SCRIPT + "More.\n", "replaces": saved.json["state"]}
    assert page.tell("/api/save", again).status == 200
    assert path.read_text(encoding="utf-8") == SCRIPT + "More.\n"
    assert page.tell("/api/save", again).status == 409  # it was changed since it was read
    assert page.tell("/api/outline", asked(script="mine")).status == 200


@pytest.mark.parametrize("name", ["../mine", "a/b", "", ".hidden", "x\0", "README", "x" * 100, "con:"])
def test_a_name_that_is_no_name_is_refused(page: Client, name: str) -> None:
    assert page.tell("/api/save", {"name": name, "text": SCRIPT}).status == 422
    assert not shipped.user_folder("scripts").exists()


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
def test_the_command_prints_the_address_and_ends_quietly() -> None:
    command = [*AS_TYPED, "studio", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        client = Client(process.stdout.readline().strip())
        assert client.ask("/").status == 200
        process.send_signal(signal.SIGINT)
        out, complaints = process.communicate(timeout=20)
    assert (process.returncode, out, complaints) == (0, "", "this page is for you alone; Ctrl-C ends it\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
def test_the_command_shares_from_the_start_where_that_is_asked_for(recorded: Path) -> None:
    command = [*AS_TYPED, "studio", "--no-browser", "--share", "--host", "127.0.0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        client = Client(process.stdout.readline().strip())
        address = next(line.strip() for line in process.stdout if line.startswith("http://"))
        assert "as a feed" in process.stdout.readline()
        assert "nothing else, with those in this network who have the address" in process.stdout.readline()
        assert client.ask("/api/share").json["shared"]["address"] == address
        assert fetched(address, "ten%20minutes.mp3") == (200, recorded.read_bytes())
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 0


def test_a_studio_that_has_nothing_to_share_says_so_and_does_not_begin() -> None:
    with pytest.raises(OutputError, match="there is no recording"):
        serve(share=True, host="127.0.0.1", ready=lambda *_: pytest.fail("it began"))


def test_a_port_that_is_taken_is_an_error_that_says_so(page: Client) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "voiceguide", "studio", "--no-browser", "--port", str(page.port)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 1
    assert run.stderr.startswith(f"error: port {page.port} can't be used")
    assert "[Errno" not in run.stderr
    assert "leave --port out" in run.stderr


def test_settings_that_can_not_be_read_end_it_with_their_error(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Path(os.environ["VOICEGUIDE_HOME"], "settings.toml")
    settings.parent.mkdir(parents=True)
    settings.write_text("bell = [[\n", encoding="utf-8")
    with pytest.raises(VoiceguideError, match="can't be read"):
        serve()


def test_the_page_is_shown_before_what_makes_sessions_is_loaded() -> None:
    code = "import sys, voiceguide.studio.server; print(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(run.stdout.split()) & {"jinja2", "mutagen", "numpy", "pydantic", "yaml"}


def test_without_its_packages_it_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(VoiceguideError, match="starlette and uvicorn") as raised:
        check_installed()
    assert raised.value.hint is not None
    assert "pip install 'voiceguide[studio]'" in raised.value.hint
