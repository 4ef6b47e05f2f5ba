"""Requests -> those of the person whose page this is: everything else is answered here, in one line.

Other pages in the same browser can send requests to this computer, and so can every program on it. So the name that was
asked for must be ours (or a stranger's name was made to point here), what a page sends must come from our own page, as
JSON, which a form can't send, and with the cookie that only the address with the token gives.
"""

import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY_BYTES = 256 * 1024
_MOST_FORGOTTEN_BYTES = 16 * MOST_BODY_BYTES

_SAFE = ("GET", "HEAD")
_OWN_SITE = ("same-origin", "none")
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_CONTENT_TOO_LARGE = 413
_TOO_LARGE = f"More than {MOST_BODY_BYTES // 1024} KiB are not taken."
_NO_TOKEN = "Open the address that `voiceguide studio` printed: it lets this browser in."  # noqa: S105  -- it is none


class Guard:
    """Let through only what our own page sends, and say to browsers what answers may do."""

    def __init__(self, app: ASGIApp, *, port: int, token: str) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        self._origins = {f"http://{host}" for host in self._hosts}
        self._token = token
        self._cookie = f"voiceguide-{port}"
        """Browsers keep one jar for all ports of a computer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            if refusal.status_code == _CONTENT_TOO_LARGE and int(headers["content-length"]) <= _MOST_FORGOTTEN_BYTES:
                await _forgotten(receive)
            await refusal(scope, receive, _marked(send))
        else:
            await self._app(scope, _counted(receive), _marked(send))

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Say why a request is not let through; None if it is."""
        if headers.getlist("host") not in [[host] for host in self._hosts]:
            return _refused(421, "This page is for this computer alone.")
        if not self._is_ours(headers):
            return _refused(403, "This came from another page.")
        if not self._is_let_in(headers):
            return self._entrance(scope) or _refused(403, _NO_TOKEN)
        if scope["method"] not in _SAFE and headers.get("content-type", "").partition(";")[0] != "application/json":
            return _refused(415, "Only JSON is taken.")
        if int(headers.get("content-length", "0")) > MOST_BODY_BYTES:  # h11 lets nothing through that is no number
            return _refused(_CONTENT_TOO_LARGE, _TOO_LARGE)
        return self._entrance(scope)

    def _is_ours(self, headers: Headers) -> bool:
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        return (origin is None or origin in self._origins) and (site is None or site in _OWN_SITE)

    def _is_let_in(self, headers: Headers) -> bool:
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return False
        return cookie is not None and secrets.compare_digest(cookie.value.encode(), self._token.encode())

    def _entrance(self, scope: Scope) -> Response | None:
        """Give the cookie to whoever has the token in the address, and take it out of there."""
        if scope["path"] != "/" or scope["method"] != "GET":
            return None
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if not secrets.compare_digest(given.encode(), self._token.encode()):
            return None
        response = RedirectResponse("/", status_code=303)
        response.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
        return response


def _refused(status: int, why: str) -> Response:
    return PlainTextResponse(f"{why}\n", status_code=status, headers={"Connection": "close"})


def _counted(receive: Receive) -> Receive:
    """Count a body as it comes: its length need not be announced."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MOST_BODY_BYTES:
            if message.get("more_body"):
                await _forgotten(receive)
            raise HTTPException(_CONTENT_TOO_LARGE, _TOO_LARGE)  # which the application answers
        return message

    return counted


async def _forgotten(receive: Receive) -> None:
    """Let the rest of a body come, if it is not all too much: closed while it comes, a connection loses our answer.

    Nobody waits long for it: a request that is not whole within seconds is dropped.
    """
    left = _MOST_FORGOTTEN_BYTES
    while left > 0:
        message = await receive()
        if not message.get("more_body"):
            return
        left -= len(message["body"])


def _marked(send: Send) -> Send:
    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return marked
