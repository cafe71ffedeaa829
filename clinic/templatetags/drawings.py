"""Template tags that draw: ring, meter, window bar, timer, walk clock, plan picture, leg map.

Load with ``{% load drawings %}``. All take numbers and words and make SVG without style attributes. Each drawing
is described in words for those who do not see it.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinic.templatetags import leg_shapes, plan_layout

register = template.Library()


def _share(part: Any, whole: Any) -> float:
    """``part`` of ``whole`` between 0 and 1; nothing of nothing is 0."""
    whole = float(whole or 0)
    return min(max(float(part or 0) / whole, 0.0), 1.0) if whole else 0.0


@register.inclusion_tag("components/ring.html")
def ring(left: Any, total: Any, *, number: Any, caption: str, label: str, caption_second: str = "") -> dict[str, Any]:
    """What is left, as a ring. ``left`` and ``total`` in the same unit; ``label`` says it in words."""
    percent = round(100 * _share(left, total))
    return {"percent": percent, "number": number, "caption": caption, "caption_second": caption_second, "label": label}


@register.simple_tag
def meter(value: Any, limit: Any, ask_at: Any = None) -> SafeString:
    """A thin bar of ``value`` on the way to ``limit``, with a mark where the protocol asks. The number stands beside it."""
    mark = format_html('<rect class="meter-mark" x="{}" width="0.8" height="6"/>', f"{100 * _share(ask_at, limit):.1f}") if ask_at else ""
    return format_html(
        '<svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="meter-track" width="100" height="6"/><rect class="meter-fill" width="{}" height="6"/>{}</svg>',
        f"{100 * _share(value, limit):.1f}",
        mark,
    )


@register.simple_tag
def window_bar(opens_in: int, ends_in: int, label: str) -> SafeString:
    """A repeat window on a line of four weeks with today in the middle.

    ``opens_in`` and ``ends_in`` are whole days from today, negative when past; on its last day, or past it, today's
    mark is drawn as late. ``label`` says it in words, for example "Window 9 to 16 January, 4 days left".
    """

    def x(days: float) -> float:
        return min(max(50 + days * 100 / 28, 0.0), 100.0)

    late = ends_in <= 0
    return format_html(
        '<svg class="window" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="window-track" width="100" height="6"/><rect class="window-open" x="{}" width="{}" height="6"/>'
        '<rect class="window-{}" x="{}" width="{}" height="6"/></svg>',
        label,
        f"{x(opens_in):.1f}",
        f"{max(x(ends_in + 1) - x(opens_in), 1):.1f}",
        "late" if late else "today",
        "48.2" if late else "49.2",
        "3.6" if late else "1.6",
    )


@register.inclusion_tag("components/timer.html")
def timer(left: Any, total: Any, *, text: str, label: str, level: str = "") -> dict[str, Any]:
    """Time left of a task. ``level``: "", "attention", "danger", "over" (a filled disc, the text begins with "+")."""
    return {"percent": round(100 * _share(left, total)), "text": text, "label": label, "level": level}


@register.inclusion_tag("components/walk_clock.html")
def walk_clock(*, started_at: Any, minutes: int, now: Any, may_leave_at: Any) -> dict[str, Any]:
    """The running observed walk, from the server's time on; ui.js ticks it.

    ``started_at``, ``may_leave_at`` and ``now`` are aware datetimes, ``minutes`` the length that the protocol asks.
    """
    elapsed_s = max(int((now - started_at).total_seconds()), 0)
    return {
        "started_at": started_at,
        "may_leave_at": may_leave_at,
        "minutes": minutes,
        "elapsed_s": elapsed_s,
        "clock": f"{elapsed_s // 60:02d}:{elapsed_s % 60:02d}",
        "percent": round(100 * _share(elapsed_s, minutes * 60)),
        "elapsed_min": elapsed_s // 60,
    }


@register.inclusion_tag("components/plan_picture.html")
def plan_picture(picture: Mapping[str, Any], shape: str = "wide", ident: str = "plan") -> dict[str, Any]:
    """A plan by day; ``picture`` as in ``plan_layout``; ``shape`` "wide" or "narrow"; ``ident`` is unique on the page."""
    return {"plan": plan_layout.layout(picture, shape), "shape": shape, "ident": ident}


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
_SHAPES = {"today": "circle", "open": "circle", "last": "diamond", "earlier": "square", "older": "triangle", "event": "octagon"}
_REGION_STATE = {"today": "seg-today", "open": "seg-on"}
_MARK_STEP = 25


@register.filter
def place_name(segment: Any, leg: Any) -> str:
    """Full name of a place: ``{{ site.segment|place_name:site.leg }}`` is "Right calf, lateral"."""
    code = str(getattr(segment, "value", segment))
    return f"{LEGS[str(getattr(leg, 'value', leg))]} {SEGMENT_NAMES[code]}"


def _by_place(marks: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for mark in marks or ():
        place = str(getattr(mark["leg"], "value", mark["leg"])), str(getattr(mark["segment"], "value", mark["segment"]))
        found.setdefault(place, []).append(mark)
    return found


def _spoken(leg: str, segment: str, marks: list[Mapping[str, Any]]) -> str:
    notes = [mark.get("note") or _NOTES[mark["kind"]].format(mark["text"]) for mark in marks]
    return ". ".join([f"{LEGS[leg]} {SEGMENT_NAMES[segment]}", *notes])


def _address(url: str, leg: str, segment: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode({'leg': leg, 'segment': segment})}" if url else ""


def _placed(middle: tuple[float, float], marks: list[Mapping[str, Any]], *, is_tall: bool) -> list[dict[str, Any]]:
    """Marks of one place around its middle: one under the other while they fit, then two in a row."""
    in_row = 1 if len(marks) <= 2 and is_tall else 2
    rows = [marks[start : start + in_row] for start in range(0, len(marks), in_row)]
    drawn = []
    for row_number, row in enumerate(rows):
        y = middle[1] + (row_number - (len(rows) - 1) / 2) * _MARK_STEP
        for number, mark in enumerate(row):
            x = middle[0] + (number - (len(row) - 1) / 2) * _MARK_STEP
            drawn.append({"x": f"{x:.1f}", "y": f"{y:.1f}", "shape": _SHAPES[mark["kind"]], "kind": mark["kind"], "text": mark["text"]})
    return drawn


def _map_view(leg: str, view: leg_shapes.View, url: str, marks: dict[tuple[str, str], list[Mapping[str, Any]]]) -> dict[str, Any]:
    places, drawn_marks = [], []
    for place in view.places:
        own = marks.get((leg, place.segment), [])
        states = [_REGION_STATE[mark["kind"]] for mark in own if mark["kind"] in _REGION_STATE]
        x = leg_shapes.CELL_WIDTH - place.middle[0] if leg == "left" else place.middle[0]
        if place.is_main:
            drawn_marks += _placed((x, place.middle[1]), own, is_tall=place.hit[3] > 2 * _MARK_STEP)
        places.append({
            "path": place.path, "hit": place.hit, "is_main": place.is_main, "url": _address(url, leg, place.segment),
            "name": _spoken(leg, place.segment, own), "state": "seg-on" if "seg-on" in states else " ".join(states[:1]),
            "focus_id": f"{leg}-{place.segment}",
        })  # fmt: skip
    return {"name": view.name, "places": places, "lines": view.lines, "marks": drawn_marks, "label_x": view.label_x, "label_x_left": leg_shapes.CELL_WIDTH - view.label_x}


@register.inclusion_tag("components/leg_map.html")
def leg_map(marks: Iterable[Mapping[str, Any]] = (), url: str = "", hx_target: str = "", hx_swap: str = "", size: str = "") -> dict[str, Any]:
    """Both legs from four sides. With ``url`` each place is a link to ``url?leg=…&segment=…`` (htmx with ``hx_target``).

    ``marks``: mappings with ``leg``, ``segment``, ``kind`` (today, open, last, earlier, older, event), ``text`` (a number
    or letter) and, if other words shall be said, ``note``. Without ``url`` it is a picture. ``size`` "small" for records.
    """
    by_place = _by_place(marks)
    rows = [
        {"leg": leg, "short": word, "views": [_map_view(leg, view, url, by_place) for view in leg_shapes.views()]}
        for leg, word in LEGS.items()
    ]
    described = "; ".join(_spoken(leg, segment, own) for (leg, segment), own in by_place.items())
    return {"rows": rows, "hx_target": hx_target, "hx_swap": hx_swap, "is_linked": bool(url), "size": size, "described": described or "no place marked"}


@register.inclusion_tag("components/leg_list.html")
def leg_list(url: str, marks: Iterable[Mapping[str, Any]] = (), hx_target: str = "", hx_swap: str = "") -> dict[str, Any]:
    """The same places as rows of 44 px, right leg and left leg side by side. Parameters as of ``leg_map``."""
    by_place = _by_place(marks)
    legs = [
        {
            "name": f"{word} leg",
            "places": [
                {"url": _address(url, leg, code), "name": name, "full": f"{word} {name}", "marks": [mark for mark in by_place.get((leg, code), [])], "spoken": _spoken(leg, code, by_place.get((leg, code), []))}
                for code, name in SEGMENT_NAMES.items()
            ],
        }
        for leg, word in LEGS.items()
    ]
    return {"legs": legs, "hx_target": hx_target, "hx_swap": hx_swap}
