"""Template tags that draw: ring, meter, window bar, timer, walk clock, plan picture, leg map.

Load with ``{% load drawings %}``. All take numbers and words and make SVG without style attributes. Each drawing
is described in words for those who do not see it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinic.templatetags import leg_places, plan_layout

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
    """A thin bar of ``value`` on the way to ``limit``, marked where the protocol asks; the number stands beside."""
    mark: SafeString | str = ""
    if ask_at:
        at = f"{100 * _share(ask_at, limit):.1f}"
        mark = format_html('<rect class="meter-mark" x="{}" width="0.8" height="6"/>', at)
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
    """A plan by day. ``picture`` as in ``plan_layout``, ``shape`` as there, ``ident`` unique on the page."""
    return {"plan": plan_layout.layout(picture, shape), "shape": shape, "ident": ident}


@register.filter
def place_name(segment: Any, leg: Any) -> str:
    """Full name of a place: ``{{ site.segment|place_name:site.leg }}`` is "Right calf, lateral"."""
    return leg_places.spoken(leg_places.code_of(leg), leg_places.code_of(segment), [])


@register.inclusion_tag("components/leg_map.html")
def leg_map(
    marks: Iterable[leg_places.Mark] = (), url: str = "", hx_target: str = "", hx_swap: str = "", size: str = ""
) -> dict[str, Any]:
    """Both legs from four sides, with ``marks`` as in ``leg_places``.

    With ``url`` each place is a link to ``url?leg=…&segment=…``, fetched by htmx when ``hx_target`` is given; without
    it is a picture. ``size`` "small" for records.
    """
    by_place = leg_places.by_place(marks)
    described = "; ".join(leg_places.spoken(leg, segment, own) for (leg, segment), own in by_place.items())
    return {
        "rows": leg_places.map_rows(url, by_place),
        "hx_target": hx_target,
        "hx_swap": hx_swap,
        "is_linked": bool(url),
        "size": size,
        "described": described or "no place marked",
    }


@register.inclusion_tag("components/leg_list.html")
def leg_list(url: str, marks: Iterable[leg_places.Mark] = (), hx_target: str = "", hx_swap: str = "") -> dict[str, Any]:
    """The same places as rows of 44 px, right leg and left leg side by side. Parameters as of ``leg_map``."""
    legs = leg_places.list_columns(url, leg_places.by_place(marks))
    return {"legs": legs, "hx_target": hx_target, "hx_swap": hx_swap}
