"""A folder's recordings -> a server that gives them, their feed and a page to whoever has its address, until it ends.

What can be asked for is a table made beforehand. No path is ever made of what a client sends.
"""

import asyncio
import contextlib
import ipaddress
import math
import secrets
import socket
import time
from types import TracebackType
from typing import Self

import uvicorn
from starlette.datastructures import Headers
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from voiceguide import feed
from voiceguide.durations import Ms
from voiceguide.errors import OutputError
from voiceguide.feed import Found, Recording
from voiceguide.sharing.connections import PATIENCE_SECONDS, Impatient, why_refused
from voiceguide.sharing.page import POLICY, page
from voiceguide.sharing.qr import qr_svg, qr_text

_TOKEN_BYTES = 16
"""128 bits: nobody guesses them."""
_SAFE = ("GET", "HEAD")
_NO_MATTER_WHAT = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "private",
}
_TEXT_ALONE = {"Content-Security-Policy": "default-src 'none'"}


class Sharing:
    """A port of this computer on which recordings can be had; closed when it is left."""

    def __init__(self, found: Found, *, title: str, host: str, port: int) -> None:
        self.host = host
        self._title = title
        self._listening = _listening(host, port)
        shown = f"[{host}]" if ":" in host else host
        authority = f"{shown}:{self._listening.getsockname()[1]}"
        self._folder = f"/{secrets.token_urlsafe(_TOKEN_BYTES)}/"
        self.url = f"http://{authority}{self._folder}"
        """The address of the page."""
        self.is_public = ipaddress.ip_address(self._listening.getsockname()[0]).is_global
        """Whether the address can be reached from outside of the network."""
        self._shelf = _Shelf(host=authority)
        self.offer(found)
        config = uvicorn.Config(
            self._shelf,
            http=Impatient,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=PATIENCE_SECONDS,
        )
        self._server = _Server(config)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listening.close()

    @property
    def qr_text(self) -> str:
        """The page's address, as a phone's camera reads it from a terminal."""
        return qr_text(self.url)

    @property
    def qr_svg(self) -> str:
        """The same for a page."""
        return qr_svg(self.url)

    @property
    def feed_url(self) -> str:
        return feed.address(self.url, feed.NAME)

    def offer(self, found: Found) -> None:
        """Let these recordings be had instead of those before, at the same address."""
        table = _table(found, self.url, self._title)
        self._shelf.table = {self._folder + name: given for name, given in table.items()}

    def last(self, lasting: Ms) -> None:
        """Let it end so long from now."""
        self._server.ends = time.monotonic() + lasting / 1000

    def serve(self, lasting: Ms) -> None:
        """Serve for so long, or until it is stopped; in a program's first thread by Ctrl-C too."""
        self.last(lasting)
        with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it again when all is closed
            asyncio.run(self._server.serve(sockets=[self._listening]))

    def stop(self) -> None:
        """End what goes on, within a fraction of a second."""
        self._server.should_exit = True


class _Server(uvicorn.Server):
    """Ends when its time is over, and when it is told to: uvicorn's would wait for the slowest phone."""

    ends: float = math.inf
    """When its time is over, by the monotonic clock: in seconds."""

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or time.monotonic() >= self.ends

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in self.server_state.connections:
            connection.transport.abort()
        await super().shutdown(sockets)


class _Shelf:
    """Answers a request with what stands in its table, and says no to everything else."""

    def __init__(self, *, host: str) -> None:
        self.table: dict[str, Recording | Response] = {}
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._refusal(scope) or self._answer(scope)
        answer.headers.update(_NO_MATTER_WHAT)
        await answer(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        """Say why a request is not looked at; None if it is."""
        headers = Headers(scope=scope)
        if headers.getlist("host") != [self._host]:  # a stranger's name that was made to point here
            return _refused(421, "This is not the address that was shared.")
        if scope["method"] not in _SAFE:
            return _refused(405, "Recordings can be had, and nothing else be done.", Allow=", ".join(_SAFE))
        if "transfer-encoding" in headers or int(headers.get("content-length", "0")):  # h11 sees that it is a number
            return _refused(413, "Nothing is taken.")
        return None

    def _answer(self, scope: Scope) -> Response:
        found = self.table.get(scope["raw_path"].decode("latin-1"))
        match found:
            case Recording():
                return _as_it_was(found) or _refused(404, "This recording was made anew or taken away: share it again.")
            case Response():
                return found
        return _refused(404, "There is nothing here.")


def _table(found: Found, url: str, title: str) -> dict[str, Recording | Response]:
    """Give all that can be had, by the last part of its address; nothing is the page."""
    table: dict[str, Recording | Response] = {
        "": Response(
            page(found.recordings, url, title), media_type="text/html", headers={"Content-Security-Policy": POLICY}
        ),
        feed.NAME: _text(feed.feed_xml(found.recordings, url, title=title), "application/rss+xml"),
    }
    for recording in found.recordings:
        table[feed.address("", recording.path.name)] = recording
        table |= {feed.address("", side.name): _text(side.body, side.type) for side in recording.beside}
    return table


def _text(body: bytes, kind: str) -> Response:
    return Response(body, media_type=kind, headers=_TEXT_ALONE)


def _as_it_was(recording: Recording) -> Response | None:
    """Give a recording; None if there is another file under its name, for which nobody asked."""
    try:
        status = recording.path.lstat()
    except OSError:
        return None
    if feed.state_of(status) != recording.state:
        return None
    return FileResponse(recording.path, media_type="audio/mpeg", stat_result=status)


def _refused(status: int, why: str, **headers: str) -> Response:
    return PlainTextResponse(f"{why}\n", status_code=status, headers=_TEXT_ALONE | headers | {"Connection": "close"})


def _listening(host: str, port: int) -> socket.socket:
    hint = "leave --host out for this computer's own in its network, and --port for any that is free"
    if port not in range(65_536):
        raise OutputError(f"there is no port {port}", hint=hint)
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        if family not in (socket.AF_INET, socket.AF_INET6) or where[0] in ("0.0.0.0", "::"):  # noqa: S104  -- refused
            raise OutputError(f"'{host}' is no address that a phone could open", hint=hint)
        return socket.create_server((where[0], port), family=family, backlog=512)
    except (OSError, UnicodeError) as error:
        there = f"{host}, port {port}" if port else host
        raise OutputError(f"nothing can be shared at {there}: {why_refused(error)}", hint=hint) from error
