"""Recordings shared with phones: what can be had, and that nothing else can."""

import base64
import contextlib
import hashlib
import http.client
import ipaddress
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from strategies import trying
from test_feed import PROMISE, parsed, put
from test_page import Read

from voiceguide import OutputError
from voiceguide.cli import main
from voiceguide.durations import Ms, clock
from voiceguide.feed import find_recordings
from voiceguide.report import shared_text
from voiceguide.sharing import lan_host, share
from voiceguide.sharing.connections import MOST_WAITING, PATIENCE_SECONDS
from voiceguide.sharing.qr import qr_text
from voiceguide.sharing.server import Sharing

EVIL = '<script>alert(1)</script>" onload="x'
MINUTE = Ms(60_000)


@contextlib.contextmanager
def shared(folder: Path, host: str = "127.0.0.1", lasting: Ms = MINUTE) -> Iterator[Sharing]:
    """Share a folder from another thread, as the command does from the first."""
    with share(find_recordings(folder), title="Ours & <theirs>", host=host) as sharing:
        thread = threading.Thread(target=sharing.serve, args=[lasting])
        thread.start()
        try:
            yield sharing
        finally:
            sharing.stop()
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("output")
    put(folder / "ten minutes.mp3", day=2)
    put(folder / "evil.mp3", replace(PROMISE, title=EVIL), language="de", day=1)
    (folder / "private.txt").write_text("private")
    (folder / "music.mp3").write_text("private")
    (folder / "linked.mp3").symlink_to(folder / "private.txt")
    return folder


@pytest.fixture(scope="module")
def sharing(folder: Path) -> Iterator[Sharing]:
    with shared(folder) as sharing:
        yield sharing


@contextlib.contextmanager
def connected(sharing: Sharing) -> Iterator[socket.socket]:
    where = urlsplit(sharing.url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=15) as connection:
        yield connection


def ask(
    sharing: Sharing, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    """Send a request with the path as it is; a name without `/` is one in the shared folder."""
    where = urlsplit(sharing.url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=15)
    with contextlib.closing(connection):
        target = path if path.startswith("/") else where.path + path
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, target, body=body, headers=named)
        answer = connection.getresponse()
        return answer, answer.read()


def status(sharing: Sharing, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> int:
    return ask(sharing, path, method, body, **headers)[0].status


def test_the_page_has_every_recording_with_its_title_and_length(sharing: Sharing) -> None:
    answer, body = ask(sharing, "")
    assert answer.headers.get_content_type() == "text/html"
    read = Read(body.decode())
    assert read.texts["h1"] == ["Ours & <theirs>"] == read.texts["title"]
    assert read.texts["b"] == ["Ten minutes", EVIL]
    assert [attrs for tag, attrs in read.tags if tag == "b"] == [{"lang": "en"}, {"lang": "de"}]
    assert clock(PROMISE.length) in read.texts["span"]
    plays = [attrs["href"] for tag, attrs in read.tags if tag == "a" and attrs.get("class") == "play"]
    assert plays == [f"{sharing.url}ten%20minutes.mp3", f"{sharing.url}evil.mp3"]


def test_a_title_is_text_on_the_page_and_no_script_would_run(sharing: Sharing) -> None:
    answer, body = ask(sharing, "")
    html = body.decode()
    read = Read(html)
    assert not {tag for tag, _ in read.tags} & {"script", "iframe", "object", "form"}
    assert not any(name.startswith("on") or name == "style" for _, attrs in read.tags for name in attrs)
    policy = answer.getheader("Content-Security-Policy") or ""
    assert policy.startswith("default-src 'none'; img-src 'self';")
    (style,) = re.findall(r"<style>(.*?)</style>", html, flags=re.DOTALL)
    assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in policy
    assert "script" not in policy


def test_the_feed_leads_to_all_that_belongs_to_a_recording(sharing: Sharing, folder: Path) -> None:
    answer, body = ask(sharing, "feed.xml")
    assert answer.headers.get_content_type() == "application/rss+xml"
    assert sharing.feed_url == f"{sharing.url}feed.xml"
    episode = parsed(body)["episodes"][0]
    kinds = {
        episode["enclosures"][0]["url"]: "audio/mpeg",
        episode["chapters_json_url"]: "application/json+chapters",
        episode["transcript_url"]: "text/vtt",
        episode["episode_art_url"]: "image/png",
    }
    for address, kind in kinds.items():
        assert address.startswith(sharing.url)
        answer, body = ask(sharing, urlsplit(address).path)
        assert (answer.status, answer.headers.get_content_type()) == (200, kind)
        assert answer.getheader("X-Content-Type-Options") == "nosniff"
        assert answer.getheader("Referrer-Policy") == "no-referrer"
        assert body
    assert ask(sharing, "ten%20minutes.mp3")[1] == (folder / "ten minutes.mp3").read_bytes()


@trying(25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 50_000), st.integers(0, 50_000))
def test_any_part_can_be_had_as_players_ask_when_someone_seeks(
    sharing: Sharing, folder: Path, first: int, more: int
) -> None:
    whole = (folder / "evil.mp3").read_bytes()
    answer, body = ask(sharing, "evil.mp3", Range=f"bytes={first}-{first + more}")
    if first >= len(whole):
        assert (answer.status, answer.getheader("Content-Range")) == (416, f"bytes */{len(whole)}")
        return
    last = min(first + more, len(whole) - 1)
    assert (answer.status, answer.getheader("Content-Range")) == (206, f"bytes {first}-{last}/{len(whole)}")
    assert body == whole[first : last + 1]


