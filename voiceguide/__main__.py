"""The command `voiceguide`, also as `python -m voiceguide`."""

import gc
import os

_INTERRUPTED = 130
"""What shells expect of a program that was stopped with Ctrl-C: 128 and the number of the signal."""
_OBJECTS = 50_000
"""After how many new ones garbage is looked for: every 700, as Python does, took a command a twentieth of its time."""


def main() -> None:
    """Run the command line, and end quietly where it is stopped before it has begun: loading it takes a moment."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start threads, which wait for work, busily
    gc.set_threshold(_OBJECTS)
    try:
        from voiceguide.cli import main as command  # noqa: PLC0415

        command(prog_name="voiceguide")
    except KeyboardInterrupt:
        raise SystemExit(_INTERRUPTED) from None


if __name__ == "__main__":
    main()
