"""What was drawn as a signature: lines of points in a box of 600 by 200, read with suspicion and shown as SVG paths."""

import json
import math
from collections.abc import Sequence
from itertools import pairwise

from sessions_app.refusals import Refused

WIDTH, HEIGHT = 600, 200
MOST_CHARACTERS = 200_000
MOST_LINES, MOST_POINTS = 200, 5000
# Less than this, all lines together, is a dot or a slip of the hand.
LEAST_LENGTH = 40

Point = list[float]
Line = list[Point]


def strokes_in(text: str) -> list[Line]:
    """The lines of a sent drawing, `[[[x, y], …], …]`; [] for none. Anything else than such lines is `Refused`."""
    if not text.strip():
        return []
    if len(text) > MOST_CHARACTERS:
        raise _too_much()
    try:
        sent = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _unreadable() from error
    if not isinstance(sent, list):
        raise _unreadable()
    if len(sent) > MOST_LINES:
        raise _too_much()
    lines = [_line(line) for line in sent]
    if sum(map(len, lines)) > MOST_POINTS:
        raise _too_much()
    if lines and _length(lines) < LEAST_LENGTH:
        raise Refused("This is too short for a signature. Clear it and sign again.", rule="short", field="strokes")
    return lines


def svg_paths(strokes: Sequence[Sequence[Sequence[float]]]) -> list[str]:
    """One `d` of an SVG path per line; numbers and the letters M and L, nothing else."""
    return [
        "M" + "L".join(f"{float(x):g} {float(y):g}" for x, y in line) + ("l0.1 0" if len(line) == 1 else "")
        for line in strokes
        if line
    ]


def _line(sent: object) -> Line:
    if not isinstance(sent, list):
        raise _unreadable()
    if len(sent) > MOST_POINTS:
        raise _too_much()
    return [_point(point) for point in sent]


def _point(sent: object) -> Point:
    if not isinstance(sent, list) or len(sent) != 2:
        raise _unreadable()
    return [_within(sent[0], WIDTH), _within(sent[1], HEIGHT)]


def _within(sent: object, most: int) -> float:
    if isinstance(sent, bool) or not isinstance(sent, int | float) or not 0 <= sent <= most:
        raise _unreadable()
    return round(float(sent), 1)


def _length(lines: Sequence[Line]) -> float:
    return sum(math.dist(a, b) for line in lines for a, b in pairwise(line))


def _no_number(name: str) -> float:
    raise ValueError(name)


def _unreadable() -> Refused:
    return Refused("The drawing could not be read. Clear it and sign again.", rule="strokes", field="strokes")


def _too_much() -> Refused:
    return Refused("The drawing is too large. Clear it and sign again.", rule="large", field="strokes")
