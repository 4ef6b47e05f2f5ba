"""A person at a browser -> a recording: a page for all of this, served to this computer alone."""

import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING

from voiceguide.errors import VoiceguideError, to_install

if TYPE_CHECKING:
    from voiceguide.studio.phone import Shared

__all__ = ["check_installed", "serve"]


def check_installed() -> None:
    """Raise VoiceguideError, with what to type, where the page's packages are missing."""
    missing = [name for name in ("starlette", "uvicorn") if importlib.util.find_spec(name) is None]
    if missing:
        hint = to_install("voiceguide[studio]")
        raise VoiceguideError(f"the studio needs {' and '.join(missing)}, not installed here", hint=hint)


def serve(
    *,
    port: int = 0,
    share: bool = False,
    host: str | None = None,
    ready: Callable[[str, "Shared | None"], None] = lambda _address, _shared: None,
) -> None:
    """Serve the page until Ctrl-C; `ready` is told its address, with the token that opens it, and what is shared.

    Port 0 is any that is free. With `share` phones can have the recordings from the start, at the address `host` of
    this computer, that in its network unless it is given. Raises VoiceguideError: the port is taken, a package is
    missing, there is nothing to share or no network.
    """
    check_installed()
    from voiceguide.studio.server import serve_page  # noqa: PLC0415  -- half a second that nothing else need pay

    serve_page(port, host, ready, share=share)
