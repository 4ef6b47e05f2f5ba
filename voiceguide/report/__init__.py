"""Plans, results and lists -> what people and programs read of them: text for a terminal, plain data for JSON."""

from voiceguide.report.lists import (
    point_text,
    points_json,
    points_text,
    sounds_json,
    sounds_text,
    voices_json,
    voices_text,
)
from voiceguide.report.recordings import (
    feed_json,
    feed_text,
    played_json,
    rendered_json,
    rendered_text,
    resumed_text,
    shared_json,
    shared_text,
    stopped_text,
    verified_json,
    verified_text,
)
from voiceguide.report.sessions import (
    checked_json,
    checked_text,
    plan_json,
    plan_text,
    source_json,
    sources_json,
    sources_text,
    started_text,
)
from voiceguide.report.upkeep import cache_json, cache_text, settings_json, settings_text, tried_json, tried_text

__all__ = [
    "cache_json", "cache_text", "checked_json", "checked_text", "feed_json", "feed_text", "plan_json", "plan_text",
    "played_json", "point_text", "points_json", "points_text", "rendered_json", "rendered_text", "resumed_text",
    "settings_json", "settings_text", "shared_json", "shared_text", "sounds_json", "sounds_text", "source_json",
    "sources_json", "sources_text", "started_text", "stopped_text", "tried_json", "tried_text", "verified_json",
    "verified_text", "voices_json", "voices_text",
]  # fmt: skip