def test_a_part_may_be_the_last_bytes_or_all_from_one_on(sharing: Sharing, folder: Path) -> None:
    whole = (folder / "evil.mp3").read_bytes()
    assert ask(sharing, "evil.mp3", Range="bytes=-100")[1] == whole[-100:]
    assert ask(sharing, "evil.mp3", Range="bytes=200-")[1] == whole[200:]
    answer, body = ask(sharing, "evil.mp3", Range="bytes=0-9", If_Range='"of another file"')
    assert (answer.status, body) == (200, whole)
    answer, body = ask(sharing, "evil.mp3", "HEAD")
    assert (answer.status, answer.getheader("Content-Length"), body) == (200, str(len(whole)), b"")
    assert answer.getheader("Accept-Ranges") == "bytes"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost", "127.0.0.1", "", "127.0.0.1:1"])
def test_another_name_that_was_made_to_point_here_is_refused(sharing: Sharing, host: str) -> None:
    assert status(sharing, "", Host=host) == 421


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_nothing_can_be_done_but_to_fetch(sharing: Sharing, method: str) -> None:
    assert status(sharing, "", method, Content_Type="text/plain", Origin="null") == 405


@pytest.mark.parametrize(
    "path",
    [
        "/", "/feed.xml", "/evil.mp3", "/AAAAAAAAAAAAAAAAAAAAAA/", "//etc/hostname", "private.txt", "music.mp3",
        "linked.mp3", "..%2fprivate.txt", "../private.txt", "%2e%2e/private.txt", "/..%2f..%2fetc/hostname",
        "./evil.mp3", "%65vil.mp3", "evil.mp3/", "evil.mp3%00", "EVIL.MP3", "/etc/passwd", "%ff", "\\..\\private.txt",
    ],
)  # fmt: skip
def test_nothing_else_can_be_had(sharing: Sharing, path: str) -> None:
    answer, body = ask(sharing, path)
    assert (answer.status, body) == (404, b"There is nothing here.\n")


def test_the_address_holds_a_secret_of_128_bits_of_its_own(sharing: Sharing, folder: Path) -> None:
    with share(find_recordings(folder), title="T", host="127.0.0.1") as other:
        secrets = [urlsplit(one.url).path.strip("/") for one in (sharing, other)]
    assert len(set(secrets)) == 2
    assert all(len(base64.urlsafe_b64decode(f"{secret}==")) == 16 for secret in secrets)


