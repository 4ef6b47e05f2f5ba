"""The command `voiceguide`, also as `python -m voiceguide`."""

_INTERRUPTED = 130
"""What shells expect of a program that was stopped with Ctrl-C: 128 and the number of the signal."""


def main() -> None:
    """Run the command line, and end quietly where it is stopped before it has begun: loading it takes a moment."""
    try:
        from voiceguide.cli import main as command  # noqa: PLC0415

        command(prog_name="voiceguide")
    except KeyboardInterrupt:
        raise SystemExit(_INTERRUPTED) from None


if __name__ == "__main__":
    main()
