"""The command line: options -> one call -> what came of it, printed.

Nothing here but click and the shipped scripts' names is imported before a command runs: `--help` must be quick.
"""

import contextlib
import json
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from voiceguide import shipped
from voiceguide.durations import Ms, parse_clock, parse_duration, written
from voiceguide.errors import VoiceguideError

if TYPE_CHECKING:
    from voiceguide.feed import Found
    from voiceguide.job import Job
    from voiceguide.player import Watcher
    from voiceguide.render import Progress
    from voiceguide.settings import Preset, Settings, Wishes

PURPOSES = ("podcast", "audiobook", "insight-timer")
FORMATS = ("mp3", "m4b", "opus", "flac", "wav")
CAPTIONS = ("vtt", "srt", "lrc")
PLAYERS = ("mpv", "miniaudio", "system")
"""As in `purposes`, `audiofile` and `player`, as tests see to: importing those takes longer than `--help` may."""

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


class _Seed(click.ParamType[int | None]):
    """A number, a day, or today."""

    name = "seed"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        if isinstance(value, int) or value.isdecimal():
            return int(value)
        if value == "today":
            return None
        try:
            return date.fromisoformat(value).toordinal()
        except ValueError:
            self.fail(f"'{value}' is neither a number nor a day such as 2026-11-22", param, ctx)


class _PresetName(click.ParamType[str]):
    """A preset's name."""

    name = "preset"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        from voiceguide.settings import read_settings  # noqa: PLC0415

        try:
            presets = read_settings().presets
        except VoiceguideError:
            return []  # what is wrong with the settings is told when a command needs them
        return [CompletionItem(name) for name in presets if name.startswith(incomplete)]


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
        script: Path | None,
        language: str | None,
        preset: str | None,
        save_preset: str | None,
        **options: Any,  # noqa: ANN401  -- what is asked of a session, and the command's own options
    ) -> None:
        from voiceguide.job import Job  # noqa: PLC0415
        from voiceguide.settings import over, read_settings, save_as_preset  # noqa: PLC0415

        asked = _asked(options)
        settings = read_settings()
        chosen = None if preset is None else settings.preset(preset)
        if save_preset is not None and save_preset != preset:
            settings.check_free(save_preset)
        found = _in_language(_script(script, chosen), language, settings)
        job = Job.from_settings(settings, found, chosen, **asked)
        if language is not None and job.name is not None:
            job = replace(job, name=f"{job.name}-{language}")
        command(job, **options)
        if save_preset is not None:
            wishes = over(asked, chosen.wishes) if chosen else asked
            save_as_preset(save_preset, shipped.lasting_name(found), wishes)
            click.echo(f"kept as a preset: voiceguide render --preset {save_preset}", err=True)

    for option in reversed(_SESSION_OPTIONS):
        with_job = option(with_job)
    return with_job


def _asked(options: dict[str, Any]) -> "Wishes":
    """Take what is asked of a session out of a command's options: what was typed, and not what holds anyway."""
    from voiceguide.settings import Wishes  # noqa: PLC0415

    minutes, length, bell = (options.pop(name) for name in ("minutes", "length", "bell"))
    if minutes is not None and length is not None:
        raise click.UsageError("--minutes and --length say the same thing: give one of them.")
    options["target"] = length if minutes is None else minutes
    options["air"] = options["air"] == "on"
    options["values"] = dict(options["values"]) | ({"bell": bell} if bell is not None else {})
    wishes = Wishes()
    for name in (name for name in Wishes.__annotations__ if name in options):
        value = options.pop(name)
        if value if name in {"target", "values"} else _was_typed(name):
            wishes[name] = value  # type: ignore[literal-required]  # the options have the names of wishes
    return wishes


def _was_typed(name: str) -> bool:
    return click.get_current_context().get_parameter_source(name) not in {None, ParameterSource.DEFAULT}


def _script(given: Path | None, preset: "Preset | None") -> Path:
    """Give the script that was named, or that of the preset."""
    own = preset.script if preset else None
    if given is None and own is None:
        raise click.UsageError("Missing argument 'SCRIPT': name one, or a --preset that has one.")
    script = given or shipped.find_script(str(own))
    if preset and own and script.resolve() != shipped.find_script(own).resolve():
        raise click.UsageError(f"the preset '{preset.name}' is one of '{own}': leave SCRIPT out.")
    return script


