"""Template tags for the small pieces that every page uses: icons, tags, people, counts, keys.

Load with ``{% load legwork %}``. Larger pieces are includes in ``templates/components/``; drawings
(ring, meter, window bar, plan picture, leg map) are in the library ``drawings``.
"""

from functools import lru_cache
from typing import Any

from django import template
from django.core.signals import setting_changed
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from clinic import language

register = template.Library()

SPRITE = "img/icons.svg"

# Shape, word and colour of each appointment status; the shape carries the meaning on grey paper.
STATUSES: dict[str, tuple[str, str, str]] = {
    "booked": ("circle", "Booked", "booked"),
    "arrived": ("circle-dot", "Arrived", "arrived"),
    "in_treatment": ("circle-play", "In treatment", "treating"),
    "done": ("circle-check", "Done", "done"),
    "cancelled": ("circle-x", "Cancelled", "done"),
    "no_show": ("circle-slash", "No-show", "noshow"),
}

# The same for levels of reports and tasks.
LEVELS: dict[str, tuple[str, str, str]] = {
    "emergency": ("octagon-alert", "Emergency", "emergency"),
    "same_day": ("triangle-alert", "Same day", "sameday"),
    "next_day": ("clock", "Next day", "nextday"),
    "expected": ("check", "Expected", "success"),
}


@register.simple_tag
def other_language() -> dict[str, str]:
    """``code`` and ``name`` of the language that the page does not speak."""
    code, name = language.other_language()
    return {"code": code, "name": name}


@lru_cache(maxsize=1)
def _sprite_url() -> str:
    return static(SPRITE)


def _forget_sprite_url(**_: Any) -> None:
    _sprite_url.cache_clear()


setting_changed.connect(_forget_sprite_url, dispatch_uid="legwork.sprite")


@register.simple_tag
def icon(name: str, label: str = "", size: str = "", css: str = "") -> SafeString:
    """An icon of the sprite: decoration, or with ``label`` a picture that is read aloud.

    ``size`` is "" (1.25 em) or "lg" (24 px); ``css`` adds classes.
    """
    classes = " ".join(part for part in ("icon", f"icon-{size}" if size else "", css) if part)
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="{}" {}><use href="{}#i-{}"/></svg>', classes, role, _sprite_url(), name)


@register.simple_tag
def tag(text: Any, kind: str = "plain", icon_name: str = "", css: str = "") -> SafeString:
    """A small labelled pill; ``kind`` is a ``tag-…`` class of base.css without its prefix."""
    picture = icon(icon_name) if icon_name else ""
    return format_html('<span class="tag tag-{}{}">{}{}</span>', kind, f" {css}" if css else "", picture, text)


def _key(value: Any) -> str:
    """``AppointmentStatus.NO_SHOW``, "no-show" and "NO_SHOW" are all "no_show"."""
    raw = getattr(value, "value", value)
    return str(raw).lower().replace("-", "_").replace(" ", "_")


def _shaped(table: dict[str, tuple[str, str, str]], value: Any, label: str) -> SafeString:
    shape, word, kind = table.get(_key(value), ("circle-dashed", str(value), "plain"))
    return tag(label or word, kind=kind, icon_name=shape)


@register.simple_tag
def status(value: Any, label: str = "") -> SafeString:
    """Status of an appointment as shape, word and colour. Unknown values are shown as they are."""
    return _shaped(STATUSES, value, label)


@register.simple_tag
def level(value: Any, label: str = "") -> SafeString:
    """Level of a report or task as shape, word and colour."""
    return _shaped(LEVELS, value, label)


@register.filter
def status_shape(value: Any) -> str:
    """Icon name of an appointment status, for the board's blocks."""
    return STATUSES.get(_key(value), ("circle-dashed",))[0]


@register.filter
def status_word(value: Any) -> str:
    """Word of an appointment status."""
    return STATUSES.get(_key(value), ("", str(value)))[1]


@register.filter
def status_class(value: Any) -> str:
    """Suffix of ``appt-…`` and ``tag-…`` for an appointment status."""
    return STATUSES.get(_key(value), ("", "", "booked"))[2]


@register.filter
def initials(name: Any) -> str:
    """First letters of the first and last name, titles left out: "Dr Beatrix Alderman" is "BA"."""
    words = [word for word in str(name).split() if word.strip(".").lower() not in {"dr", "mr", "mrs", "ms", "prof"}]
    letters = [word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)]
    return "".join(letters).upper()


@register.simple_tag
def avatar(name: Any, size: str = "") -> SafeString:
    """Initials in a disc, hidden from readers (the name stands beside it). ``size``: "", "sm", "lg"."""
    css = f"avatar avatar-{size}" if size else "avatar"
    return format_html('<span class="{}" aria-hidden="true">{}</span>', css, initials(name))


@register.simple_tag
def count(number: Any, level: str = "", label: str = "") -> SafeString:
    """A number in a pill; ``level`` "danger" fills it; ``label`` is said after it ("open tasks")."""
    if number in (None, ""):
        return mark_safe("")
    spoken = format_html('<span class="visually-hidden"> {}</span>', label) if label else ""
    return format_html('<span class="count{}">{}{}</span>', f" count-{level}" if level else "", number, spoken)


@register.simple_tag
def key(*names: str) -> SafeString:
    """Key hints beside a button. Hidden from readers, who have their own keys."""
    return format_html_join(" ", '<kbd aria-hidden="true">{}</kbd>', ((name,) for name in names))


@register.filter
def undo_url(message: Any) -> str:
    """The undo address of a Django message sent with ``extra_tags="undo:/address"``, else ""."""
    for part in (getattr(message, "extra_tags", "") or "").split():
        if part.startswith("undo:"):
            return part.removeprefix("undo:")
    return ""
