"""Voices, sounds and points -> what people and programs read of them."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from voiceguide.engines import Voice
from voiceguide.points import Mode, Point, spellings, whole_table
from voiceguide.report.words import WIDTH, Json, table
from voiceguide.sounds import Description
from voiceguide.speech import Listed, speaks


def voices_json(listing: Sequence[Listed]) -> list[Json]:
    return [
        {
            "engine": listed.engine,
            "trouble": listed.trouble,
            "voices": [
                {
                    "name": voice.name,
                    "language": voice.language,
                    "title": voice.title,
                    "fetch": voice.fetch,
                    "draft": voice.draft,
                }
                for voice in listed.voices
            ],
        }
        for listed in listing
    ]


def voices_text(listing: Sequence[Listed], language: str | None) -> str:
    """List engines and their voices, by language or those of one; a broken engine is a line."""
    lines: list[str] = []
    for listed in listing:
        lines.append(f"{listed.engine}: {listed.trouble}" if listed.trouble else listed.engine)
        wanted = (voice for voice in listed.voices if language is None or speaks(voice, language))
        voices = sorted(wanted, key=lambda voice: (voice.language, voice.name))
        rows = [(f"  {listed.engine}:{voice.name}", voice.language, _title(voice)) for voice in voices]
        lines += [table(rows)] if rows else []
    return "\n".join(lines)


def sounds_json(sounds: Sequence[Description]) -> list[Json]:
    return [asdict(sound) for sound in sounds]


def sounds_text(sounds: Sequence[Description]) -> str:
    """List chimes, then beds."""
    rows = [
        (sound.kind or "any", sound.name, sound.title) for sound in sorted(sounds, key=lambda one: one.kind != "chime")
    ]
    return table(rows)


def points_json(points: Sequence[Point]) -> list[Json]:
    """Describe points: times in seconds, on each side; how codes and names are written by language."""
    return [_point_json(point) for point in points]


def _point_json(point: Point) -> Json:
    known = whole_table().sources
    return asdict(point) | {
        "sources": [known[source] for source in point.sources],
        "written": spellings(point),
    }


def points_text(points: Sequence[Point]) -> str:
    """List points, one a line."""
    titles = {name: position.title for name, position in whole_table().positions.items()}
    rows = [("CODE", "NAME", "WHERE", "SECONDS A SIDE", "VISITED")]
    for point in points:
        visited = ", ".join(titles[mode.position] for mode in point.modes)
        seconds = f"{point.seconds} ({point.least} to {point.most})" if point.modes else ""
        rows.append((point.code, point.pinyin, point.area or "", seconds, visited or "in no session"))
    return table(rows)


def point_text(point: Point) -> str:
    """Tell all about one point."""
    lines = [f'{point.code}  {point.pinyin}  {point.hanzi}  "{point.meaning}", said "{point.say_as}"']
    for label, texts in _about(point):
        for number, text in enumerate(texts):
            head = f"  {label if number == 0 else '':<10} "
            lines += textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent=" " * len(head))
    return "\n".join(lines)


def _about(point: Point) -> Iterator[tuple[str, list[str]]]:
    known = whole_table().sources
    each = " One on each side." if point.sides == 2 else ""
    yield "Where", [f"{point.place}{each}"] if point.place else []
    yield "Visited", [_visited(mode, point) for mode in point.modes] or ["In no session."]
    yield "Take care", [*([point.warning] if point.warning else []), *point.cautions]
    yield "Pregnancy", [_PREGNANCY[point.pregnancy]]
    yield "Written", [f"{', '.join(names)} ({', '.join(languages)})" for names, languages in _written(point).items()]
    yield "Disputed", list(point.disagreements)
    yield "Sources", [known[source] for source in point.sources]


def _written(point: Point) -> Mapping[tuple[str, ...], list[str]]:
    """How codes and names are written, and in which languages."""
    written: dict[tuple[str, ...], list[str]] = {}
    for language, names in spellings(point).items():
        written.setdefault(names, []).append(language)
    return written


def _visited(mode: Mode, point: Point) -> str:
    """`sitting: small circles, 90 s (60 to 180), both sides at once. Put your hands …`"""
    sides = "" if point.sides == 1 else ", both sides at once" if mode.at_once else " on each side"
    how = " ".join(filter(None, (mode.both, mode.left, mode.right, mode.done)))
    title = whole_table().positions[mode.position].title
    return f"{title}: {_TOUCH[mode.touch]}, {mode.seconds} s ({mode.least} to {mode.most}){sides}. {how}".strip()


_TOUCH = {
    "attend": "attention alone", "light": "a light touch", "still": "a light touch without moving",
    "warm": "a warm palm", "hold": "gentle pressure", "circle": "gentle pressure in small circles",
    "lean": "weight that sinks in",
}  # fmt: skip
_PREGNANCY = {
    "avoid": "Traditionally left out; sessions leave it out with -p pregnant=yes.",
    "ask": "Ask first.",
    "unknown": "No warning of its own was found; ask first, as with all of this.",
}


def _title(voice: Voice) -> str:
    return f"{voice.title} (to get it: {voice.fetch})" if voice.fetch else voice.title
