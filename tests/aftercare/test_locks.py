"""An issued plan is what the patient was told: whatever code tries, the database keeps it as it was."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from aftercare.models import AftercarePlan, PlanItem
from tests.aftercare.people import RETICULAR, SPIDER, amend, make_plan
from tests.makers import at, make_patient

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan():
    return make_plan("2026-01-13 10:30", SPIDER)


def refused(change):
    with pytest.raises(IntegrityError), transaction.atomic():
        change()


@pytest.mark.parametrize(
    "changes",
    [
        {"starts_at": at("2026-01-13 10:31")},
        {"ends_at": at("2026-03-01 00:00")},
        {"time_zone": "America/Chicago"},
        {"lineage": uuid4()},
        {"number": 2},
        {"facts": {}},
        {"values": {}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_no_fact_of_an_issued_plan_changes(plan, changes):
    refused(lambda: AftercarePlan.objects.filter(pk=plan.pk).update(**changes))


def test_a_plan_does_not_change_hands(plan):
    other = make_patient()

    refused(lambda: AftercarePlan.objects.filter(pk=plan.pk).update(patient=other))


def test_a_plan_is_never_deleted(plan):
    refused(lambda: AftercarePlan.objects.filter(pk=plan.pk)._raw_delete("default"))


def test_an_item_never_changes_and_is_never_deleted_nor_by_raw_sql(plan):
    refused(lambda: plan.items.update(last_date="2030-01-01"))
    refused(lambda: plan.items.all()._raw_delete("default"))
    with connection.cursor() as cursor:
        refused(lambda: cursor.execute("UPDATE aftercare_planitem SET rule = 'x' WHERE plan_id = %s", [plan.pk]))


def test_a_plan_is_replaced_once_and_that_does_not_change_either(plan):
    AftercarePlan.objects.filter(pk=plan.pk).update(replaced_at=timezone.now())

    refused(lambda: AftercarePlan.objects.filter(pk=plan.pk).update(replaced_at=None))


def test_the_numbers_of_a_corrected_plan_stay_readable(plan):
    before = list(plan.items.order_by("pk").values())

    amend(plan, RETICULAR, at_instant=at("2026-01-14 12:00"))

    assert list(PlanItem.objects.filter(plan=plan).order_by("pk").values()) == before


def test_one_session_has_one_plan(plan):
    refused(
        lambda: AftercarePlan.objects.create(
            patient=plan.patient,
            session=plan.session,
            lineage=uuid4(),
            time_zone=plan.time_zone,
            starts_at=plan.starts_at,
            ends_at=plan.ends_at,
            protocol_version=plan.protocol_version,
            facts=plan.facts,
            values=plan.values,
            issued_by=plan.issued_by,
        )
    )
