"""A person at a browser -> a recording: a page for all of this, served to this computer alone."""

import importlib.util
import sys
from collections.abc import Callable

from voiceguide.errors import VoiceguideError

__all__ = ["check_installed", "serve"]


def check_installed() -> None:
    """Raise VoiceguideError, with what to type, where the page's packages are missing."""
    missing = [name for name in ("starlette", "uvicorn") if importlib.util.find_spec(name) is None]
    if missing:
        hint = f"{sys.executable} -m pip install 'voiceguide[studio]' adds it"
        raise VoiceguideError(f"the studio needs {' and '.join(missing)}, not installed here", hint=hint)


def serve(*, port: int = 0, ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve the page until Ctrl-C; `ready` is told its address, with the token that opens it.

    Port 0 is any that is free. Raises VoiceguideError: the port is taken, or a package is missing.
    """
    check_installed()
    from voiceguide.studio.server import serve_page  # noqa: PLC0415  -- half a second that nothing else need pay

    serve_page(port, ready)
