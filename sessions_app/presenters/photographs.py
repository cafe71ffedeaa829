"""Photographs on pages: the patient's panel, the album page by page, and two of them beside each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Max, Min, Q
from django.urls import reverse
from django.utils import timezone

from clinic.access import Permission
from clinic.models import Patient, User
from clinic.protocol.vocabulary import Leg
from sessions_app.consents import allows_photographs
from sessions_app.models import Photograph
from sessions_app.models.records import PhotographQuerySet

PER_PAGE, ON_PANEL = 24, 6
Moment = Photograph.Moment
_FILTERS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "leg": ("Leg", [(leg.value, leg.value.capitalize()) for leg in Leg]),
    "view": ("View", [(value, str(label)) for value, label in Photograph.View.choices]),
    "moment": ("When", [(value, str(label)) for value, label in Moment.choices]),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A leg and view of which there is a picture before and one later: "Left leg, front"."""

    words: str
    first: datetime
    last: datetime
    url: str


@dataclass(frozen=True, slots=True)
class FilterChoice:
    words: str
    url: str
    chosen: bool


def place_words(photograph: Photograph) -> str:
    """ "Left leg, front" """
    return _place(photograph.leg, photograph.view)


def alt_words(photograph: Photograph) -> str:
    """ "Left leg, front, before, Tue 20 Jan 2026" """
    day = timezone.localtime(photograph.taken_at)
    return f"{place_words(photograph)}, {photograph.get_moment_display().lower()}, {day:%a} {day.day} {day:%b %Y}"


def photographs_of(patient: Patient, reader: User) -> PhotographQuerySet:
    """Newest first, with who added them and at which session."""
    visible = Photograph.objects.visible_to(reader).filter(patient=patient)
    return visible.select_related("added_by").order_by("-taken_at", "-pk")


def photographs_panel(patient: Patient, reader: User, now: datetime) -> dict[str, Any]:
    """Three queries at most. While the consent says no, the page that everybody opens shows no picture."""
    allowed = allows_photographs(patient)
    shown = photographs_of(patient, reader)
    newest = list(shown[: ON_PANEL + 1])
    return {
        "places": (("photographs-title", "Photographs"),),
        "patient": patient,
        "newest": newest[:ON_PANEL] if allowed else [],
        "has_some": bool(newest),
        "more": len(newest) > ON_PANEL,
        "pairs": pairs(patient, reader) if newest and allowed else [],
        "allowed": allowed,
        "may_add": reader.may(Permission.RECORD_SESSION),
    }


def pairs(patient: Patient, reader: User) -> list[Pair]:
    """What can be compared at once: of each leg and view the first picture before and the last since. One query."""
    is_before = Q(moment=Moment.BEFORE)
    rows = (
        Photograph.objects.visible_to(reader)
        .filter(patient=patient)
        .values("leg", "view")
        .annotate(first=Min("taken_at", filter=is_before), last=Max("taken_at", filter=~is_before))
        .filter(first__isnull=False, last__isnull=False)
        .order_by("leg", "view")
    )
    address = reverse("sessions_app:photographs_compare", args=[patient.public_id])
    return [
        Pair(
            _place(row["leg"], row["view"]),
            row["first"],
            row["last"],
            f"{address}?{urlencode({'leg': row['leg'], 'view': row['view']})}",
        )
        for row in rows
    ]


def album(patient: Patient, reader: User, asked: Mapping[str, str]) -> dict[str, Any]:
    """One page of the album, by what the address asks for; anything it cannot ask for is as if it were not there."""
    chosen = {name: asked[name] for name, (_, choices) in _FILTERS.items() if asked.get(name) in dict(choices)}
    page: Page[Photograph] = Paginator(photographs_of(patient, reader).filter(**chosen), PER_PAGE).get_page(
        asked.get("page")
    )
    return {
        "page": page,
        "filters": [(legend, _choices(name, choices, chosen)) for name, (legend, choices) in _FILTERS.items()],
        "filtered": bool(chosen),
        "newer": _query(chosen, page.number - 1) if page.has_previous() else "",
        "older": _query(chosen, page.number + 1) if page.has_next() else "",
    }


def first_and_last(patient: Patient, reader: User, *, leg: str, view: str) -> list[Photograph]:
    """The first picture before and the last one since of a leg and view; both or none."""
    shown = photographs_of(patient, reader).filter(leg=leg, view=view)
    first = shown.filter(moment=Moment.BEFORE).order_by("taken_at", "pk").first()
    last = shown.exclude(moment=Moment.BEFORE).first()
    return [first, last] if first is not None and last is not None else []


def _place(leg: str, view: str) -> str:
    return f"{leg.capitalize()} leg, {Photograph.View(view).label.lower()}"


def _choices(name: str, choices: list[tuple[str, str]], chosen: Mapping[str, str]) -> list[FilterChoice]:
    others = {key: value for key, value in chosen.items() if key != name}
    everything = FilterChoice("All", _query(others), name not in chosen)
    return [
        everything,
        *(FilterChoice(words, _query({**others, name: value}), chosen.get(name) == value) for value, words in choices),
    ]


def _query(chosen: Mapping[str, str], page: int = 1) -> str:
    return "?" + urlencode({**chosen, **({"page": page} if page > 1 else {})})
