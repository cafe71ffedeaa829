"""The benchmarks' own arithmetic, and the clinic that they run on."""

from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count, F

from aftercare.models import AftercarePlan, PlanItem
from bench import harness
from bench.world import visits, working_days
from clinic import database_rules
from clinic.models import Delivery, Patient
from clinic.search import find_patients
from sessions_app.models import Appointment, CalendarEntry, TreatmentSession


def test_ratio_is_the_median_of_the_ratios_of_each_round():
    result = harness.Result("x", "floor", "ms", [2.0, 30.0, 4.0, 9.0, 5.0], [1.0, 10.0, 4.0, 3.0, 1.0])

    assert result.ratio == 3.0


@pytest.mark.parametrize(
    ("goal", "ratio", "verdict"),
    [
        (harness.Goal("at most", 2.5, 1.5), 1.5, "aim reached"),
        (harness.Goal("at most", 2.5, 1.5), 2.5, "goal reached"),
        (harness.Goal("at most", 2.5, 1.5), 2.6, "SHORT"),
        (harness.Goal("at least", 0.3, 0.45), 0.45, "aim reached"),
        (harness.Goal("at least", 0.3, 0.45), 0.3, "goal reached"),
        (harness.Goal("at least", 0.3), 0.29, "SHORT"),
    ],
)
def test_verdict_of_a_ratio(goal, ratio, verdict):
    assert goal.verdict(ratio) == verdict


def test_a_promise_is_kept_when_nothing_broke_it():
    kept = harness.Kept("x", "one booking each", 30, [])
    broken = harness.Kept("x", "one booking each", 30, ["2 booked 10:00", "3 booked 11:00"])

    assert (kept.broken, kept.verdict) == (False, "kept")
    assert (broken.broken, broken.verdict) == (True, "BROKEN: 2 booked 10:00")
    assert "one booking each" in harness.table([kept])


def test_rounds_are_interleaved_and_take_turns_in_going_first():
    order = []

    def side(name):
        return lambda: order.append(name) or len(order)

    figures = harness.interleave(side("ours"), side("theirs"), rounds=3)

    assert order == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert figures == ([1, 4, 5], [2, 3, 6])


def test_working_days_leave_sundays_out_in_both_directions():
    monday = date(2026, 1, 12)

    assert working_days(monday, 2) == [date(2026, 1, 12), date(2026, 1, 13)]
    assert working_days(monday, -2) == [date(2026, 1, 9), date(2026, 1, 10)]


def test_visits_never_share_a_nurse_a_room_or_a_patient_at_one_time():
    found = list(visits(5000, date(2026, 1, 12)))

    assert len(found) == 5000
    for resource in ("nurse", "room", "patient"):
        assert len({(visit.day, visit.slot, getattr(visit, resource)) for visit in found}) == 5000


@pytest.mark.django_db(transaction=True)
def test_seeded_clinic_is_whole_and_obeys_the_database_rules():
    call_command("seed_bench", appointments=600)

    assert Appointment.objects.count() == CalendarEntry.objects.count() == 600
    assert Appointment.objects.exclude(entry__active=True).exclude(status__in=["cancelled", "no_show"]).count() == 0
    signed = TreatmentSession.objects.count()
    assert signed == AftercarePlan.objects.count() > 300
    assert AftercarePlan.objects.annotate(number_of_items=Count("items")).filter(number_of_items__lt=10).count() == 0
    assert Delivery.objects.count() == 2 * 600 + 5 * signed
    assert PlanItem.objects.filter(ends_at__lt=F("starts_at")).count() == 0
    assert database_rules.missing(connection) == []
    connection.check_constraints()
    patient = Patient.objects.latest("id")
    assert patient in find_patients(str(patient.phone)[-7:])


@pytest.mark.django_db(transaction=True)
def test_seeding_refuses_a_database_with_patients():
    call_command("seed_bench", appointments=20)

    with pytest.raises(CommandError, match="already has patients"):
        call_command("seed_bench", appointments=20)
