"""Outlines of a leg in four views, cut into the places that can be treated. Pure geometry, in map units.

One view is a cell of ``CELL_WIDTH`` × ``CELL_HEIGHT`` units. The contours are those of the right leg as somebody who
faces the patient sees it; the left leg is its mirror image. A place of a view is a closed SVG path between two
heights; its borders are curved a little as on a round body.
"""

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

CELL_WIDTH = 110
CELL_HEIGHT = 250

Points = tuple[tuple[float, float], ...]  # (height, x), from the hip down


@dataclass(frozen=True, slots=True)
class Place:
    """One place in one view: its segment's code, its path, the middle of it and the box a finger may hit."""

    segment: str
    path: str
    middle: tuple[float, float]
    hit: tuple[float, float, float, float]  # x, y, width, height
    is_main: bool


@dataclass(frozen=True, slots=True)
class View:
    """One picture of the right leg: its name, its places, the thin lines that
    help to find the way, and the middle of its label."""

    code: str
    name: str
    places: tuple[Place, ...]
    lines: tuple[str, ...]
    label_x: int


# From the patient's side of the picture (left of the cell) and the other side, right leg from the front:
# the outer thigh is on the left, the inner on the right.
FRONT_LEFT: Points = (
    (2, 13), (22, 11.5), (46, 15), (70, 20.5), (90, 25.5), (103, 28.5), (114, 28), (126, 29.5), (140, 26.5),
    (156, 24.5),    (172, 27.5), (188, 33), (200, 36.5), (210, 36), (217, 34.5), (224, 35),
)  # fmt: skip
FRONT_RIGHT: Points = (
    (12, 80), (24, 80.5), (46, 78), (70, 73.5), (90, 69.5), (103, 67), (112, 68), (124, 65.5), (136, 66.5), (150, 69.5),
    (164, 69), (178, 64.5), (192, 58.5), (202, 56.5), (210, 58.5), (217, 59), (224, 58),
)  # fmt: skip
# From the outer side: the back of the leg on the left, the front and the toes on the right.
SIDE_LEFT: Points = (
    (2, 17), (14, 14.5), (30, 18), (50, 23), (70, 27.5), (90, 31.5), (106, 34), (118, 34.5), (130, 31), (144, 26),
    (158, 25), (172, 28.5), (186, 34), (198, 38), (208, 39.5), (216, 38), (224, 36),
)  # fmt: skip
SIDE_RIGHT: Points = (
    (10, 79), (26, 81), (46, 79.5), (70, 75), (90, 70.5), (102, 68.5), (111, 70.5), (121, 68.5), (130, 65), (144, 63.5),
    (160, 62.5), (176, 60.5), (192, 58), (204, 57), (214, 58.5), (224, 64),
)  # fmt: skip

FRONT_FOOT = (
    "M35.2 222.5C34 229 28.5 235 26.5 240C25 244.5 28 247 31.5 246.5C33.5 248.5 36.5 248.5 38.5 247"
    "C40.5 249 44 249 46 247.3C48.5 249.5 52 249.3 54 247.6C60 250.5 66.5 248 66 241.5C65.5 235 60 229 57.8 222.5"
    "C50 225 43 225 35.2 222.5Z"
)
SIDE_FOOT = (
    "M36 222.5C33.5 229 31.5 236 33 241.5C34.5 246.5 40 247.5 46 246.5C54 245 60 245 66 246.5"
    "C75 248.5 88 249 93.5 247"
    "C97.5 245.5 97.5 241 94 239C84 234.5 73 231.5 66 222.3C56 225.5 46 225.5 36 222.5Z"
)
BACK_FOOT = (
    "M52 222.5C52 229 50.5 234 49.5 239C48.5 245 53 248.5 62 248.5C71.5 248.5 76.5 245 75.5 239"
    "C74.5 234 74.3 229 74.8 222.5C67 225.5 59.5 225.5 52 222.5Z"
)

# Kneecap, shin, ankles, toes; hamstring and calf cleft: thin lines, no meaning of their own.
FRONT_LINES = (
    "M40.5 106C43.5 103 52 103 55 106C58.5 110 57.5 118 53.5 121C50 123.5 45 123.5 41.5 121"
    "C37.5 118 36.5 110 40.5 106Z",
    "M46.5 138C47.5 152 47.5 168 46.5 184",
    "M38.5 210c1.5 2 1.5 4 0 6M57 207.5c-1.5 2-1.5 4 0 6",
    "M37.5 241v4.5M45.8 241.5v5M54 241.5v5",
)
OUTER_LINES = (
    "M49 207c-2.5-1-5 .5-5.5 3s1 5 3.5 5",
    "M66.5 104c2.5 5 2.5 11 0 16",
    "M50 14c-3 24-3.5 50-.5 76",
    "M36 141c-2.5 9-1.5 20 3 32",
)
INNER_LINES = (
    "M60.5 205.5c3-1 6 .5 6.5 3.5s-1.5 6-4.5 6",
    "M43.5 104c-2.5 5-2.5 11 0 16",
    "M57 20c4 22 6 44 7 70",
    "M74 141c2.5 9 1.5 20-3 32",
)
BACK_LINES = (
    "M31.5 14C42 21 68 23 95 15",
    "M45 115.5c9 3.5 23 3.5 32 0",
    "M62 139c.5 14 .5 26 0 40",
    "M58.5 197c1.5 6 1.5 12 .5 18M68.5 197c-1.5 6-1.5 12-.5 18",
)

