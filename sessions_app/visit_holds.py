"""The treatment of a visit that waits for a clinician: it was booked before the hold began (rule B4).

Booking refuses such a treatment; at the visit it is a finding beside those of `clinic.protocol.checks`, because it
comes from what is on record about the patient and not from an answer of the page. What came out of the visit itself, as
an adverse event in the chair does, holds the treatments after it and not this one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Concat

from clinic.models import Patient
from clinic.protocol.checks import Finding
from clinic.protocol.checks.findings import block
from clinic.protocol.vocabulary import Hold, Override
from sessions_app.models import Appointment, Service
from sessions_app.repeat import HoldRows, hold_rows, holds_without_rows

CHECK = "B4"
"""Under this id the hold stands among the findings of a session."""
_STILL_TO_BE_DECIDED = (
    Appointment.Status.BOOKED,
    Appointment.Status.ARRIVED,
    Appointment.Status.IN_TREATMENT,
)
_TO_DO = (
    "Inject nothing until a clinician has answered here with a reason. "
    "This ends by itself when the report or the event is closed, or the hold is lifted."
)


def rows_against(each: HoldRows, *, patient: Any, visit: Any) -> QuerySet[Any]:
    """The rows of one kind that let the patient's treatment wait, without those that came out of the visit itself.

    `patient` and `visit` are ids, or expressions for them within another query.
    """
    return each.rows().filter(each.at_visit(visit), patient=patient)


def exists_against(each: HoldRows, *, patient: Any, visit: Any) -> Exists:
    return Exists(rows_against(each, patient=patient, visit=visit).order_by())


def holds_column(*, patient: str, appointment: str = "") -> Case:
    """A column for visits: every `Hold` that their treatment waits for, each with a space behind it; "" for none.

    `patient` is the way to the patient from the rows that are asked, `appointment` the one to the visit, with its "__".
    Visits that are over, and what is no treatment, wait for nobody.
    """
    waits = Q(
        **{
            f"{appointment}service__kind": Service.Kind.TREATMENT,
            f"{appointment}status__in": _STILL_TO_BE_DECIDED,
        }
    )
    who, visit = OuterRef(patient), OuterRef(f"{appointment}pk")
    held = [
        Case(
            When(exists_against(each, patient=who, visit=visit), then=Value(f"{each.hold} ")),
            default=Value(""),
            output_field=TextField(),
        )
        for each in hold_rows()
    ]
    # Two empty ones, because less than two cannot be put together.
    together = Concat(Value(""), Value(""), *held, output_field=TextField())
    return Case(When(waits, then=together), default=Value(""), output_field=TextField())


def holds_at(visit: Appointment) -> tuple[Hold, ...]:
    """Every reason for which the treatment of one visit waits; none for other visits. One query at most."""
    kinds = hold_rows()
    if visit.status not in _STILL_TO_BE_DECIDED or visit.service.kind != Service.Kind.TREATMENT:
        return ()
    found = Patient.objects.filter(pk=visit.patient.pk).values_list(
        *(exists_against(each, patient=OuterRef("pk"), visit=visit.pk) for each in kinds)
    )[0]
    by_rows = (each.hold for each, is_held in zip(kinds, found, strict=True) if is_held)
    return (*by_rows, *holds_without_rows(visit.patient))


@dataclass(frozen=True, slots=True)
class Standing:
    """One row that lets the treatment wait: where it stands, and what it says to those who read charts."""

    row: str
    words: str


def standing_against(kinds: Iterable[HoldRows], *, patient: Patient, visit: int) -> Iterator[Standing]:
    """The rows of these kinds, one query each: asked only for kinds of which there are some."""
    for each in kinds:
        if not each.is_in_chart:
            continue
        for row in rows_against(each, patient=patient.pk, visit=visit).order_by("pk"):
            yield Standing(f"{each.hold}:{row.pk}", each.told(row))
    for hold in holds_without_rows(patient):
        yield Standing(str(hold), "A clinician decides first")


def finding_of(standing: Sequence[Standing]) -> Finding | None:
    """The block that a clinician lifts with a reason; None where nothing stands.

    An answer holds for the rows that it was given for: one more, or another one, and the question is open again.
    """
    if not standing:
        return None
    why = ". ".join(dict.fromkeys(each.words.rstrip(". ") for each in standing))
    rows = ",".join(sorted(each.row for each in standing))
    found = block(CHECK, "Treatment waits for a clinician", f"{why}. {_TO_DO}", override=Override.PRESCRIBER)
    return replace(found, basis=sha256(rows.encode()).hexdigest()[:16])
