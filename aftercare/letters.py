"""What the message engine asks about messages of a plan: is it still wanted, does it wait, what do its words need."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from aftercare.issuing import CORRECTED
from aftercare.models import AftercarePlan
from aftercare.stocking_told import told_off
from clinic.models import Delivery, PortalLink
from clinic.protocol.vocabulary import MessageKey

# They lead to what the plan asks of the stocking: "a new step", "your plan goes on".
_OF_THE_STOCKING = (MessageKey.COMP_SWITCH, MessageKey.WEEKLY)
# Read by everybody who sees messages, so it says nothing of what was reported.
WAITS = "a report of the patient is not answered yet"
HAS_PAUSE = "a clinician told the patient to pause a part of the plan"


def unwanted(deliveries: Sequence[Delivery]) -> dict[UUID, str]:
    """Asked at the point of no return: why a message must not go out any more, by delivery id. One query."""
    plans = _plans_of(deliveries)
    reasons = {each.pk: _why_unwanted(each, plans.get(each.source_id)) for each in deliveries}
    return {pk: reason for pk, reason in reasons.items() if reason}


def _why_unwanted(delivery: Delivery, plan: Any) -> str:
    """That a plan was corrected is told for the newest version of it, also when nothing is left to do."""
    if plan is None:
        return "the plan does not exist"
    if plan.has_newer or (plan.replaced_at is not None and delivery.step != CORRECTED):
        return "the plan was corrected"
    return "the plan is over" if delivery.due_at >= plan.ends_at else ""


def held(deliveries: Sequence[Delivery]) -> dict[UUID, str]:
    """What is about the stocking waits, for whoever was told to take it off, until the clinic says otherwise.

    Then it goes out, on the day that it speaks of. At most one query.
    """
    of_stocking = [each for each in deliveries if each.step in _OF_THE_STOCKING]
    off = told_off({each.patient_id for each in of_stocking}) if of_stocking else {}
    return {each.pk: HAS_PAUSE if off[each.patient_id] else WAITS for each in of_stocking if each.patient_id in off}


def letters(deliveries: Sequence[Delivery]) -> dict[UUID, Mapping[str, Any]]:
    """What the words need, by delivery id: nothing of the plan, only its link's end and the page it is for. One query.

    The step names the templates; they say one neutral line, so that a screen that somebody else sees tells nothing.
    """
    plans = _plans_of(deliveries)
    return {
        each.pk: {"link_expires_at": plans[each.source_id].ends_at, "link_leads_to": _page_for(each.step)}
        for each in deliveries
    }


def _page_for(step: str) -> PortalLink.LeadsTo:
    """Who is asked "How are you?" comes to the questions; every other message is about what to do now."""
    return PortalLink.LeadsTo.HOW if step == MessageKey.CHECK_1 else PortalLink.LeadsTo.TODAY


def _plans_of(deliveries: Sequence[Delivery]) -> dict[UUID, Any]:
    newer = AftercarePlan.objects.filter(lineage=OuterRef("lineage"), number__gt=OuterRef("number"))
    rows = AftercarePlan.objects.filter(public_id__in={each.source_id for each in deliveries})
    rows = rows.only("public_id", "replaced_at", "ends_at").annotate(has_newer=Exists(newer))
    return {row.public_id: row for row in rows}
