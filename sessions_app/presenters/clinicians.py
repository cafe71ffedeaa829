"""Who decides where the desk may not: names of the clinicians, and why a patient's repeat waits for one of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from zoneinfo import ZoneInfo

from django.db.models import Q

from clinic.access import GRANTS, Permission
from clinic.models import Patient, User
from clinic.protocol.vocabulary import Hold
from sessions_app.models import RepeatHold
from sessions_app.presenters.event_lines import hold_lines
from sessions_app.wording import time_words

_SHOWN = 4
_WHY: dict[Hold, str] = {
    # What it is about is for those who see charts.
    Hold.OPEN_ADVERSE_EVENT: "On hold until a clinician clears it.",
    Hold.UNANSWERED_RED_FLAG: "A report of symptoms waits for its answer.",
    Hold.CLINICIAN_HOLD: "A clinician lets the next treatment wait.",
    Hold.POLIDOCANOL_ALLERGY: "Something on record stands against a treatment. A clinician decides.",
}
_ALLERGY = (
    "An allergy to polidocanol is on record: no treatment can be booked. "
    "Only a clinician who rules the allergy out changes that."
)


@dataclass(frozen=True, slots=True)
class HoldWords:
    """Why nothing can be booked and who can change that. `reason` is a clinician's, for those who see charts."""

    reasons: list[str]
    reason: str
    who: str
    may_lift: bool
    # Open adverse events, in words and with their addresses; for those who see charts.
    events: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class EarlyQuestion:
    """A time before the window that a clinician is asked to approve: `address` opens it for them."""

    when: str
    address: str
    who: str


def early_question(starts_at: datetime, address: str, *, zone: ZoneInfo) -> EarlyQuestion:
    return EarlyQuestion(time_words(starts_at, zone), address, who_may(Permission.APPROVE_EARLY_REPEAT))


def who_may(permission: Permission) -> str:
    """ "Hugo Ashdown or Lena Marsh": the first few active people who have the permission, by name. One query."""
    roles = [role for role, granted in GRANTS.items() if permission in granted]
    any_role = reduce(or_, (Q(roles__contains=f"|{role}|") for role in roles))
    names = list(User.objects.staff().filter(any_role).order_by("name").values_list("name", flat=True)[:_SHOWN])
    return " or ".join([part for part in (", ".join(names[:-1]), names[-1]) if part]) if names else "a clinician"


def hold_words(holds: Iterable[Hold], patient: Patient, *, reader: User, zone: ZoneInfo) -> HoldWords | None:
    """Rule B4 in words; None where nothing holds."""
    found = [*holds]
    if not found:
        return None
    placed = RepeatHold.objects.filter(patient=patient, lifted_at__isnull=True).select_related("placed_by").first()
    reads_charts = reader.may(Permission.VIEW_CHART)
    events = hold_lines(patient, zone) if Hold.OPEN_ADVERSE_EVENT in found and reads_charts else []
    told = [hold for hold in found if not (hold is Hold.OPEN_ADVERSE_EVENT and events)]
    why = {**_WHY, Hold.POLIDOCANOL_ALLERGY: _ALLERGY} if reads_charts else _WHY
    reasons = [why[hold] for hold in told if hold is not Hold.CLINICIAN_HOLD or placed is None]
    if placed:
        when = time_words(placed.placed_at, zone)
        reasons.append(f"{placed.placed_by} lets the next treatment wait, since {when}.")
    return HoldWords(
        reasons=reasons,
        reason=placed.reason if placed and reads_charts else "",
        who=who_may(Permission.HOLD_REPEAT),
        may_lift=placed is not None and reader.may(Permission.HOLD_REPEAT),
        events=events,
    )