def _in_language(script: Path, asked: str | None, settings: "Settings") -> Path:
    """Give a script in the language that was asked for, or if there is one in that of the settings."""
    if asked is not None:
        return shipped.in_language(script, asked)
    if settings.language is None or shipped.language_folder(script) or script not in shipped.scripts().values():
        return script  # it was named in a language, or by its path
    return shipped.languages(script).get(settings.language, script)


_SESSION_OPTIONS = (
    click.argument("script", type=_ScriptName(), required=False),
    click.option("--preset", type=_PresetName(), metavar="NAME", help="As you kept it: see `voiceguide settings`."),
    click.option(
        "--save-preset",
        metavar="NAME",
        help="Keep script and options under a name; recordings of --preset NAME are called output/NAME.mp3.",
    ),
    click.option("-p", "values", type=_KeyValue(), multiple=True, help="Set one of the script's parameters."),
    click.option("--minutes", type=_Minutes(), metavar="N", help="Make it exactly N minutes long."),
    click.option("--length", type=_Length(), metavar="20:00", help="Make it exactly this long."),
    click.option("--seed", type=_Seed(), metavar="N|DAY", help="Which wordings, by a number or day. Default: today."),
    click.option("--voice", metavar="NAME", help="Who speaks: see `voiceguide voices`."),
    click.option("--rate", type=click.IntRange(60, 220), metavar="N", help="Words a minute while speaking."),
    click.option("--language", metavar="CODE", help="In which language: see `voiceguide list`."),
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
    click.option("--sleep/--no-sleep", help="For falling asleep: softer, no bell in the last chapter, a long fade."),
    click.option("--for", "purpose", type=click.Choice(PURPOSES), help="Loudness and bit rate as such places ask for."),
    click.option("--proof", is_flag=True, help="Cut all silences short, to listen through the words."),
    _AS_JSON,
    _QUIETLY,
    _VERBOSELY,
)


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
    """List the scripts: name, title, length, languages, position.

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
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE.html", help="Write it as a page to print.")
@click.option("--svg", type=click.Path(path_type=Path), metavar="FILE.svg", help="Write it as a picture.")
def show(job: "Job", *, html: Path | None, svg: Path | None, as_json: bool) -> None:
    """Show a script's parameters and its timeline: when, in which chapter, what is heard.

    \b
    Example: voiceguide show back-on-mat --minutes 20 -p name=Ana
    """
    from voiceguide import page, picture, report  # noqa: PLC0415
    from voiceguide.render import plan  # noqa: PLC0415

    if html is not None:
        page.check_page(html)
    if svg is not None:
        picture.check_picture(svg)
    with _progress() as progress:
        planned = plan(job, progress=progress)
    if html is not None:
        page.write_page(planned, html)
    if svg is not None:
        picture.write_picture(planned, svg)
    if as_json:
        _print_json(report.plan_json(planned))
    else:
        files = [str(file) for file in (html, svg) if file is not None]
        click.echo("\n".join(files) if files else report.plan_text(planned))


@main.command()
@_session
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="FILE-or-FOLDER", help="Default: output/")
@click.option("-f", "--format", type=click.Choice(FORMATS), help="Default: as FILE ends, or mp3.")
@click.option(
    "--vbr/--no-vbr",
    "varying_rate",
    help="Let an MP3's bit rate vary: a smaller file, and seeking a little less exact.",
)
@click.option("--captions", type=click.Choice(CAPTIONS), multiple=True, help="Write captions beside the recording.")
def render(job: "Job", *, as_json: bool) -> None:
    """Make the recording: an MP3 with chapters, or another kind of file.

    \b
    Example: voiceguide render back-on-mat --length 12:34 --bell tingsha -o morning.mp3
    To keep: voiceguide render evening --minutes 20 --bell tingsha --save-preset at-home
    And use: voiceguide render --preset at-home
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.render import render as render_job  # noqa: PLC0415

    with _progress() as progress:
        made = render_job(job, progress=progress)
    if as_json:
        _print_json(report.rendered_json(made))
    else:
        click.echo(report.rendered_text(made))


