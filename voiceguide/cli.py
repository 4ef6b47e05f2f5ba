"""The command line: options -> one call -> what came of it, printed.

Nothing here but click and the shipped scripts' names is imported before a command runs: `--help` must be quick.
"""

import contextlib
import json
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from voiceguide import shipped
from voiceguide.durations import Ms, parse_clock, parse_duration, written
from voiceguide.errors import VoiceguideError

if TYPE_CHECKING:
    from voiceguide.job import Job
    from voiceguide.render import Progress

PURPOSES = ("podcast", "audiobook", "insight-timer")
FORMATS = ("mp3", "m4b", "opus", "flac", "wav")
CAPTIONS = ("vtt", "srt", "lrc")
"""As in `purposes` and `audiofile`, which a test holds them to: importing those takes longer than `--help` may."""

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
        except KeyboardInterrupt:
            click.echo("stopped; lines already spoken are kept, and nothing else was changed", err=True)
            ctx.exit(_INTERRUPTED)


class _ScriptName(click.ParamType[Path]):
    """A script's name or path."""

    name = "script"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:  # noqa: ARG002
        return value if isinstance(value, Path) else shipped.find_script(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        names = [CompletionItem(name) for name in shipped.scripts() if name.startswith(incomplete)]
        return names or [CompletionItem(incomplete, type="file")]


class _Length(click.ParamType[Ms]):
    """A length such as 20:00 or 20m."""

    name = "length"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> Ms:
        try:
            return parse_clock(value) if isinstance(value, str) else Ms(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _Duration(click.ParamType[Ms]):
    """A duration such as 30s."""

    name = "duration"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> Ms:
        try:
            return parse_duration(value) if isinstance(value, str) else Ms(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _Decibels(click.ParamType[float]):
    """A level such as -24dB."""

    name = "level"

    def __init__(self, least: float, most: float) -> None:
        self._least, self._most = least, most

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            level_db = float(value.lower().removesuffix("db")) if isinstance(value, str) else value
        except ValueError:
            self.fail(f"'{value}' is not a level; write one as in -24dB", param, ctx)
        if not self._least <= level_db <= self._most:
            self.fail(f"{level_db:g}dB is not from {self._least:g}dB to {self._most:g}dB", param, ctx)
        return level_db


class _Minutes(click.ParamType[Ms]):
    """A number of minutes."""

    name = "minutes"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> Ms:
        try:
            minutes = float(value)
        except ValueError:
            self.fail(f"'{value}' is not a number of minutes; --length takes 12:34", param, ctx)
        if not 0 < minutes <= 24 * 60:
            self.fail(f"{value} minutes can't be recorded: ask for more than none and at most a day", param, ctx)
        return Ms(round(minutes * 60_000))


class _KeyValue(click.ParamType[tuple[str, str]]):
    """A parameter and its value: KEY=VALUE."""

    name = "key=value"

    def convert(
        self, value: str | tuple[str, str], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        key, equals, text = value.partition("=")
        if not equals or not key:
            self.fail(f"'{value}' is not KEY=VALUE; `voiceguide show SCRIPT` lists the keys", param, ctx)
        return key.strip(), text


def _quiet(ctx: click.Context, _: click.Parameter, quiet: bool) -> None:  # noqa: FBT001  -- click's own signature
    ctx.meta[_QUIET] = quiet


def _verbose(_: click.Context, __: click.Parameter, verbose: bool) -> None:  # noqa: FBT001  -- click's own signature
    """Let the stages say what they do; without it they only warn."""
    logging.basicConfig(format="%(levelname)s: %(message)s", stream=sys.stderr, force=True)
    logging.getLogger("voiceguide").setLevel(logging.INFO if verbose else logging.WARNING)


_QUIET = "voiceguide.quiet"
_QUIETLY = click.option("-q", "--quiet", is_flag=True, expose_value=False, callback=_quiet, help="No progress.")
_VERBOSELY = click.option(
    "-v", "--verbose", is_flag=True, expose_value=False, callback=_verbose, help="Say what is being done."
)
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout, and nothing else there.")


def _session(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command what makes a session someone's own, as the one argument `job`."""

    @wraps(command)
    def with_job(
        *,
        values: tuple[tuple[str, str], ...],
        minutes: Ms | None,
        length: Ms | None,
        bell: str | None,
        air: str,
        **others: Any,  # noqa: ANN401  -- a job's other fields under their own names, and the command's own options
    ) -> None:
        from voiceguide.job import Job  # noqa: PLC0415

        if minutes is not None and length is not None:
            raise click.UsageError("--minutes and --length say the same thing: give one of them.")
        own = dict(values) | ({"bell": bell} if bell is not None else {})
        fields = {name: others.pop(name) for name in _JOB_FIELDS}
        target = length if minutes is None else minutes
        command(Job(values=own, target=target, air=air == "on", **fields), **others)

    for option in reversed(_SESSION_OPTIONS):
        with_job = option(with_job)
    return with_job


_SESSION_OPTIONS = (
    click.argument("script", type=_ScriptName()),
    click.option("-p", "values", type=_KeyValue(), multiple=True, help="Set one of the script's parameters."),
    click.option("--minutes", type=_Minutes(), metavar="N", help="Make it exactly N minutes long."),
    click.option("--length", type=_Length(), metavar="20:00", help="Make it exactly this long."),
    click.option("--voice", metavar="NAME", help="Who speaks: see `voiceguide voices`."),
    click.option("--rate", type=click.IntRange(60, 220), metavar="N", help="Words a minute while speaking."),
    click.option("--bell", metavar="NAME", help="Which chime rings: short for -p bell=NAME."),
    click.option(
        "--bell-level",
        "bell_level_db",
        type=_Decibels(-30, 6),
        default=0.0,
        metavar="-6dB",
        help="How much louder or softer every chime rings.",
    ),
    click.option("--bed", metavar="NAME", help="What goes on in the background, or off: see `voiceguide sounds`."),
    click.option(
        "--bed-level",
        "bed_level_db",
        type=_Decibels(-60, -6),
        metavar="-24dB",
        help="How far beds are under the voice. Default: -22dB.",
    ),
    click.option(
        "--air",
        type=click.Choice(("on", "off")),
        default="on",
        help="A breath of air under everything, or digital silence.",
    ),
    click.option(
        "--lead-in",
        type=_Duration(),
        default=Ms(0),
        metavar="30s",
        help="Time to lie down before it starts; not counted in the length.",
    ),
    click.option("--sleep", is_flag=True, help="For falling asleep: softer, no bell in the last chapter, a long fade."),
    click.option("--for", "purpose", type=click.Choice(PURPOSES), help="Loudness and bit rate as such places ask for."),
    click.option("--proof", is_flag=True, help="Cut all silences short, to listen through the words."),
    _AS_JSON,
    _QUIETLY,
    _VERBOSELY,
)


_JOB_FIELDS = (
    "script", "voice", "rate", "bell_level_db", "bed", "bed_level_db", "lead_in", "sleep", "purpose", "proof",
)  # fmt: skip
"""What an option's value becomes as it is."""


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="voiceguide")
def main() -> None:
    """Make voice-guided sessions: a script becomes an exactly timed MP3, offline.

    \b
    voiceguide list                              what there is
    voiceguide render back-on-mat                make one: output/back-on-mat.mp3
    voiceguide render back-on-mat --minutes 20   the same, exactly 20 minutes long
    """


@main.command("list")
@_AS_JSON
@_VERBOSELY
def list_scripts(*, as_json: bool) -> None:
    """List the scripts: name, title, length, language, position.

    \b
    Example: voiceguide list
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.render import read_all  # noqa: PLC0415

    listed = read_all()
    if as_json:
        _print_json(report.sources_json(listed))
    else:
        click.echo(report.sources_text(listed))


@main.command()
@_session
def show(job: "Job", *, as_json: bool) -> None:
    """Show a script's parameters and its timeline: when, in which chapter, what is heard.

    \b
    Example: voiceguide show back-on-mat --minutes 20 -p name=Ana
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.render import plan  # noqa: PLC0415

    with _progress() as progress:
        planned = plan(job, progress=progress)
    if as_json:
        _print_json(report.plan_json(planned))
    else:
        click.echo(report.plan_text(planned))


@main.command()
@_session
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="FILE-or-FOLDER", help="Default: output/")
@click.option("-f", "--format", "kind", type=click.Choice(FORMATS), help="Default: as FILE ends, or mp3.")
@click.option(
    "--vbr", is_flag=True, help="Let an MP3's bit rate vary: a smaller file, and seeking a little less exact."
)
@click.option("--captions", type=click.Choice(CAPTIONS), multiple=True, help="Write captions beside the recording.")
def render(
    job: "Job", *, out: Path | None, kind: str | None, vbr: bool, captions: tuple[str, ...], as_json: bool
) -> None:
    """Make the recording: an MP3 with chapters, or another kind of file.

    \b
    Example: voiceguide render back-on-mat --length 12:34 --bell tingsha -o morning.mp3
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.render import render as render_job  # noqa: PLC0415

    with _progress() as progress:
        asked = replace(job, out=out, format=kind, varying_rate=vbr, captions=captions)
        made = render_job(asked, progress=progress)
    if as_json:
        _print_json(report.rendered_json(made))
    else:
        click.echo(report.rendered_text(made))


@main.command()
@click.option("--language", metavar="CODE", help="Only voices that speak it.")
@_AS_JSON
@_VERBOSELY
def voices(*, language: str | None, as_json: bool) -> None:
    """List the engines and their voices, by language; an engine that does not work here says why.

    \b
    Example: voiceguide voices --language de
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.speech import Cast  # noqa: PLC0415

    with Cast() as cast:
        listing = cast.listing()
    if as_json:
        _print_json(report.voices_json(listing))
    else:
        click.echo(report.voices_text(listing, language))


@main.command()
@_AS_JSON
@_VERBOSELY
def sounds(*, as_json: bool) -> None:
    """List the chimes and beds: those that came with this, and your own.

    \b
    Example: voiceguide sounds
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.sounds import Sounds  # noqa: PLC0415

    found = Sounds().descriptions()
    if as_json:
        _print_json(report.sounds_json(found))
    else:
        click.echo(report.sounds_text(found))


@main.command()
@click.argument("name", required=False, metavar="[CODE]")
@click.option("--language", default="en", show_default=True, metavar="CODE", help="The one the point is written in.")
@_AS_JSON
@_VERBOSELY
def points(name: str | None, *, language: str, as_json: bool) -> None:
    """List the points sessions can visit, or tell all about one: where, how, how long, and what to take care of.

    \b
    Example: voiceguide points "B 23"
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.points import resolve, table  # noqa: PLC0415

    found = list(table(language).values()) if name is None else [resolve(name, language)]
    if as_json:
        _print_json(report.points_json(found))
    else:
        click.echo(report.points_text(found) if name is None else report.point_text(found[0]))


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_AS_JSON
@_VERBOSELY
def verify(files: tuple[Path, ...], *, as_json: bool) -> None:
    """Decode recordings and hold each against the plan it carries: its length, every line, every silence.

    Exit status 1 if one of them has a fault.

    \b
    Example: voiceguide verify output/back-on-mat.mp3
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.verify import verify as verify_file  # noqa: PLC0415

    verified = []
    for file in files:
        verified.append(verify_file(file))
        if not as_json:
            click.echo(report.verified_text(verified[-1]))
    if as_json:
        _print_json([report.verified_json(one) for one in verified])
    if any(one.faults for one in verified):
        click.get_current_context().exit(1)


@main.command()
@click.argument("text")
@click.option("--voice", metavar="NAME", help="Who speaks: see `voiceguide voices`.")
@click.option(
    "--rate", type=click.IntRange(60, 220), default=115, show_default=True, metavar="N", help="Words a minute."
)
@click.option("--language", metavar="CODE", help="The language of the text. Default: the voice's, or English.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), default="output/say.wav", show_default=True, metavar="FILE.wav"
)
@_QUIETLY
@_VERBOSELY
def say(text: str, voice: str | None, rate: int, language: str | None, out: Path) -> None:
    """Speak one line into a WAV file, to hear a voice.

    \b
    Example: voiceguide say "Come to the waist." --rate 100 -o line.wav
    """
    from voiceguide.render import speak_line  # noqa: PLC0415

    with _progress() as progress:
        length = speak_line(text, out, voice=voice, rate=rate, language=language, progress=progress)
    click.echo(f"{out}\n  {written(length)}")


@main.group()
def cache() -> None:
    """Look after what is kept: spoken lines and encoded sound, so that neither is made twice.

    \b
    Example: voiceguide cache info
    """


@cache.command("info")
@_AS_JSON
def cache_info(*, as_json: bool) -> None:
    """Show where the cache is and what is in it."""
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.cache import Cache  # noqa: PLC0415

    kept = Cache()
    if as_json:
        _print_json(report.cache_json(kept))
    else:
        click.echo(report.cache_text(kept))


@cache.command("verify")
def cache_verify() -> None:
    """Check every entry, and remove the damaged ones: they are made again when needed."""
    from voiceguide.cache import Cache  # noqa: PLC0415

    damaged = Cache().verify()
    click.echo(f"{len(damaged)} damaged and removed" if damaged else "every entry is sound")


@cache.command("trim")
@click.option(
    "--to", "most", type=click.IntRange(0), default=500, show_default=True, metavar="MB", help="Keep this much."
)
def cache_trim(most: int) -> None:
    """Remove what was not used for longest."""
    from voiceguide.cache import Cache  # noqa: PLC0415

    click.echo(f"{Cache().trim(most * 1_000_000)} entries removed")


@cache.command("clear")
def cache_clear() -> None:
    """Remove everything: the next recording speaks every line anew."""
    from voiceguide.cache import Cache  # noqa: PLC0415

    click.echo(f"{Cache().trim(0)} entries removed")


@contextlib.contextmanager
def _progress() -> "Iterator[Progress]":
    """Draw bars on a terminal's stderr, and nothing anywhere else."""
    if click.get_current_context().meta.get(_QUIET) or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415
    from rich.progress import TaskID  # noqa: PLC0415

    tasks: dict[str, TaskID] = {}
    with Bars(console=Console(stderr=True), transient=True) as bars:

        def draw(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield draw


def _print_json(data: object) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))
