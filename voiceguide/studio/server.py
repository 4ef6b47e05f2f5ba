"""A port of this computer -> the page, until Ctrl-C."""

import contextlib
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import uvicorn

from voiceguide.errors import VoiceguideError
from voiceguide.sharing.connections import PATIENCE_SECONDS, Impatient
from voiceguide.studio.app import Studio
from voiceguide.studio.guard import Guard
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
    studio: Studio

    def run(self) -> None:
        """Answer until the server's `should_exit`, or Ctrl-C."""
        with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it again when all is closed
            self.server.run(sockets=[self.listening])


def serve_page(port: int, host: str | None, ready: Callable[[str, Shared | None], None], *, share: bool) -> None:
    """Serve until Ctrl-C. Raises VoiceguideError: the port is taken, or what is to be shared can't be."""
    with running(port, host) as page:
        threading.Thread(target=page.studio.warm_up, daemon=True).start()
        ready(page.address, page.studio.phone.share() if share else None)
        page.run()


@contextlib.contextmanager
def running(port: int, host: str | None = None) -> Iterator[Running]:
    """Listen on a port, any if it is 0; in the end, stop what is being made and shared."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with _listening(port) as listening, contextlib.closing(Studio(host)) as studio:
        own = listening.getsockname()[1]
        config = uvicorn.Config(
            Guard(studio.app, port=own, token=token),
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
        address = f"http://{_HOST}:{own}/?token={token}"
        yield Running(address=address, server=uvicorn.Server(config), listening=listening, studio=studio)


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((_HOST, port), backlog=512)
    except (OSError, OverflowError) as error:
        hint = "leave --port out for any that is free"
        raise VoiceguideError(f"port {port} can't be used: {error}", hint=hint) from error