@main.command()
@_session
@click.option(
    "--from",
    "start",
    metavar="TIME-or-CHAPTER",
    help="Where to begin: start, 5:00, or the title of a chapter. Default: where it was stopped.",
)
@click.option("--with", "player", type=click.Choice(PLAYERS), help="What plays it. Default: the first that is there.")
def play(job: "Job", *, start: str | None, player: str | None, as_json: bool) -> None:
    """Make a session's recording, if anything of it changed, and play it; or play a recording you have.

    SCRIPT may be a recording, too. It goes on where it was stopped; once it was heard to its end it begins anew, as it
    does with --from start. Space pauses, left and right go 10 s, up and down to another chapter, q ends.

    \b
    Example: voiceguide play back-on-mat --from "The waist"
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.cache import Cache  # noqa: PLC0415
    from voiceguide.player import ended_by_signals, kept_place, open_player, read_recording  # noqa: PLC0415
    from voiceguide.player import play as play_recording  # noqa: PLC0415

    cache = Cache()
    recording = read_recording(_recording(job))
    moment = kept_place(recording, cache) if start is None else recording.moment_of(start)
    quiet = as_json or bool(click.get_current_context().meta.get(_QUIET))
    if moment and start is None and not quiet:
        click.echo(report.resumed_text(moment), err=True)
    with (
        ended_by_signals(),
        contextlib.closing(open_player(recording, moment, player)) as opened,
        _watcher(quiet=quiet) as watcher,
    ):
        played = play_recording(recording, opened, watcher, cache)
    if as_json:
        _print_json(report.played_json(played))
    elif played.goes_on and not quiet:
        click.echo(report.stopped_text(played), err=True)


def _recording(job: "Job") -> Path:
    """Give the recording that was named, or make that of a script."""
    from voiceguide.job import Job  # noqa: PLC0415
    from voiceguide.settings import read_settings  # noqa: PLC0415
    from voiceguide.soundfiles import is_sound  # noqa: PLC0415

    if is_sound(job.script.name):
        if job != Job.from_settings(read_settings(), job.script):
            raise click.UsageError(f"'{job.script}' is a recording: leave out what would make it another one.")
        return job.script
    from voiceguide.render import render as render_job  # noqa: PLC0415

    with _progress() as progress:
        return render_job(replace(job, format=None, captions=()), progress=progress).path


def _watcher(*, quiet: bool) -> "contextlib.AbstractContextManager[Watcher]":
    """Draw on a terminal, write lines anywhere else, and neither if nothing is to be said."""
    from voiceguide.player import Printed, Screen, shows_and_asks  # noqa: PLC0415

    if quiet:
        return contextlib.nullcontext(Printed(lambda _: None))
    return Screen() if shows_and_asks() else contextlib.nullcontext(Printed(click.echo))


@main.command()
@click.argument("name")
@click.option("--from", "source", type=_ScriptName(), metavar="SCRIPT", help="Copy this script; its parts stay shared.")
@click.option(
    "--import", "text", type=click.File(encoding="utf-8-sig"), metavar="FILE", help="Make it of a text; - is stdin."
)
@click.option("--language", default="en", show_default=True, metavar="CODE", help="Of the text that is imported.")
def new(name: str, source: Path | None, text: TextIO | None, language: str) -> None:
    """Write a script to start from: scripts/NAME.md, or the path you give. What is there already stays as it is.

    It has a comment on everything; --from copies one that you know. --import takes a text with its headings, and
    directions such as "(pause 10 seconds)", "... silence for a minute ..." or "*gong*", for cues.

    \b
    Example: voiceguide new evening-at-home --from evening
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.new import start_script  # noqa: PLC0415

    if source is not None and text is not None:
        raise click.UsageError("--from and --import both say what it is made of: give one of them.")
    try:
        pasted = None if text is None else text.read()
    except UnicodeDecodeError as error:
        raise click.UsageError(f"'{text.name if text else ''}' is not UTF-8 text: save it as UTF-8.") from error
    click.echo(report.started_text(start_script(name, source=source, text=pasted, language=language)))


