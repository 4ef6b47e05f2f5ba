"""Numbers, lengths and rows as they are shown, wherever they are."""

from collections.abc import Sequence

from voiceguide.durations import Ms, clock, written
from voiceguide.errors import Place
from voiceguide.timeline import Chapter

Json = dict[str, object]
WIDTH = 96
"""Of a line, in characters."""


def placed_json(at: Place | None) -> Json:
    if at is None:
        return {"file": None, "line": None, "column": None}
    return {"file": at.path, "line": at.line, "column": at.column}


def table(rows: Sequence[Sequence[str]]) -> str:
    """Line up columns; the last one may be as long as it likes."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def size(held: int) -> str:
    """Show bytes as people do: `4.1 MB`."""
    return f"{held / 1e6:.1f} MB" if held >= 100_000 else f"{held / 1e3:.1f} kB"


def chapters_json(chapters: Sequence[Chapter]) -> list[Json]:
    return [{"title": chapter.title, "start": chapter.start, "end": chapter.end} for chapter in chapters]


def length(lasting: Ms) -> str:
    """`10:00`, and the milliseconds where there are any."""
    rest = lasting % 1000
    return clock(lasting) + (f".{rest:03}" if rest else "")


def rounded(lasting: Ms) -> str:
    """Write a silence as exactly as it is heard: `1m4s`, `2.9s`, `500ms`."""
    if lasting < _SHORT:
        return written(lasting)
    if lasting < _LONG:
        return f"{round(lasting / 1000, 1):g}s"
    return written(Ms(round(lasting / 1000) * 1000))


_SHORT, _LONG = Ms(1000), Ms(10_000)


def count(number: int, what: str) -> str:
    many = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number} {what if number == 1 else many}"
