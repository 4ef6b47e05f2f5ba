"""The folder of recordings -> the phones of this network, for an hour: once somebody asks for it, and never else."""

import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from voiceguide.durations import Ms
from voiceguide.errors import OutputError
from voiceguide.feed import Found, find_recordings
from voiceguide.sharing import lan_host, share

if TYPE_CHECKING:
    from voiceguide.sharing.server import Sharing

_LASTING = Ms(3_600_000)
_TITLE = "Guided sessions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What phones can have, where, and until when."""

    found: Found
    sharing: "Sharing"
    serving: threading.Thread
    until: datetime


class Phone:
    """Shares a folder, at one address at a time. Safe for many threads."""

    def __init__(self, folder: Path, host: str | None = None) -> None:
        """`host` is the address to share at, that of this computer in its network unless it is given."""
        self._folder = folder
        self._host = host
        self._lock = threading.Lock()
        self._shared: Shared | None = None

    def share(self) -> Shared:
        """Share the recordings there are now, for an hour from now; what is shared already keeps its address.

        Raises OutputError: there is no recording, no network, or a package is missing.
        """
        with self._lock:
            found, host = _found(self._folder), self._host or _own_host()
            shared = self._going_on()
            if shared is None or shared.sharing.host != host:  # an address of another network is worth nothing here
                self._end()
                self._shared = _begun(found, host)
            else:
                shared.sharing.offer(found)
                shared.sharing.last(_LASTING)
                self._shared = replace(shared, found=found, until=_end_of_an_hour())
            return self._shared

    def shared(self) -> Shared | None:
        """Say what is shared now."""
        with self._lock:
            return self._going_on()

    def close(self) -> None:
        """Share nothing any more."""
        with self._lock:
            self._end()

    def _going_on(self) -> Shared | None:
        return self._shared if self._shared and self._shared.serving.is_alive() else None

    def _end(self) -> None:
        if self._shared is not None:
            self._shared.sharing.stop()
            self._shared.serving.join()
            self._shared = None


def _begun(found: Found, host: str) -> Shared:
    sharing = share(found, title=_TITLE, host=host)

    def serve() -> None:
        with sharing:
            sharing.serve(_LASTING)

    serving = threading.Thread(target=serve, name="sharing")
    serving.start()
    return Shared(found=found, sharing=sharing, serving=serving, until=_end_of_an_hour())


def _end_of_an_hour() -> datetime:
    return datetime.now().astimezone() + timedelta(milliseconds=_LASTING)


def _found(folder: Path) -> Found:
    try:
        return find_recordings(folder)
    except OutputError as error:
        hint = "make a session's recording first: an MP3 is what phones can have"
        raise OutputError("there is no recording for your phone yet", hint=hint) from error


def _own_host() -> str:
    try:
        return lan_host()
    except OutputError as error:
        hint = "connect it to the network that your phone is in, and try again"
        raise OutputError(error.message, hint=hint) from error
