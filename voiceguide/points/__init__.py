"""What people write for a point -> the point; points and a position -> visits: where hands go, and for how long."""

from voiceguide.points.entries import Mode, Point, Position, Table, table, whole_table
from voiceguide.points.names import are_codes, resolve, spellings
from voiceguide.points.visits import Round, Stay, Visit, plan_round

__all__ = [
    "Mode",
    "Point",
    "Position",
    "Round",
    "Stay",
    "Table",
    "Visit",
    "are_codes",
    "plan_round",
    "resolve",
    "spellings",
    "table",
    "whole_table",
]