@main.command()
@click.option("--language", metavar="CODE", help="Only voices that speak it.")
@click.option("--fetch", type=click.Choice(["kokoro"]), help="Download the voices of this engine, and list them.")
@_AS_JSON
@_VERBOSELY
def voices(*, language: str | None, fetch: str | None, as_json: bool) -> None:
    """List the engines and their voices, by language; an engine that does not work here says why.

    --fetch downloads natural voices for Italian, French, Spanish and more: 120 MB, once. The extra `kokoro` speaks
    with them.

    \b
    Example: voiceguide voices --language de
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.speech import Cast  # noqa: PLC0415
    from voiceguide.speech.kokoro import fetch_weights  # noqa: PLC0415

    if fetch:
        with _progress() as progress:
            fetch_weights(progress)
    with Cast() as cast:
        listing = tuple(one for one in cast.listing() if fetch in {None, one.engine})
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
@click.argument("named", nargs=-1, type=_ScriptName(), metavar="[SCRIPT]...")
@click.option("--strict", is_flag=True, help="Exit with status 1 for a warning, too.")
@_AS_JSON
@_VERBOSELY
def check(named: tuple[Path, ...], *, strict: bool, as_json: bool) -> None:
    """Find what is wrong with scripts, and what would disturb or harm a listener. Without SCRIPT: all that have a name.

    Exit status 1 if one of them can't be rendered. A warning can be silenced in the script: allow: {rule: reason}.

    \b
    Example: voiceguide check evening.md
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.check import check as check_script  # noqa: PLC0415

    checked = [check_script(path) for path in named or shipped.scripts().values()]
    if as_json:
        _print_json([report.checked_json(one) for one in checked])
    else:
        click.echo(report.checked_text(checked, verbose=logging.getLogger("voiceguide").isEnabledFor(logging.INFO)))
    if any(one.errors or (strict and one.findings) for one in checked):
        click.get_current_context().exit(1)


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
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--url", metavar="ADDRESS", help="Where the folder can be reached: write feed.xml into it.")
@click.option(
    "--share", is_flag=True, help="Let phones in this network have the recordings, by an address and QR code."
)
@click.option("--title", default="Guided sessions", show_default=True, metavar="TEXT", help="Of the feed or page.")
@click.option("--for", "lasting", type=_Duration(), default="1h", show_default=True, help="How long to share.")
@click.option(
    "--host", metavar="ADDRESS", help="Share at this address of this computer. Default: the one in its network."
)
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=0, metavar="N", help="Share there. Default: any free one."
)
@_AS_JSON
def feed(
    folder: Path | None,
    *,
    url: str | None,
    share: bool,
    title: str,
    lasting: Ms,
    as_json: bool,
    **where: Any,  # noqa: ANN401  -- as `sharing` takes it
) -> None:
    """Make a podcast of a folder of recordings, or share them with your phone. Without FOLDER: output.

    With --url, feed.xml is written into the folder, and beside each recording its chapters, words and cover: put the
    folder where ADDRESS is. With --share nothing is written; whoever is in your network and has the address can have
    the recordings, until the time is over or you press Ctrl-C.

    \b
    Example: voiceguide feed --share
    Podcast: voiceguide feed --url https://example.org/sessions/
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.feed import find_recordings, write_feed  # noqa: PLC0415
    from voiceguide.settings import read_settings  # noqa: PLC0415

    if (url is None) is not share:
        raise click.UsageError("Give --url ADDRESS for a feed, or --share for your phone: one of them.")
    found = find_recordings(folder or read_settings().wishes.get("out", Path("output")))
    if url is None:
        _share(found, title, lasting, as_json=as_json, **where)
    elif as_json:
        _print_json(report.feed_json(found, write_feed(found, url, title=title)))
    else:
        click.echo(report.feed_text(found, write_feed(found, url, title=title)))


def _share(found: "Found", title: str, lasting: Ms, *, as_json: bool, **where: Any) -> None:  # noqa: ANN401  -- as above
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.sharing import share  # noqa: PLC0415

    with share(found, title=title, **where) as sharing:
        until = datetime.now().astimezone() + timedelta(milliseconds=lasting)
        if as_json:
            _print_json(report.shared_json(found, sharing, until))
        else:
            click.echo(report.shared_text(found, sharing, until))
        sharing.serve(lasting)
    click.echo("nothing is shared any more", err=True)


@main.command()
@click.argument("text")
@click.option("--voice", metavar="NAME", help="Who speaks: see `voiceguide voices`.")
@click.option("--rate", type=click.IntRange(60, 220), metavar="N", help="Words a minute. Default: 115.")
@click.option("--language", metavar="CODE", help="The language of the text. Default: the voice's, or English.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), default="output/say.wav", show_default=True, metavar="FILE.wav"
)
@_QUIETLY
@_VERBOSELY
def say(text: str, voice: str | None, rate: int | None, language: str | None, out: Path) -> None:
    """Speak one line into a WAV file, to hear a voice.

    \b
    Example: voiceguide say "Come to the waist." --rate 100 -o line.wav
    """
    from voiceguide.render import speak_line  # noqa: PLC0415
    from voiceguide.settings import read_settings  # noqa: PLC0415

    usual = read_settings()
    with _progress() as progress:
        length = speak_line(
            text,
            out,
            voice=voice,
            rate=rate or usual.wishes.get("rate", 115),
            language=language,
            voices=usual.voices,
            lexicon=usual.lexicon,
            progress=progress,
        )
    click.echo(f"{out}\n  {written(length)}")


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Default: any that is free.")
@click.option("--browser/--no-browser", default=True, help="Open the page in the browser, or only print its address.")
@_VERBOSELY
def studio(*, port: int, browser: bool) -> None:
    """Open a page for all of this in the browser; it is served to this computer alone, until Ctrl-C.

    \b
    Example: voiceguide studio
    """
    from voiceguide.studio import serve  # noqa: PLC0415

    def ready(address: str) -> None:
        click.echo(address)
        click.echo("this page is for you alone; Ctrl-C ends it", err=True)
        if browser:
            click.launch(address)

    serve(port=port, ready=ready)


@main.group(invoke_without_command=True)
@_AS_JSON
@click.pass_context
def settings(ctx: click.Context, *, as_json: bool) -> None:
    """Show what you usually want and where that stands, or change it: of every session, and your presets.

    What is on the command line goes before a preset, a preset before the settings, and these before a script.

    \b
    Example: voiceguide settings set bell tingsha
    """
    if ctx.invoked_subcommand is not None:
        return
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.settings import read_settings  # noqa: PLC0415

    found = read_settings()
    if as_json:
        _print_json(report.settings_json(found))
    else:
        click.echo(report.settings_text(found))


@settings.command("set", context_settings={"ignore_unknown_options": True})  # `-6dB` is none
@click.argument("key")
@click.argument("value")
def settings_set(key: str, value: str) -> None:
    """Set what is so from now on, such as voices.de, params.name or presets.NAME.minutes.

    \b
    Example: voiceguide settings set params.name Ana
    """
    from voiceguide.settings import set_value  # noqa: PLC0415
    from voiceguide.sounds import Sounds  # noqa: PLC0415
    from voiceguide.speech import Cast  # noqa: PLC0415

    sounds = Sounds(given=(value,))
    with Cast() as cast:
        found = set_value(key, value, voices=cast.names, chimes=sounds, beds=sounds.beds)
    click.echo(f"{found.path}\n  {key} = {value}")


@settings.command("unset")
@click.argument("key")
def settings_unset(key: str) -> None:
    """Take a setting out, or a preset: presets.NAME.

    \b
    Example: voiceguide settings unset bell
    """
    from voiceguide.settings import unset_value  # noqa: PLC0415

    click.echo(f"{unset_value(key).path}\n  {key} is not set any more")


@settings.command("edit")
def settings_edit() -> None:
    """Open the file in your editor: that of $VISUAL or $EDITOR, or the system's.

    \b
    Example: voiceguide settings edit
    """
    from voiceguide.settings import read_settings, settings_path  # noqa: PLC0415

    path = settings_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    click.edit(filename=str(path))
    read_settings()


@main.command()
@_AS_JSON
@_VERBOSELY
def doctor(*, as_json: bool) -> None:
    """Try out what works here: voices, kinds of files, players, folders; and say what to do about what does not.

    Exit status 1 if no MP3 can be made.

    \b
    Example: voiceguide doctor
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.cache import Cache  # noqa: PLC0415
    from voiceguide.doctor import can_render, examine  # noqa: PLC0415
    from voiceguide.speech import Cast  # noqa: PLC0415

    with Cast() as cast:
        tried = examine(cast, Cache())
    if as_json:
        _print_json(report.tried_json(tried))
    else:
        click.echo(report.tried_text(tried))
    if not can_render(tried):
        click.get_current_context().exit(1)


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
