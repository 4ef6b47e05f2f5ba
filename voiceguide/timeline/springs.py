"""Steps and a target -> how long each step lasts, so that the session lasts exactly that."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

from voiceguide.timeline.steps import ORDER, Step


def reach(steps: Sequence[Step]) -> tuple[int, int]:
    """Give the shortest and the longest these steps can last."""
    return end_of(steps, [step.least for step in steps]), end_of(steps, [step.most for step in steps])


def starts_of(lengths: Sequence[Fraction | int]) -> Iterator[Fraction | int]:
    """Give where each step starts, and as one more where the last one ends."""
    position: Fraction | int = 0
    for length in lengths:
        yield position
        position += length
    yield position


def end_of(steps: Sequence[Step], lengths: Sequence[Fraction | int]) -> int:
    """Give when the last step is over and the last tail has faded."""
    *starts, end = starts_of(lengths)
    tails = (math.floor(start) + step.sounds for step, start in zip(steps, starts, strict=True))
    return max(math.floor(end), *tails, 0)


def lengths_of(steps: Sequence[Step], target: int | None) -> Sequence[Fraction | int]:
    """Give each step's length; the target lies within their reach, and None asks for their natural lengths."""
    lengths = [step.natural for step in steps]
    if target is None or target == end_of(steps, lengths):
        return lengths
    stretch = end_of(steps, lengths) < target
    for kind in ORDER:
        bounds = [_bound(step, stretch=stretch) for step in steps]
        at_bound = [
            bound if step.gives == kind else length for step, bound, length in zip(steps, bounds, lengths, strict=True)
        ]
        end = end_of(steps, at_bound)
        if end >= target if stretch else end <= target:
            factor = _factor(steps, lengths, kind, target)
            return [
                _scaled(step, factor) if step.gives == kind else length
                for step, length in zip(steps, lengths, strict=True)
            ]
        lengths = at_bound
    raise AssertionError("a target between the shortest and the longest length is met by one of the kinds")


def _bound(step: Step, *, stretch: bool) -> int:
    return step.most if stretch else step.least


def _scaled(step: Step, factor: Fraction) -> Fraction:
    """A silence of 0 ms counts as one of 1 ms, or no factor could move it."""
    wanted = max(step.natural, 1) * factor
    return min(max(wanted, Fraction(step.least)), Fraction(step.most))


def _factor(steps: Sequence[Step], lengths: Sequence[int], kind: int, target: int) -> Fraction:
    """The one factor for all springs of a kind that makes the session end at the target.

    Each tail could be what ends it. The session is the longest of these ends, so the factor is the least of those that
    bring one of them to the target; each end is solved over the springs that stand before it.
    """
    springs: list[Step] = []
    fixed: int = 0
    factors: list[Fraction] = []
    for step, length in zip(steps, lengths, strict=True):
        if step.sounds > step.natural:
            factors += _solved(springs, target - fixed - step.sounds)
        if step.gives == kind:
            springs.append(step)
        else:
            fixed += length
    factors += _solved(springs, target - fixed)
    return min(factors)


def _solved(springs: Sequence[Step], room: int) -> list[Fraction]:
    """The factor at which springs take up `room` together; nothing if they can't, even at their most.

    Their sum grows along straight pieces between the factors at which one of them leaves or meets a bound.
    """
    total, slope, last = sum(spring.least for spring in springs), 0, Fraction(0)
    bends = [(Fraction(spring.least, max(spring.natural, 1)), max(spring.natural, 1)) for spring in springs]
    bends += [(Fraction(spring.most, max(spring.natural, 1)), -max(spring.natural, 1)) for spring in springs]
    taken = Fraction(total)
    for bend, change in sorted(bends):
        reach = taken + slope * (bend - last)
        if reach >= room and slope:
            return [last + (room - taken) / slope]
        taken, last, slope = reach, bend, slope + change
    return []