# Where one place ends and the next begins.
TOP, KNEE, CALF, ANKLE, FOOT, SOLE = 2.0, 97.0, 132.0, 190.0, 221.5, 249.0


def _mirrored(points: Points) -> Points:
    return tuple((height, CELL_WIDTH - x) for height, x in points)


def _mirrored_path(path: str) -> str:
    """The mirror image of a path of absolute M, C and Z commands."""
    return re.sub(r"(-?[\d.]+) (-?[\d.]+)", lambda pair: f"{CELL_WIDTH - float(pair[1]):.1f} {pair[2]}", path)


def _x_at(points: Points, height: float) -> float:
    """The contour's x at a height, by straight lines between its points, held level beyond its ends."""
    for (low, x_low), (high, x_high) in pairwise(points):
        if low <= height <= high:
            return x_low + (x_high - x_low) * (height - low) / (high - low)
    return points[0][1] if height < points[0][0] else points[-1][1]


def _slice(points: Points, top: float, bottom: float) -> list[tuple[float, float]]:
    """Points of one contour between two heights, ends included, as (x, y)."""
    inner = [(x, height) for height, x in points if top + 1 < height < bottom - 1]
    return [(_x_at(points, top), top), *inner, (_x_at(points, bottom), bottom)]


def _curve(points: list[tuple[float, float]]) -> str:
    """A smooth line through ``points`` (Catmull-Rom as cubic Béziers), without the move to its start."""
    parts = []
    for number in range(len(points) - 1):
        before = points[max(number - 1, 0)]
        start, end = points[number], points[number + 1]
        after = points[min(number + 2, len(points) - 1)]
        parts.append(
            f"C{start[0] + (end[0] - before[0]) / 6:.1f} {start[1] + (end[1] - before[1]) / 6:.1f}"
            f" {end[0] - (after[0] - start[0]) / 6:.1f} {end[1] - (after[1] - start[1]) / 6:.1f}"
            f" {end[0]:.1f} {end[1]:.1f}"
        )
    return "".join(parts)


def _region(left: Points, right: Points, top: float, bottom: float, dip: tuple[float, float]) -> str:
    """Closed path between two contours and two heights; ``dip`` bends the upper and lower border downwards."""
    gap = 0.9
    down = _slice(right, top + gap, bottom - gap)
    up = _slice(left, top + gap, bottom - gap)[::-1]
    middle = (down[0][0] + up[-1][0]) / 2, (down[-1][0] + up[0][0]) / 2
    return (
        f"M{up[-1][0]:.1f} {up[-1][1]:.1f}"
        f"Q{middle[0]:.1f} {top + gap + 2 * dip[0]:.1f} {down[0][0]:.1f} {down[0][1]:.1f}"
        f"{_curve(down)}Q{middle[1]:.1f} {bottom - gap + 2 * dip[1]:.1f} {up[0][0]:.1f} {up[0][1]:.1f}{_curve(up)}Z"
    )


def _place(segment: str, path: str, left: Points, right: Points, top: float, bottom: float, *, main: bool) -> Place:
    height = (top + bottom) / 2
    x = (_x_at(left, height) + _x_at(right, height)) / 2
    return Place(segment, path, (round(x, 1), round(height, 1)), (8, top, CELL_WIDTH - 16, bottom - top), main)


def _leg(
    left: Points, right: Points, *, thigh: str, knee: str, calf: str, foot: str, is_front: bool
) -> tuple[Place, ...]:
    """The five places of one view. Knee, ankle and foot show in each view, but only one of them is the main place."""
    at_back = knee == "popliteal"
    cuts = (
        (thigh, TOP, KNEE, (-2.0, -1.5), True),
        (knee, KNEE, CALF, (-1.5, 1.5), is_front or at_back),
        (calf, CALF, ANKLE, (1.5, -1.0), True),
        ("ankle", ANKLE, FOOT, (-1.0, 1.2), is_front),
    )
    places = [
        _place(segment, _region(left, right, top, bottom, dip), left, right, top, bottom, main=main)
        for segment, top, bottom, dip, main in cuts
    ]
    return (*places, _place("foot", foot, left, right, FOOT, SOLE, main=is_front))


@cache
def views() -> tuple[View, ...]:
    """The right leg from the front, from the inner side, from the outer side and from the back."""
    front = _leg(
        FRONT_LEFT,
        FRONT_RIGHT,
        thigh="thigh_anterior",
        knee="knee",
        calf="calf_anterior",
        foot=FRONT_FOOT,
        is_front=True,
    )
    outer = _leg(
        SIDE_LEFT, SIDE_RIGHT, thigh="thigh_lateral", knee="knee", calf="calf_lateral", foot=SIDE_FOOT, is_front=False
    )
    inner_left, inner_right = _mirrored(SIDE_RIGHT), _mirrored(SIDE_LEFT)
    inner = _leg(
        inner_left,
        inner_right,
        thigh="thigh_medial",
        knee="knee",
        calf="calf_medial",
        foot=_mirrored_path(SIDE_FOOT),
        is_front=False,
    )
    back_left, back_right = _mirrored(FRONT_RIGHT), _mirrored(FRONT_LEFT)
    back = _leg(
        back_left,
        back_right,
        thigh="thigh_posterior",
        knee="popliteal",
        calf="calf_posterior",
        foot=BACK_FOOT,
        is_front=False,
    )
    return (
        View("front", "front", front, FRONT_LINES, 47),
        View("inner", "inner side", inner, INNER_LINES, 58),
        View("outer", "outer side", outer, OUTER_LINES, 52),
        View("back", "back", back, BACK_LINES, 63),
    )
