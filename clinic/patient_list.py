"""Pages of all patients by name. A page begins after a patient, not at a number: page 2,000 costs what page 1 costs."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from clinic.models import Patient
from clinic.models.patient import PatientQuerySet

PAGE_SIZE = 50
_ORDER = ("family_name", "given_name", "id")
_SHOWN = ("public_id", "given_name", "family_name", "birth_date", "phone", "email")


@dataclass(frozen=True, slots=True)
class PatientPage:
    """`before` and `after` are the public ids to go back or on from; None at an end of the list."""

    patients: list[Patient]
    before: UUID | None
    after: UUID | None


def page_of_patients(visible: PatientQuerySet, *, after: str = "", before: str = "") -> PatientPage:
    """The page that follows patient `after`, or comes before patient `before`; the first for anything else.

    At most two queries, both served by the index over names.
    """
    back = bool(before) and not after
    edge = _edge(visible, before if back else after)
    rows = visible.only(*_SHOWN)
    if edge is None:
        found = list(rows.order_by(*_ORDER)[: PAGE_SIZE + 1])
        return PatientPage(found[:PAGE_SIZE], None, _last_of(found))
    if not back:
        found = list(rows.filter(_beyond(edge, "gt")).order_by(*_ORDER)[: PAGE_SIZE + 1])
        return PatientPage(found[:PAGE_SIZE], found[0].public_id if found else None, _last_of(found))
    found = list(rows.filter(_beyond(edge, "lt")).order_by(*(f"-{name}" for name in _ORDER))[: PAGE_SIZE + 1])
    more, shown = len(found) > PAGE_SIZE, found[:PAGE_SIZE][::-1]
    return PatientPage(shown, shown[0].public_id if more else None, shown[-1].public_id if shown else None)


def _last_of(found: list[Patient]) -> UUID | None:
    return found[PAGE_SIZE - 1].public_id if len(found) > PAGE_SIZE else None


def _edge(visible: PatientQuerySet, public_id: str) -> Patient | None:
    try:
        return visible.filter(public_id=UUID(public_id)).only(*_ORDER).first()
    except ValueError:
        return None


def _beyond(edge: Patient, side: str) -> Q:
    """Rows after (gt) or before (lt) the edge; the first condition lets the index begin at the right place."""
    family, given = edge.family_name, edge.given_name
    same_family = Q(family_name=family) & (
        Q((f"given_name__{side}", given)) | Q(("given_name", given), (f"id__{side}", edge.pk))
    )
    return Q((f"family_name__{side}e", family)) & (Q((f"family_name__{side}", family)) | same_family)
