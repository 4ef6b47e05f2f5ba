"""Options -> the job they ask for, and how a command speaks: bars, JSON, or neither."""

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
from click.core import ParameterSource

from voiceguide import shipped
from voiceguide.cli.values import (
    Decibels,
    Duration,
    KeyValue,
    Length,
    Minutes,
    PresetName,
    ScriptName,
    Seed,
    WholeNumber,
)
from voiceguide.durations import Ms

if TYPE_CHECKING:
    from voiceguide.render import Progress
    from voiceguide.settings import Preset, Settings, Wishes

PURPOSES = ("podcast", "audiobook", "insight-timer")
FORMATS = ("mp3", "m4b", "opus", "flac", "wav")
CAPTIONS = ("vtt", "srt", "lrc")
PLAYERS = ("mpv", "miniaudio", "system")
"""As in `purposes`, `audiofile` and `player`, as tests see to: importing those takes longer than `--help` may."""


def _quiet(ctx: click.Context, _: click.Parameter, quiet: bool) -> None:  # noqa: FBT001  -- click's own signature
    ctx.meta[_QUIET] = quiet


def _verbose(_: click.Context, __: click.Parameter, verbose: bool) -> None:  # noqa: FBT001  -- click's own signature
    """Let the stages say what they do; without it they only warn."""
    logging.basicConfig(format="%(levelname)s: %(message)s", stream=sys.stderr, force=True)
    logging.getLogger("voiceguide").setLevel(logging.INFO if verbose else logging.WARNING)


_QUIET = "voiceguide.quiet"


def is_quiet() -> bool:
    """Tell whether the command that runs was asked to show no progress."""
    return bool(click.get_current_context().meta.get(_QUIET))


QUIETLY = click.option("-q", "--quiet", is_flag=True, expose_value=False, callback=_quiet, help="No progress.")
VERBOSELY = click.option(
    "-v", "--verbose", is_flag=True, expose_value=False, callback=_verbose, help="Say what is being done."
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout, and nothing else there.")


def session(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command what makes a session someone's own, as the argument `job`, and who speaks, as `cast`.

    The cast comes first, and with it the engine of a script that has changed: it loads while all else is imported.
    """

    @wraps(command)
    def with_job(
        *,
        script: Path | None,
        language: str | None,
        preset: str | None,
        save_preset: str | None,
        **options: Any,  # noqa: ANN401  -- what is asked of a session, and the command's own options
    ) -> None:
        from voiceguide.ahead import load_its_engine  # noqa: PLC0415
        from voiceguide.cache import Cache  # noqa: PLC0415
        from voiceguide.engines.casting import Cast  # noqa: PLC0415

        cache = Cache()
        with Cast(cache) as cast:
            if script is not None:
                load_its_engine(script, cast, cache, voice=options["voice"])
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
            command(job, cast, **options)
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
        if value not in (None, {}) if name in {"target", "values"} else _was_typed(name):
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
    click.argument("script", type=ScriptName(), required=False),
    click.option("--preset", type=PresetName(), metavar="NAME", help="As you kept it: see `voiceguide settings`."),
    click.option(
        "--save-preset",
        metavar="NAME",
        help="Keep script and options under a name; recordings of --preset NAME are called output/NAME.mp3.",
    ),
    click.option("-p", "values", type=KeyValue(), multiple=True, help="Set one of the script's parameters."),
    click.option("--minutes", type=Minutes(), metavar="N", help="Make it exactly N minutes long."),
    click.option("--length", type=Length(), metavar="20:00", help="Make it exactly this long."),
    click.option("--seed", type=Seed(), metavar="N|DAY", help="Which wordings, by a number or day. Default: today."),
    click.option("--voice", metavar="NAME", help="Who speaks: see `voiceguide voices`."),
    click.option("--rate", type=WholeNumber(60, 220), metavar="N", help="Words a minute while speaking."),
    click.option("--language", metavar="CODE", help="In which language: see `voiceguide list`."),
    click.option("--bell", metavar="NAME", help="Which chime rings: short for -p bell=NAME."),
    click.option(
        "--bell-level",
        "bell_level_db",
        type=Decibels(-30, 6),
        default=0.0,
        metavar="-6dB",
        help="How much louder or softer every chime rings.",
    ),
    click.option("--bed", metavar="NAME", help="What goes on in the background, or off: see `voiceguide sounds`."),
    click.option(
        "--bed-level",
        "bed_level_db",
        type=Decibels(-60, -6),
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
        type=Duration(),
        default=Ms(0),
        metavar="30s",
        help="Time to lie down before it starts; not counted in the length.",
    ),
    click.option("--sleep/--no-sleep", help="For falling asleep: softer, no bell in the last chapter, a long fade."),
    click.option("--for", "purpose", type=click.Choice(PURPOSES), help="Loudness and bit rate as such places ask for."),
    click.option("--proof", is_flag=True, help="Cut all silences short, to listen through the words."),
    AS_JSON,
    QUIETLY,
    VERBOSELY,
)


@contextlib.contextmanager
def progress_bars() -> "Iterator[Progress]":
    """Draw bars on a terminal's stderr, and nothing anywhere else."""
    if is_quiet() or not sys.stderr.isatty():
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


def print_json(data: object) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))
