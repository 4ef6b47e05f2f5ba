"""Recordings -> the local network, for a while: under a random address, and nothing else of this computer."""

import importlib.util
import ipaddress
import socket
from typing import TYPE_CHECKING

from voiceguide.errors import OutputError, to_install

if TYPE_CHECKING:
    from voiceguide.feed import Found
    from voiceguide.sharing.server import Sharing

__all__ = ["check_installed", "lan_host", "share"]

_PACKAGES = ("segno", "starlette", "uvicorn")
_SOMEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Addresses that are nobody's (RFC 5737, RFC 3849)."""


def share(found: "Found", *, title: str, host: str | None = None, port: int = 0) -> "Sharing":
    """Listen for phones, ready to serve a folder's recordings as they are now.

    `host` is the address to listen on, that of this computer in its network unless it is given; port 0 is any that is
    free. Raises OutputError: there is no network, the address is not ours, the port is taken, a package is missing.
    """
    check_installed()
    from voiceguide.sharing.server import Sharing  # noqa: PLC0415  -- half a second that nothing else need pay

    return Sharing(found, title=title, host=host or lan_host(), port=port)


def check_installed() -> None:
    """Raise OutputError, with what to type, where the packages for sharing are missing."""
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        hint = to_install("voiceguide[studio]")
        raise OutputError(f"sharing needs {' and '.join(missing)}, not installed here", hint=hint)


def lan_host() -> str:
    """Give the address this computer has in its network. Nothing is sent. Raises OutputError: it is in none."""
    for family, somewhere in _SOMEWHERE:
        own = _own_address(family, somewhere)
        if own is not None and not ipaddress.ip_address(own).is_loopback:
            return own
    hint = "connect it to the network your phone is in, or name an address with --host"
    raise OutputError("this computer is in no network", hint=hint)


def _own_address(family: socket.AddressFamily, somewhere: str) -> str | None:
    """Give the address from which this computer would send there; None where it couldn't.

    "Connecting" a datagram socket chooses a route and sends no packet.
    """
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect((somewhere, 9))
        except OSError:
            return None
        own: str = asking.getsockname()[0]
        return own