def test_no_body_is_taken(sharing: Sharing) -> None:
    assert status(sharing, "", body=b"x") == 413
    with connected(sharing) as connection:
        host = urlsplit(sharing.url).netloc
        head = f"GET / HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413")
    with contextlib.suppress(ConnectionError):  # it may be gone before all of it could be sent
        assert status(sharing, "", "POST", body=bytes(5_000_000)) == 405
    with connected(sharing) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


def test_slow_clients_have_to_go_and_keep_nobody_waiting(sharing: Sharing) -> None:
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connected(sharing)) for _ in range(300)]
        for connection in slow[:290]:
            with contextlib.suppress(OSError):  # dropped already, for others that wait
                connection.sendall(b"GET / HTTP/1.1\r\nHost:")
        start = time.monotonic()
        assert status(sharing, "feed.xml") == 200
        assert time.monotonic() - start < 1.5
        assert sum(map(is_open, slow)) <= MOST_WAITING
        deadline = start + PATIENCE_SECONDS + 2.5
        while any(map(is_open, slow)) and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                slow[-1].sendall(b"G")  # a byte now and then buys no time
            time.sleep(0.2)
        assert not any(map(is_open, slow))


def is_open(connection: socket.socket) -> bool:
    connection.settimeout(0)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


@pytest.mark.parametrize("change", [Path.unlink, lambda path: put(path, replace(PROMISE, title="Another"))])
def test_what_was_replaced_or_removed_is_not_given_away(tmp_path: Path, change: object) -> None:
    path = put(tmp_path / "ten.mp3")
    with shared(tmp_path) as sharing:
        assert status(sharing, "ten.mp3") == 200
        assert callable(change)
        change(path)
        answer, body = ask(sharing, "ten.mp3")
        assert (answer.status, body[:14]) == (404, b"This recording")


def test_it_ends_when_the_time_is_over_also_amid_a_download(tmp_path: Path) -> None:
    path = put(tmp_path / "ten.mp3")
    with path.open("ab") as file:
        file.truncate(80_000_000)
    found = find_recordings(tmp_path)
    with share(found, title="T", host="127.0.0.1") as sharing:
        thread = threading.Thread(target=sharing.serve, args=[Ms(700)])
        thread.start()
        with connected(sharing) as connection:
            where = urlsplit(sharing.url)
            connection.sendall(f"GET {where.path}ten.mp3 HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode())
            assert connection.recv(12) == b"HTTP/1.1 200"
            thread.join(5)
            assert not thread.is_alive()
        with pytest.raises(OSError, match="refused"), connected(sharing):
            pass


def test_its_time_can_be_changed_while_it_goes_on(folder: Path) -> None:
    with share(find_recordings(folder), title="T", host="127.0.0.1") as sharing:
        thread = threading.Thread(target=sharing.serve, args=[MINUTE])
        thread.start()
        assert status(sharing, "") == 200
        sharing.last(Ms(0))
        thread.join(5)
        assert not thread.is_alive()


def test_other_recordings_can_be_had_at_the_same_address(folder: Path, tmp_path: Path) -> None:
    put(tmp_path / "new.mp3")
    with shared(folder) as sharing:
        sharing.offer(find_recordings(tmp_path))
        assert [status(sharing, name) for name in ("new.mp3", "evil.mp3", "")] == [200, 404, 200]


def test_a_phone_s_camera_reads_the_address_from_the_terminal() -> None:
    zxingcpp = pytest.importorskip("zxingcpp", reason="the reader of QR codes is not installed")
    address = "http://[2001:db8::ffff:1]:65535/JVmAC00XkgmQU4g_acKBUw/"
    lines = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in qr_text(address).splitlines()]
    assert len(lines) <= 24
    assert {len(line) for line in lines} == {len(lines[0])}
    halves = {" ": (0, 0), "▀": (255, 0), "▄": (0, 255), "█": (255, 255)}  # white is what is drawn
    pixels = np.array([[halves[char][half] for char in line] for line in lines for half in (0, 1)], np.uint8)
    (code,) = zxingcpp.read_barcodes(np.kron(pixels, np.ones((4, 4), np.uint8)))
    assert code.text == address


