"""Places of the leg map with their names, their marks and where the marks stand. Pure; the tags are in ``drawings``.

A mark is a mapping with ``leg``, ``segment``, ``kind`` (today, open, last, earlier, older, event), ``text`` (a number
or a letter) and, if other words shall be said, ``note``; ``group`` is a class by which a page shows and hides marks.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from clinic.templatetags import leg_shapes

Mark = Mapping[str, Any]
MarksByPlace = dict[tuple[str, str], list[Mark]]

# Full names of the places, in the order of the list and of Tab: from the thigh to the foot.
SEGMENT_NAMES = {
    "thigh_anterior": "thigh, anterior",
    "thigh_medial": "thigh, medial",
    "thigh_lateral": "thigh, lateral",
    "thigh_posterior": "thigh, posterior",
    "knee": "knee",
    "popliteal": "popliteal",
    "calf_anterior": "calf, anterior",
    "calf_medial": "calf, medial",
    "calf_lateral": "calf, lateral",
    "calf_posterior": "calf, posterior",
    "ankle": "ankle",
    "foot": "foot",
}
LEGS = {"right": "Right", "left": "Left"}
_NOTES = {
    "today": "Site {} today",
    "open": "Site {} today, open",
    "last": "Treated in session {}",
    "earlier": "Treated in session {}",
    "older": "Treated in session {}",
    "event": "Event: {}",
}
_SHAPES = {
    "today": "circle",
    "open": "circle",
    "last": "diamond",
    "earlier": "square",
    "older": "triangle",
    "event": "octagon",
}
_REGION_STATE = {"today": "seg-today", "open": "seg-on"}
_MARK_STEP = 25


def code_of(value: Any) -> str:
    """The stored code of an enum member or of a plain string."""
    return str(getattr(value, "value", value))


def by_place(marks: Iterable[Mark]) -> MarksByPlace:
    """Marks grouped by (leg, segment), in their order."""
    found: MarksByPlace = {}
    for mark in marks or ():
        found.setdefault((code_of(mark["leg"]), code_of(mark["segment"])), []).append(mark)
    return found


def spoken(leg: str, segment: str, marks: list[Mark]) -> str:
    """The full name of a place and what is marked there: "Right calf, lateral. Site 3 today, open"."""
    notes = [mark.get("note") or _NOTES[mark["kind"]].format(mark["text"]) for mark in marks]
    return ". ".join([f"{LEGS[leg]} {SEGMENT_NAMES[segment]}", *notes])


def address(url: str, leg: str, segment: str) -> str:
    """``url`` with the place as its query; "" stays ""."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode({'leg': leg, 'segment': segment})}" if url else ""


def _placed(middle: tuple[float, float], marks: list[Mark], *, is_tall: bool) -> list[dict[str, Any]]:
    """Marks of one place around its middle: one under the other while they fit, then two in a row."""
    in_row = 1 if len(marks) <= 2 and is_tall else 2
    rows = [marks[start : start + in_row] for start in range(0, len(marks), in_row)]
    drawn = []
    for row_number, row in enumerate(rows):
        y = middle[1] + (row_number - (len(rows) - 1) / 2) * _MARK_STEP
        for number, mark in enumerate(row):
            x = middle[0] + (number - (len(row) - 1) / 2) * _MARK_STEP
            shape = _SHAPES[mark["kind"]]
            drawn.append(
                {
                    "x": f"{x:.1f}",
                    "y": f"{y:.1f}",
                    "shape": shape,
                    "kind": mark["kind"],
                    "text": mark["text"],
                    "group": mark.get("group", ""),
                }
            )
    return drawn


def _map_place(leg: str, place: leg_shapes.Place, url: str, marks: list[Mark]) -> dict[str, Any]:
    states = {_REGION_STATE[mark["kind"]] for mark in marks if mark["kind"] in _REGION_STATE}
    return {
        "path": place.path,
        "hit": place.hit,
        "is_main": place.is_main,
        "url": address(url, leg, place.segment),
        "name": spoken(leg, place.segment, marks),
        "state": "seg-on" if "seg-on" in states else "".join(states),
        "focus_id": f"{leg}-{place.segment}",
    }


def _map_view(leg: str, view: leg_shapes.View, url: str, marks: MarksByPlace) -> dict[str, Any]:
    drawn_marks: list[dict[str, Any]] = []
    for place in view.places:
        if place.is_main:
            x = leg_shapes.CELL_WIDTH - place.middle[0] if leg == "left" else place.middle[0]
            own = marks.get((leg, place.segment), [])
            drawn_marks += _placed((x, place.middle[1]), own, is_tall=place.hit[3] > 2 * _MARK_STEP)
    return {
        "name": view.name,
        "places": [_map_place(leg, place, url, marks.get((leg, place.segment), [])) for place in view.places],
        "lines": view.lines,
        "marks": drawn_marks,
        "label_x": leg_shapes.CELL_WIDTH - view.label_x if leg == "left" else view.label_x,
    }


def map_rows(url: str, marks: MarksByPlace) -> list[dict[str, Any]]:
    """The leg map for its template: one row a leg, four views a row."""
    return [
        {"leg": leg, "word": word, "views": [_map_view(leg, view, url, marks) for view in leg_shapes.views()]}
        for leg, word in LEGS.items()
    ]


def list_columns(url: str, marks: MarksByPlace) -> list[dict[str, Any]]:
    """The same places as a list for its template: one column a leg."""
    return [
        {
            "name": f"{word} leg",
            "places": [
                {
                    "url": address(url, leg, segment),
                    "name": name,
                    "marks": marks.get((leg, segment), []),
                    "spoken": spoken(leg, segment, marks.get((leg, segment), [])),
                }
                for segment, name in SEGMENT_NAMES.items()
            ],
        }
        for leg, word in LEGS.items()
    ]
