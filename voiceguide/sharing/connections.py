"""A connection from the network -> a whole request soon, or its end; and why none can be waited for."""

import asyncio
import errno
import os
import socket

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE_SECONDS = 5
"""In which a whole request must come. uvicorn waits only for the next one, and for ever for the rest of one."""
MOST_WAITING = 64
"""Connections whose request has not come: with one more, whoever waited longest has to go, so that there is always room
for a client that says what it wants."""

_COMING = (h11.IDLE, h11.SEND_BODY)

_REFUSED = {
    errno.EADDRINUSE: "it is in use: something else listens there",
    errno.EACCES: "it is not yours to use, as those under 1024 often are not",
    errno.EADDRNOTAVAIL: "this computer has no such address",
}


def why_refused(error: OSError | UnicodeError | OverflowError) -> str:
    """Say why nobody can listen at a port."""
    if isinstance(error, socket.gaierror | UnicodeError):
        return "there is no address of that name"
    number = error.errno if isinstance(error, OSError) else None
    return str(error) if number is None else _REFUSED.get(number, os.strerror(number))


class Impatient(H11Protocol):
    """A connection that ends where a request does not come whole in time."""

    limit: asyncio.TimerHandle | None = None
    """Ends the connection, while a request is awaited."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self.limit = self.loop.call_later(PATIENCE_SECONDS, transport.abort)
        self._make_room()

    def _make_room(self) -> None:
        others = (one for one in self.connections if isinstance(one, Impatient))
        waiting = [(one.limit.when(), one) for one in others if one.limit]
        if len(waiting) > MOST_WAITING:
            _, longest = min(waiting, key=lambda one: one[0])
            longest.done_waiting()
            longest.transport.abort()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state not in _COMING:
            self.done_waiting()
        elif self.limit is None:
            self.limit = self.loop.call_later(PATIENCE_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self.done_waiting()
        super().connection_lost(exc)

    def done_waiting(self) -> None:
        if self.limit is not None:
            self.limit.cancel()
            self.limit = None
