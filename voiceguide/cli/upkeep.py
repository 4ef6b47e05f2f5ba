"""The commands for what sessions are made with: voices, sounds, points, settings, what is kept, and what works here."""

from pathlib import Path

import click

from voiceguide.cli.options import (
    AS_JSON,
    QUIETLY,
    VERBOSELY,
    print_json,
    progress_bars,
)
from voiceguide.cli.values import WholeNumber
from voiceguide.durations import written


@click.command()
@click.option("--language", metavar="CODE", help="Only voices that speak it.")
@click.option("--fetch", type=click.Choice(["kokoro"]), help="Download the voices of this engine, and list them.")
@AS_JSON
@VERBOSELY
def voices(*, language: str | None, fetch: str | None, as_json: bool) -> None:
    """List the engines and their voices, by language; an engine that does not work here says why.

    --fetch downloads natural voices for Italian, French, Spanish and more: 120 MB, once. The extra `kokoro` speaks
    with them.

    \b
    Example: voiceguide voices --language de
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.engines.kokoro import fetch_weights  # noqa: PLC0415
    from voiceguide.speech import Cast  # noqa: PLC0415

    if fetch:
        with progress_bars() as progress:
            fetch_weights(progress)
    with Cast() as cast:
        listing = tuple(one for one in cast.listing() if fetch in {None, one.engine})
    if as_json:
        print_json(report.voices_json(listing))
    else:
        click.echo(report.voices_text(listing, language))


@click.command()
@AS_JSON
@VERBOSELY
def sounds(*, as_json: bool) -> None:
    """List the chimes and beds: those that came with this, and your own.

    \b
    Example: voiceguide sounds
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.sounds import Sounds  # noqa: PLC0415

    found = Sounds().descriptions()
    if as_json:
        print_json(report.sounds_json(found))
    else:
        click.echo(report.sounds_text(found))


@click.command()
@click.argument("name", required=False, metavar="[CODE]")
@click.option("--language", default="en", show_default=True, metavar="CODE", help="The one the point is written in.")
@AS_JSON
@VERBOSELY
def points(name: str | None, *, language: str, as_json: bool) -> None:
    """List the points sessions can visit, or tell all about one: where, how, how long, and what to take care of.

    \b
    Example: voiceguide points "B 23"
    """
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.points import resolve, table  # noqa: PLC0415

    found = list(table(language).values()) if name is None else [resolve(name, language)]
    if as_json:
        print_json(report.points_json(found))
    else:
        click.echo(report.points_text(found) if name is None else report.point_text(found[0]))


@click.command()
@click.argument("text")
@click.option("--voice", metavar="NAME", help="Who speaks: see `voiceguide voices`.")
@click.option("--rate", type=WholeNumber(60, 220), metavar="N", help="Words a minute. Default: 115.")
@click.option("--language", metavar="CODE", help="The language of the text. Default: the voice's, or English.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), default="output/say.wav", show_default=True, metavar="FILE.wav"
)
@QUIETLY
@VERBOSELY
def say(text: str, voice: str | None, rate: int | None, language: str | None, out: Path) -> None:
    """Speak one line into a WAV file, to hear a voice.

    \b
    Example: voiceguide say "Come to the waist." --rate 100 -o line.wav
    """
    from voiceguide.render import speak_line  # noqa: PLC0415
    from voiceguide.settings import read_settings  # noqa: PLC0415

    usual = read_settings()
    with progress_bars() as progress:
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


@click.group(invoke_without_command=True)
@AS_JSON
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
        print_json(report.settings_json(found))
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


@click.command()
@AS_JSON
@VERBOSELY
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
        print_json(report.tried_json(tried))
    else:
        click.echo(report.tried_text(tried))
    if not can_render(tried):
        click.get_current_context().exit(1)


@click.group()
def cache() -> None:
    """Look after what is kept: spoken lines and encoded sound, so that neither is made twice.

    \b
    Example: voiceguide cache info
    """


@cache.command("info")
@AS_JSON
def cache_info(*, as_json: bool) -> None:
    """Show where the cache is and what is in it."""
    from voiceguide import report  # noqa: PLC0415
    from voiceguide.cache import Cache  # noqa: PLC0415

    kept = Cache()
    if as_json:
        print_json(report.cache_json(kept))
    else:
        click.echo(report.cache_text(kept))


@cache.command("verify")
def cache_verify() -> None:
    """Check every entry, and remove the damaged ones: they are made again when needed."""
    from voiceguide.cache import Cache  # noqa: PLC0415

    damaged = Cache().verify()
    click.echo(f"{len(damaged)} damaged and removed" if damaged else "every entry is sound")


@cache.command("trim")
@click.option("--to", "most", type=WholeNumber(0), default=500, show_default=True, metavar="MB", help="Keep this much.")
def cache_trim(most: int) -> None:
    """Remove what was not used for longest."""
    from voiceguide.cache import Cache  # noqa: PLC0415

    click.echo(f"{Cache().trim(most * 1_000_000)} entries removed")


@cache.command("clear")
def cache_clear() -> None:
    """Remove everything: the next recording speaks every line anew."""
    from voiceguide.cache import Cache  # noqa: PLC0415

    click.echo(f"{Cache().trim(0)} entries removed")


COMMANDS = (voices, sounds, points, say, settings, doctor, cache)
