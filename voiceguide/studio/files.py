"""Requests for the page's own files -> those files: all it takes to show the page, before anything else is loaded."""

from collections.abc import Iterator
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_PAGE = Path(__file__).parent / "page"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FILES = {
    path.name: path for path in (*sorted(_PAGE.iterdir()), _PAGE.parent.parent / "picture.css") if path.suffix in _TYPES
}


def routes() -> Iterator[Route]:
    yield Route("/", _index)
    yield Route("/page/{name}", _own_file)


async def _index(_: Request) -> Response:
    return Response((_PAGE / "index.html").read_bytes(), media_type="text/html")


async def _own_file(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _FILES:
        raise HTTPException(404)
    path = _FILES[name]  # small, so read at once: a FileResponse waits for three threads, amid the reading of scripts
    return Response(path.read_bytes(), media_type=_TYPES[path.suffix])
