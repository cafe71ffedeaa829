"""Coordinates of the plan picture: days on a line become SVG numbers. Pure geometry; no words are made here.

A picture is a plain mapping that a presenter builds from a plan:

    {"days": 28.0,                      length of the axis in days, from its first midnight
     "ticks": [(0, "13 Jan"), ...],     vertical lines with their label
     "today": 2.1 or None,              "now" in days from the axis' start
     "rows": [{"name": "Stocking", "note": "until Tue 3 Feb",
               "bands": [{"kind": "continuous", "start": 0.4, "end": 7.4,
                          "label": "Day and night", "short": "Day + night"}],
               "walks": [{"at": 1.5, "done": True}],
               "visits": [9.4]}],
     "text": "Stocking day and night until ..."}

Kinds of bands: continuous, daytime, paused, avoid, window, watch. All keys of a row but ``name`` may be left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# Average width of a character of the 12 px text, a little generous so that words never touch.
CHARACTER = 6.3
KEY_HEIGHT = 20
BAND_HEIGHT = {"continuous": 24, "daytime": 24, "paused": 24, "avoid": 20, "window": 20, "watch": 5}


@dataclass(frozen=True, slots=True)
class Shape:
    """How wide the drawing is, where its axis begins, and whether names stand above their row (a phone)."""

    width: float
    axis_start: float
    names_above: bool


SHAPES = {
    "wide": Shape(760, 170, False),
    "narrow": Shape(322, 0, True),
    # For large text, which is 1.2 times the other: on the same room of a page its letters are as much larger.
    "narrow-large": Shape(268, 0, True),
}


@dataclass(slots=True)
class Band:
    kind: str
    x: str
    y: str
    width: str
    height: int
    radius: float
    label: str = ""
    label_x: str = ""
    label_y: str = ""


@dataclass(slots=True)
class Text:
    x: str
    y: str
    words: str
    anchor: str = "start"


@dataclass(slots=True)
class Walk:
    x: str
    y: str
    radius: str
    done: bool
    check: str


@dataclass(slots=True)
class Row:
    name: Text
    note: Text | None = None
    bands: list[Band] = field(default_factory=list)
    walks: list[Walk] = field(default_factory=list)
    visits: list[str] = field(default_factory=list)
    today: tuple[str, str] | None = None


@dataclass(slots=True)
class Layout:
    width: float
    height: float
    ticks: list[Text]
    rows: list[Row]
    grid_bottom: str
    key: list[Band] = field(default_factory=list)
    today_x: str = ""
    today_pill_x: str = ""
    today_text_x: str = ""
    text: str = ""


def _n(number: float) -> str:
    return f"{number:.1f}"


class _Pencil:
    """Draws rows one under the other and remembers how far it has come."""

    def __init__(self, picture: Mapping[str, Any], shape: Shape) -> None:
        self.picture, self.shape = picture, shape
        self.days = max(float(picture["days"]), 1.0)
        self.y = 20.0 if picture.get("today") is None else 44.0

    def x(self, day: float) -> float:
        """A day as x, held inside the axis."""
        share = min(max(float(day), 0.0), self.days) / self.days
        return self.shape.axis_start + share * (self.shape.width - self.shape.axis_start)

    @property
    def day_width(self) -> float:
        return (self.shape.width - self.shape.axis_start) / self.days

    def band(self, band: Mapping[str, Any], middle: float) -> Band:
        height = BAND_HEIGHT[band["kind"]]
        left, right = self.x(band["start"]), self.x(band["end"])
        # Neighbours do not touch, and the shortest band can still be seen.
        width = max(right - left - (1.5 if band["kind"] in {"continuous", "daytime", "paused"} else 0), 3)
        drawn = Band(band["kind"], _n(left), _n(middle - height / 2), _n(width), height, min(6, height / 2))
        for words in (band.get("label", ""), band.get("short", "")):
            if words and len(words) * CHARACTER + 8 <= width:
                drawn.label, drawn.label_x, drawn.label_y = words, _n(left + width / 2), _n(middle + 4)
                break
        return drawn

    def walk(self, walk: Mapping[str, Any], middle: float) -> Walk:
        radius = min(8.0, self.day_width * 0.43)
        x = self.x(walk["at"])
        down, right, up = _n(0.32 * radius), _n(0.55 * radius), _n(-0.62 * radius)
        check = f"M{_n(x - 0.43 * radius)} {_n(middle)}l{down} {down}l{right} {up}"
        return Walk(_n(x), _n(middle), _n(radius), bool(walk.get("done")), check)

    def end_of(self, row: Mapping[str, Any]) -> float:
        ends = [self.x(band["end"]) for band in row.get("bands", ())]
        ends += [self.x(walk["at"]) + 8 for walk in row.get("walks", ())]
        ends += [self.x(visit) + 11 for visit in row.get("visits", ())]
        return max(ends, default=self.shape.axis_start)

    def note(self, row: Mapping[str, Any], middle: float, name_y: float) -> tuple[Text | None, float]:
        """Where the words beside a row stand, and how much height they add."""
        words = row.get("note", "")
        if not words:
            return None, 0
        length = len(words) * CHARACTER
        beside = self.end_of(row) + 8
        if self.shape.names_above and len(row["name"]) * CHARACTER * 1.06 + 12 + length <= self.shape.width:
            return Text(_n(self.shape.width), _n(name_y), words, "end"), 0
        if beside + length <= self.shape.width:
            return Text(_n(beside), _n(middle + 4), words), 0
        return Text(_n(self.shape.width), _n(middle + 27), words, "end"), 18

    def row(self, row: Mapping[str, Any]) -> Row:
        is_thin = all(band["kind"] == "watch" for band in row.get("bands", ())) and not (
            row.get("walks") or row.get("visits")
        )
        height = 5.0 if is_thin and self.shape.names_above else 24.0
        name_y = self.y + 13
        if self.shape.names_above:
            self.y += 20
        middle = self.y + height / 2
        if not self.shape.names_above:
            name_y = middle + 4
        note, extra = self.note(row, middle, name_y)
        drawn = Row(
            name=Text("0", _n(name_y), row["name"]),
            note=note,
            bands=[self.band(band, middle) for band in row.get("bands", ())],
            walks=[self.walk(walk, middle) for walk in row.get("walks", ())],
            visits=[f"M{_n(self.x(day))} {_n(middle - 11)}l11 11l-11 11l-11 -11Z" for day in row.get("visits", ())],
            today=(_n(self.y - 3), _n(self.y + height + 3)),
        )
        self.y += height + extra + (14 if self.shape.names_above else 15)
        return drawn


def layout(picture: Mapping[str, Any], shape_name: str = "wide") -> Layout:
    """Coordinates of ``picture`` in the shape "wide" (names left of the axis) or "narrow" (names above, a phone).

    "narrow-large" is "narrow" for large text. In both the today line is drawn row by row, so that it crosses no name.
    """
    shape = SHAPES[shape_name]
    pencil = _Pencil(picture, shape)
    rows = [pencil.row(row) for row in picture["rows"]]
    bottom = pencil.y - 6
    drawn = Layout(shape.width, round(bottom + 8), _ticks(picture.get("ticks", ()), pencil), rows, _n(bottom))
    drawn.key = _key(picture, rows, x=shape.axis_start, y=bottom + 8)
    if drawn.key:
        drawn.height += KEY_HEIGHT
    drawn.text = picture.get("text", "")
    if picture.get("today") is not None:
        x = pencil.x(picture["today"])
        pill = min(max(x - 24, shape.axis_start if not shape.names_above else 0), shape.width - 48)
        drawn.today_x, drawn.today_pill_x, drawn.today_text_x = _n(x), _n(pill), _n(pill + 24)
    if not shape.names_above:
        for row in rows:
            row.today = None
    return drawn


def _key(picture: Mapping[str, Any], rows: Sequence[Row], *, x: float, y: float) -> list[Band]:
    """What bands mean that are too short for their words, each kind once, so that no colour speaks alone."""
    drawn: dict[str, Band] = {}
    for told, row in zip(picture["rows"], rows, strict=True):
        for words, band in zip(told.get("bands", ()), row.bands, strict=True):
            if words.get("label") and not band.label and band.kind not in drawn:
                place = (_n(x), _n(y), "20", 12, 4.0)
                drawn[band.kind] = Band(band.kind, *place, words["label"], _n(x + 26), _n(y + 10))
                x += 26 + len(words["label"]) * CHARACTER + 18
    return list(drawn.values())


def _ticks(ticks: Sequence[tuple[float, str]], pencil: _Pencil) -> list[Text]:
    """Labels over the axis; one that would touch its neighbour is left out, its line stays."""
    drawn: list[Text] = []
    free_from = float("-inf")
    width = pencil.shape.width
    for day, words in ticks:
        x, half = pencil.x(day), len(words) * CHARACTER / 2
        anchor = "start" if x - half < pencil.shape.axis_start else "end" if x + half > width else "middle"
        left = {"start": x, "middle": x - half, "end": x - 2 * half}[anchor]
        drawn.append(Text(_n(x), "12", words if left >= free_from else "", anchor))
        if left >= free_from:
            free_from = left + 2 * half + 6
    return drawn
