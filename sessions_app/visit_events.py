"""The open adverse event that came out of a visit, as columns of the queries that list visits: they cost no query more.

It holds the treatments after the visit (`sessions_app.visit_holds` leaves it out), and whoever looks at the visit
itself must see it.
"""

from django.db.models import Case, Exists, IntegerField, OuterRef, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Concat

from sessions_app.emergency import AMBULANCE_KINDS, GRAVE_KINDS, Step
from sessions_app.models import AdverseEvent, AdverseStep

# The gravity of events that are not grave.
ORDINARY = 2


def gravity() -> Case:
    """Of events: 0 where the emergency number is called first, 1 for the other grave kinds, `ORDINARY` for the rest."""
    return Case(
        When(kind__in=sorted(AMBULANCE_KINDS), then=Value(0)),
        When(kind__in=sorted(GRAVE_KINDS), then=Value(1)),
        default=Value(ORDINARY),
        output_field=IntegerField(),
    )


def open_at_visit(visit: str = "pk") -> QuerySet[AdverseEvent]:
    """Open events of one visit, for a subquery; `visit` is the way to the appointment from the rows that are asked."""
    return AdverseEvent.objects.open().filter(session__appointment=OuterRef(visit))


def has_open_event(visit: str = "pk") -> Exists:
    return Exists(open_at_visit(visit).order_by())


def gravest_open(field: str, *, visit: str = "pk") -> Subquery:
    """One field of the gravest open event of the visit, the newest of several; null where there is none."""
    return Subquery(open_at_visit(visit).order_by(gravity(), "-recorded_at", "-pk").values(field)[:1])


def steps_of_gravest(*, visit: str = "pk") -> Subquery:
    """The usual steps that are stamped on that event: the name of each `Step` with a space behind it."""
    rows = AdverseStep.objects.filter(event=OuterRef("pk")).order_by()
    stamped = [
        Case(
            When(Exists(rows.filter(what=step)), then=Value(f"{step.name} ")),
            default=Value(""),
            output_field=TextField(),
        )
        for step in Step
    ]
    done = open_at_visit(visit).annotate(done=Concat(*stamped, output_field=TextField()))
    return Subquery(done.order_by(gravity(), "-recorded_at", "-pk").values("done")[:1])
