"""Two people sign at the same moment: one session is signed once, two sessions of one patient become one schedule."""

import threading

import pytest
from django.db import connection

from aftercare.actions import sign_session
from aftercare.models import AftercarePlan
from clinic.models import Delivery
from sessions_app.models import TreatmentSession
from sessions_app.refusals import Refused
from tests.aftercare.people import RETICULAR, SPIDER, complete_draft, reachable_patient
from tests.makers import at

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]
NOW = at("2026-01-13 16:00")


def at_once(*jobs):
    """Run the jobs in threads that start together; the answers or refusals, in order."""
    start, answers = threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(number, job):
        try:
            start.wait()
            answers[number] = job()
        except Refused as refusal:
            answers[number] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number, job)) for number, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def signing(session):
    """Whoever comes second signs a session in the week of another, which wants a clinician's reason."""
    clinician = session.responsible_clinician
    answers = {"P16": {"reason": "Two short visits on one day", "ack": True}}

    def sign():
        mine = TreatmentSession.objects.select_related("patient").get(pk=session.pk)
        return sign_session(session=mine, version=session.version, answers=answers, by=clinician, now=NOW)

    return sign


def test_a_session_that_is_signed_eight_times_at_once_has_one_plan():
    session = complete_draft(RETICULAR)

    answers = at_once(*[signing(session)] * 8)

    plan = AftercarePlan.objects.get()
    assert {answer for answer in answers if not isinstance(answer, Refused)} == {plan}
    assert Delivery.objects.values("occurrence_key").distinct().count() == Delivery.objects.count()


def test_two_sessions_of_one_patient_signed_at_once_become_one_schedule():
    patient = reachable_patient()
    morning = complete_draft(SPIDER, ended_at="2026-01-13 10:30", patient=patient)
    afternoon = complete_draft(RETICULAR, ended_at="2026-01-13 15:30", patient=patient)

    answers = at_once(signing(morning), signing(afternoon))

    assert {answer.session for answer in answers} == {morning, afternoon}
    waiting = Delivery.objects.filter(state="pending")
    steps = sorted((row.step, row.local_time[:10]) for row in waiting)
    assert AftercarePlan.objects.count() == 2
    assert [day for step, day in steps if step == "COMP_SWITCH"] == ["2026-01-20"]
    assert [day for step, day in steps if step == "CHECK_1"] == ["2026-01-14"]
    assert len({row.local_time[:10] for row in waiting}) == waiting.count()
