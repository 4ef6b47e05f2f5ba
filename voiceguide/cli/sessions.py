"""The commands for sessions: what is there, what one says, and making, checking, playing and sharing it."""

import contextlib
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from voiceguide import shipped
from voiceguide.cli.options import (
    AS_JSON,
    CAPTIONS,
    FORMATS,
    PLAYERS,
    VERBOSELY,
    is_quiet,
    print_json,
    progress_bars,
    session,
)
from voiceguide.cli.values import Duration, ScriptName, WholeNumber
from voiceguide.durations import Ms
from voiceguide.errors import VoiceguideError, raise_all

if TYPE_CHECKING:
    from voiceguide.engines.casting import Cast
    from voiceguide.feed import Found
    from voiceguide.job import Job
    from voiceguide.player import Watcher
    from voiceguide.studio.phone import Shared


@click.command("list")
@AS_JSON
@VERBOSELY
def list_scripts(*, as_json: bool) -> None:
    """List the scripts: name, title, length, languages, position.

    \b
    Example: voiceguide list
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.render import read_all  # noqa: PLC0415

    listed = read_all()
    if as_json:
        print_json(report.sources_json(listed))
    else:
        click.echo(report.sources_text(listed))


@click.command()
@session
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE.html", help="Write it as a page to print.")
@click.option("--svg", type=click.Path(path_type=Path), metavar="FILE.svg", help="Write it as a picture.")
def show(job: "Job", cast: "Cast", *, html: Path | None, svg: Path | None, as_json: bool) -> None:
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
    with progress_bars() as progress:
        planned = plan(job, cast=cast, progress=progress)
    if html is not None:
        page.write_page(planned, html)
    if svg is not None:
        picture.write_picture(planned, svg)
    if as_json:
        print_json(report.plan_json(planned))
    else:
        files = [str(file) for file in (html, svg) if file is not None]
        click.echo("\n".join(files) if files else report.plan_text(planned))


@click.command()
@session
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="FILE-or-FOLDER", help="Default: output/")
@click.option("-f", "--format", type=click.Choice(FORMATS), help="Default: as FILE ends, or mp3.")
@click.option(
    "--vbr/--no-vbr",
    "varying_rate",
    help="Let an MP3's bit rate vary: a smaller file, and seeking a little less exact.",
)
@click.option("--captions", type=click.Choice(CAPTIONS), multiple=True, help="Write captions beside the recording.")
def render(job: "Job", cast: "Cast", *, as_json: bool) -> None:
    """Make the recording: an MP3 with chapters, or another kind of file.

    \b
    Example: voiceguide render back-on-mat --length 12:34 --bell tingsha -o morning.mp3
    To keep: voiceguide render evening --minutes 20 --bell tingsha --save-preset at-home
    And use: voiceguide render --preset at-home
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.render import render as render_job  # noqa: PLC0415

    with progress_bars() as progress:
        made = render_job(job, cast=cast, progress=progress)
    if as_json:
        print_json(report.rendered_json(made))
    else:
        click.echo(report.rendered_text(made))


@click.command()
@session
@click.option(
    "--from",
    "start",
    metavar="TIME-or-CHAPTER",
    help="Where to begin: start, 5:00, or the title of a chapter. Default: where it was stopped.",
)
@click.option("--with", "player", type=click.Choice(PLAYERS), help="What plays it. Default: the first that is there.")
def play(job: "Job", cast: "Cast", *, start: str | None, player: str | None, as_json: bool) -> None:
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
    recording = read_recording(_recording(job, cast))
    moment = kept_place(recording, cache) if start is None else recording.moment_of(start)
    quiet = as_json or is_quiet()
    if moment and start is None and not quiet:
        click.echo(report.resumed_text(moment), err=True)
    with (
        ended_by_signals(),
        contextlib.closing(open_player(recording, moment, player)) as opened,
        _watcher(quiet=quiet) as watcher,
    ):
        played = play_recording(recording, opened, watcher, cache)
    if as_json:
        print_json(report.played_json(played))
    elif played.goes_on and not quiet:
        click.echo(report.stopped_text(played), err=True)


def _recording(job: "Job", cast: "Cast") -> Path:
    """Give the recording that was named, or make that of a script."""
    from voiceguide.job import Job  # noqa: PLC0415
    from voiceguide.settings import read_settings  # noqa: PLC0415
    from voiceguide.soundfiles import is_sound  # noqa: PLC0415

    if is_sound(job.script.name):
        if job != Job.from_settings(read_settings(), job.script):
            raise click.UsageError(f"'{job.script}' is a recording: leave out what would make it another one.")
        return job.script
    from voiceguide.render import render as render_job  # noqa: PLC0415

    with progress_bars() as progress:
        return render_job(replace(job, format=None, captions=()), cast=cast, progress=progress).path


