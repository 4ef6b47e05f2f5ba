"""A word of the command line -> the value it means; click tells what is wrong with one."""

from datetime import date
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from voiceguide import shipped
from voiceguide.durations import Ms, parse_clock, parse_duration
from voiceguide.errors import VoiceguideError


class ScriptName(click.ParamType[Path]):
    """A script's name or path."""

    name = "script"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:  # noqa: ARG002
        return value if isinstance(value, Path) else shipped.find_script(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        names = [CompletionItem(name) for name in shipped.scripts() if name.startswith(incomplete)]
        return names or [CompletionItem(incomplete, type="file")]


class Length(click.ParamType[Ms]):
    """A length such as 20:00 or 20m."""

    name = "length"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> Ms:
        try:
            return parse_clock(value) if isinstance(value, str) else Ms(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Duration(click.ParamType[Ms]):
    """A duration such as 30s."""

    name = "duration"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> Ms:
        try:
            return parse_duration(value) if isinstance(value, str) else Ms(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Decibels(click.ParamType[float]):
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


class WholeNumber(click.IntRange):
    """A number such as 105."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401  -- click's own
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            reach = f"of at least {self.min:g}" if self.max is None else f"from {self.min:g} to {self.max:g}"
            self.fail(f"'{value}' is not a whole number {reach}", param, ctx)


class Minutes(click.ParamType[Ms]):
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


class Seed(click.ParamType[int | None]):
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


class PresetName(click.ParamType[str]):
    """A preset's name."""

    name = "preset"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        from voiceguide.settings import read_settings  # noqa: PLC0415

        try:
            presets = read_settings().presets
        except VoiceguideError:
            return []  # what is wrong with the settings is told when a command needs them
        return [CompletionItem(name) for name in presets if name.startswith(incomplete)]


class KeyValue(click.ParamType[tuple[str, str]]):
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
