"""The command `voiceguide`, also as `python -m voiceguide`."""

import atexit
import errno
import gc
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn

_INTERRUPTED = 130
"""What shells expect of a program that was stopped with Ctrl-C: 128 and the number of the signal."""
_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EIO}
"""Errors of a full disk, or one that fails, under what this prints: files' own errors name them."""
_OBJECTS = 50_000
"""After how many new ones garbage is looked for: every 700, as Python does, took a command a twentieth of its time."""


def main() -> NoReturn:
    """Run the command line, and end quietly where it is stopped before it has begun: loading it takes a moment."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start threads, which wait for work, busily
    gc.set_threshold(_OBJECTS)
    status: str | int | None = 0
    try:
        from voiceguide.cli import main as command  # noqa: PLC0415

        command(prog_name="voiceguide")
    except KeyboardInterrupt:
        status = _INTERRUPTED
    except SystemExit as end:
        status = end.code
    except OSError as error:
        if error.errno not in _UNWRITABLE or error.filename is not None:
            raise
        sys.stdout = None  # what it still holds is not tried again
        sys.stderr.write(f"error: what this says can't be written: {error.strerror}\n")
        status = 1
    _end(status)


def _end(status: str | int | None) -> NoReturn:
    """End as `sys.exit` does, but leave tidying up to the system: Python takes a fifth of a second to free its objects.

    Where a thread is to be waited for, or what was written can't be, Python ends in its own way and complains.
    """
    waited_for = [thread for thread in threading.enumerate() if not thread.daemon]
    if isinstance(status, int) and waited_for == [threading.main_thread()]:
        atexit._run_exitfuncs()  # noqa: SLF001  -- known to all who leave early, as multiprocessing does
        with suppress(OSError):
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
            os._exit(status)
    raise SystemExit(status)


if __name__ == "__main__":
    main()