def _watcher(*, quiet: bool) -> "contextlib.AbstractContextManager[Watcher]":
    """Draw on a terminal, write lines anywhere else, and neither if nothing is to be said."""
    from voiceguide.player import Printed, Screen, shows_and_asks  # noqa: PLC0415

    if quiet:
        return contextlib.nullcontext(Printed(lambda _: None))
    return Screen() if shows_and_asks() else contextlib.nullcontext(Printed(click.echo))


@click.command()
@click.argument("name")
@click.option("--from", "source", type=ScriptName(), metavar="SCRIPT", help="Copy this script; its parts stay shared.")
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


@click.command()
@click.argument("named", nargs=-1, type=ScriptName(), metavar="[SCRIPT]...")
@click.option("--strict", is_flag=True, help="Exit with status 1 for a warning, too.")
@AS_JSON
@VERBOSELY
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
        print_json([report.checked_json(one) for one in checked])
    else:
        click.echo(report.checked_text(checked, verbose=logging.getLogger("voiceguide").isEnabledFor(logging.INFO)))
    if any(one.errors or (strict and one.findings) for one in checked):
        click.get_current_context().exit(1)


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@AS_JSON
@VERBOSELY
def verify(files: tuple[Path, ...], *, as_json: bool) -> None:
    """Decode recordings and hold each against the plan it carries: its length, every line, every silence.

    Exit status 1 if one of them has a fault.

    \b
    Example: voiceguide verify output/back-on-mat.mp3
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.verify import verify as verify_file  # noqa: PLC0415

    verified, unread = [], list[VoiceguideError]()
    for file in files:
        try:
            verified.append(verify_file(file))
        except VoiceguideError as error:
            unread.append(error)
            continue
        if not as_json:
            click.echo(report.verified_text(verified[-1]))
    if as_json:
        print_json([report.verified_json(one) for one in verified])
    raise_all(unread)
    if any(one.faults for one in verified):
        click.get_current_context().exit(1)


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--url", metavar="ADDRESS", help="Where the folder can be reached: write feed.xml into it.")
@click.option(
    "--share", is_flag=True, help="Let phones in this network have the recordings, by an address and QR code."
)
@click.option("--title", default="Guided sessions", show_default=True, metavar="TEXT", help="Of the feed or page.")
@click.option("--for", "lasting", type=Duration(), default="1h", show_default=True, help="How long to share.")
@click.option(
    "--host", metavar="ADDRESS", help="Share at this address of this computer. Default: the one in its network."
)
@click.option("--port", type=WholeNumber(0, 65_535), default=0, metavar="N", help="Share there. Default: any free one.")
@AS_JSON
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
    if lasting <= 0:
        raise click.UsageError("Nobody could take along what is shared for no time: write --for 1h.")
    found = find_recordings(folder or read_settings().wishes.get("out", Path("output")))
    if url is None:
        _share(found, title, lasting, as_json=as_json, **where)
    elif as_json:
        print_json(report.feed_json(found, write_feed(found, url, title=title)))
    else:
        click.echo(report.feed_text(found, write_feed(found, url, title=title)))


def _share(found: "Found", title: str, lasting: Ms, *, as_json: bool, **where: Any) -> None:  # noqa: ANN401  -- as above
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.sharing import share  # noqa: PLC0415

    with share(found, title=title, **where) as sharing:
        until = datetime.now().astimezone() + timedelta(milliseconds=lasting)
        if as_json:
            print_json(report.shared_json(found, sharing, until))
        else:
            click.echo(report.shared_text(found, sharing, until))
        sharing.serve(lasting)
    click.echo("nothing is shared any more", err=True)


@click.command()
@click.option("--port", type=WholeNumber(0, 65_535), default=0, metavar="N", help="Default: any that is free.")
@click.option("--browser/--no-browser", default=True, help="Open the page in the browser, or only print its address.")
@click.option("--share", is_flag=True, help="Let phones in this network have the recordings from the start, for 1h.")
@click.option(
    "--host", metavar="ADDRESS", help="Share at this address of this computer. Default: the one in its network."
)
@VERBOSELY
def studio(*, port: int, browser: bool, share: bool, host: str | None) -> None:
    """Open a page for all of this in the browser; it is served to this computer alone, until Ctrl-C.

    Recordings reach your phone once you share them: with a button of the page, or with --share as by `feed --share`.

    \b
    Example: voiceguide studio
    """
    from voiceguide.studio import serve  # noqa: PLC0415

    def ready(address: str, shared: "Shared | None") -> None:
        click.echo(address)
        click.echo("this page is for you alone; Ctrl-C ends it", err=True)
        if shared is not None:
            from voiceguide import report  # noqa: PLC0415

            click.echo(report.shared_text(shared.found, shared.sharing, shared.until))
        if browser:
            click.launch(address)

    serve(port=port, share=share, host=host, ready=ready)


COMMANDS = (list_scripts, show, render, play, new, check, verify, feed, studio)