def test_the_screen_says_what_is_shared_where_with_whom_and_until_when(folder: Path) -> None:
    found = find_recordings(folder)
    with share(found, title="T", host="127.0.0.1") as sharing:
        said = shared_text(found, sharing, datetime.now(UTC))
        sharing.is_public = True
        said_of_public = shared_text(found, sharing, datetime(2030, 1, 1, 8, 30, tzinfo=UTC))
    lines = said.splitlines()
    assert lines[0].split() == ["Ten", "minutes", "10:00"]
    assert "left out: music.mp3" in said
    assert sharing.url in lines
    assert "nothing else, with those in this network who have the address" in lines[-1]
    assert "until Tuesday 08:30, or Ctrl-C" in said_of_public
    assert said_of_public.endswith("with anyone on the internet who has the address")


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [("0.0.0.0", 0, "no address that a phone"), ("::", 0, "no address"), ("192.0.2.7", 0, "nothing can be shared at"),
     ("no such host", 0, "nothing can be shared at"), ("127.0.0.1", 99_999, "there is no port")],
)  # fmt: skip
def test_an_address_that_can_t_be_shared_at_is_told(folder: Path, host: str, port: int, said: str) -> None:
    with pytest.raises(OutputError, match=said) as caught:
        share(find_recordings(folder), title="T", host=host, port=port)
    assert "--host" in str(caught.value.hint)


def test_a_taken_port_is_told(sharing: Sharing, folder: Path) -> None:
    with pytest.raises(OutputError, match="in use"):
        share(find_recordings(folder), title="T", host="127.0.0.1", port=urlsplit(sharing.url).port or 0)


def test_why_nothing_can_be_shared_is_said_in_our_words(sharing: Sharing, folder: Path) -> None:
    """And what to do: an error of the system tells neither."""
    taken = urlsplit(sharing.url).port or 0
    for host, port, said in (
        ("127.0.0.1", taken, f"127.0.0.1, port {taken}: it is in use: something else listens there"),
        ("192.0.2.7", 0, "192.0.2.7: this computer has no such address"),
        ("nobody.invalid", 0, "nobody.invalid: there is no address of that name"),
    ):
        result = CliRunner().invoke(main, ["feed", str(folder), "--share", "--host", host, "--port", str(port)])
        assert result.exit_code == 1
        assert result.stderr == (
            f"error: nothing can be shared at {said}\n"
            "  leave --host out for this computer's own in its network, and --port for any that is free\n"
        )


def test_an_address_of_version_6_stands_in_brackets(folder: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with shared(folder, host="::1") as sharing:
        assert sharing.url.startswith("http://[::1]:")
        assert status(sharing, "evil.mp3", "HEAD") == 200


def test_this_computer_s_address_is_one_it_can_be_reached_at() -> None:
    try:
        own = lan_host()
    except OutputError as error:
        assert "--host" in str(error.hint)  # noqa: PT017  -- a machine without a network
        return
    version = ipaddress.ip_address(own).version
    socket.create_server((own, 0), family=socket.AF_INET if version == 4 else socket.AF_INET6).close()


def test_nothing_is_shared_for_no_time(folder: Path) -> None:
    result = CliRunner().invoke(main, ["feed", str(folder), "--share", "--for", "0s"])
    assert result.exit_code == 2
    assert "--for 1h" in result.output


def test_missing_packages_are_named_with_what_to_type(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    result = CliRunner().invoke(main, ["feed", str(folder), "--share"])
    assert result.exit_code == 1
    assert "needs segno, not installed here" in result.output
    assert "pip install 'voiceguide[studio]'" in result.output


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal there")
def test_the_command_shares_until_ctrl_c_and_ends_quietly(folder: Path) -> None:
    command = [sys.executable, "-m", "voiceguide", "feed", str(folder), "--share", "--host", "127.0.0.1", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        line = next(line for line in running.stdout if '"url"' in line)
        address = urlsplit(line.split('"')[3])
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", address.path)
            assert connection.getresponse().status == 200
        running.send_signal(signal.SIGINT)
        _, complaints = running.communicate(timeout=10)
    assert (running.returncode, complaints) == (0, "nothing is shared any more\n")
