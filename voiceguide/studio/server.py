"""A port of this computer -> the page, until Ctrl-C.

The page is shown while all that makes sessions is still being loaded; what it asks for meanwhile waits.
"""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from voiceguide.errors import VoiceguideError
from voiceguide.sharing.connections import PATIENCE_SECONDS, Impatient, why_refused
from voiceguide.studio import files
from voiceguide.studio.guard import Guard

if TYPE_CHECKING:
    from voiceguide.studio.app import Studio
    from voiceguide.studio.phone import Shared

_HOST = "127.0.0.1"
_TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A studio that listens, and answers once `run` is called."""

    address: str
    """With the token that opens it."""
    server: uvicorn.Server
    listening: socket.socket
    studio: "Future[Studio]"

    def run(self) -> None:
        """Answer until the server's `should_exit`, or Ctrl-C. Raises VoiceguideError if the studio can't be opened."""
        with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it again when all is closed
            self.server.run(sockets=[self.listening])
        if self.studio.done():
            self.studio.result()


def serve_page(port: int, host: str | None, ready: "Callable[[str, Shared | None], None]", *, share: bool) -> None:
    """Serve until Ctrl-C. Raises VoiceguideError: the port is taken, or what is to be shared can't be."""
    with running(port, host) as page:
        ready(page.address, page.studio.result().phone.share() if share else None)
        page.run()


@contextlib.contextmanager
def running(port: int, host: str | None = None) -> Iterator[Running]:
    """Listen on a port, any if it is 0; in the end, stop what is being made and shared."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with _listening(port) as listening, _loading(host) as studio:
        own = listening.getsockname()[1]
        app = Starlette(routes=[*files.routes(), Mount("/", app=_Late(studio))])
        config = uvicorn.Config(
            Guard(app, port=own, token=token),
            http=Impatient,
            ws="none",
            lifespan="off",
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=PATIENCE_SECONDS,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)

        def given_up(loaded: "Future[Studio]") -> None:
            server.should_exit |= loaded.exception() is not None

        studio.add_done_callback(given_up)
        address = f"http://{_HOST}:{own}/?token={token}"
        yield Running(address=address, server=server, listening=listening, studio=studio)


@contextlib.contextmanager
def _loading(host: str | None) -> "Iterator[Future[Studio]]":
    """Open the studio in a thread, which goes on to read the scripts; close it in the end."""
    with ThreadPoolExecutor(1) as thread:
        studio = thread.submit(_opened, host)
        thread.submit(lambda: studio.result().warm_up())
        try:
            yield studio
        finally:
            if studio.exception() is None:
                studio.result().close()


def _opened(host: str | None) -> "Studio":
    from voiceguide.studio.app import Studio  # noqa: PLC0415  -- half a second, in which the page can be shown

    return Studio(host)


class _Late:
    """The studio's application, once there is one."""

    def __init__(self, studio: "Future[Studio]") -> None:
        self._studio = studio

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        studio = await asyncio.wrap_future(self._studio)
        await studio.app(scope, receive, send)


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((_HOST, port), backlog=512)
    except (OSError, OverflowError) as error:
        hint = "leave --port out for any that is free"
        raise VoiceguideError(f"port {port} can't be used: {why_refused(error)}", hint=hint) from error
