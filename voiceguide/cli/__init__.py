"""The command line: options -> one call -> what came of it, printed.

Nothing here but click and the shipped scripts' names is imported before a command runs: `--help` must be quick.
"""

import difflib
from typing import Any

import click

from voiceguide.cli import sessions, upkeep
from voiceguide.errors import VoiceguideError

_INTERRUPTED = 130
"""What shells expect of a program that was stopped with Ctrl-C: 128 and the number of the signal."""


class _Group(click.Group):
    """Commands whose errors are printed as people read them, with the exit status that goes with it."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  -- click's own signature
        try:
            return super().invoke(ctx)
        except VoiceguideError as error:
            click.echo(error.explain(), err=True)
            ctx.exit(1)
        except click.NoSuchOption as error:
            raise _with_the_nearest(error) from None
        except KeyboardInterrupt:
            click.echo("stopped; lines already spoken are kept, and nothing else was changed", err=True)
            ctx.exit(_INTERRUPTED)


def _with_the_nearest(error: click.NoSuchOption) -> click.NoSuchOption:
    """Name those near to a mistyped option, the nearest first: click sorts them, and finds likeness in their dashes."""

    def likeness(name: str) -> float:
        return difflib.SequenceMatcher(a=name.strip("-"), b=error.option_name.strip("-")).ratio()

    near = sorted(error.possibilities or (), key=likeness, reverse=True)
    *more, last = [name for name in near if likeness(name) >= _LIKE] or near[:1] or [""]
    meant = f"{', '.join(more)} or {last}" if more else last
    message = f"No such option '{error.option_name}'." + (f" Did you mean {meant}?" if meant else "")
    return click.NoSuchOption(error.option_name, message, ctx=error.ctx)


_LIKE = 0.6
"""As difflib has it."""


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="voiceguide")
def main() -> None:
    """Make voice-guided sessions: a script becomes an exactly timed MP3, offline.

    \b
    voiceguide list                              what there is
    voiceguide render back-on-mat                make one: output/back-on-mat.mp3
    voiceguide render back-on-mat --minutes 20   the same, exactly 20 minutes long
    """


for command in (*sessions.COMMANDS, *upkeep.COMMANDS):
    main.add_command(command)
