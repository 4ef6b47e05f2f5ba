"""The studio on a port of its own, in a thread: for tests that talk to it, and for the README's pictures."""

import contextlib
import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from voiceguide.studio.server import running


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401  -- what the page reads
        return json.loads(self.body)


class Client:
    """What a browser sends for our page; each part can be another."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.address = address
        self.host, self.port = parts.hostname or "", parts.port or 0
        self.token = parts.query.partition("=")[2]

    @property
    def own(self) -> dict[str, str]:
        return {"Host": f"{self.host}:{self.port}", "Cookie": f"voiceguide-{self.port}={self.token}"}

    def send(self, method: str, path: str, body: bytes | None = None, /, **headers: str | None) -> Answer:
        """Send a request; a header of None is left out, underscores stand for dashes."""
        said = self.own | {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        with contextlib.closing(connection):
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            if body is not None and "Content-Length" not in said:
                said["Content-Length"] = str(len(body))
            for name, value in said.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            return Answer(
                status=response.status,
                headers={name.lower(): value for name, value in response.getheaders()},
                body=response.read(),
            )

    def ask(self, path: str) -> Answer:
        return self.send("GET", path)

    def tell(self, path: str, said: object = None) -> Answer:
        body = json.dumps({} if said is None else said).encode()
        return self.send("POST", path, body, Content_Type="application/json")


@contextlib.contextmanager
def studio() -> Iterator[Client]:
    with running(0, "127.0.0.1") as page:  # what is shared stays on this computer, too
        thread = threading.Thread(target=page.run)
        thread.start()
        try:
            yield Client(page.address)
        finally:
            page.server.should_exit = True
            thread.join()
