"""The day after a treatment, at home: the plan on a phone, its answers, what hurts, and who looks after it."""

import pytest

from aftercare.models import ReportStep, SymptomReport, Tick
from clinic.models import AuditEvent, Patient
from clinic.protocol.vocabulary import Hold
from sessions_app.repeat import holds_of
from tests.aftercare.people import make_plan, reachable_patient

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MARIGOLD = {"given_name": "Marigold", "family_name": "Quillfeather", "email": "marigold@example.com"}
WORDS = "The calf is tight since last night and hurts when I step on it."


def test_a_patient_follows_her_plan_and_reports_a_sore_leg(patient, clinician, clock, post):
    # Given a patient who was treated on Tuesday morning
    clock.shows("2026-01-13 11:00")
    make_plan("2026-01-13 10:30", patient=reachable_patient(phone="+12125550111", **MARIGOLD))

    # When the message of the next morning comes, she opens its link and looks at her plan before she answers
    clock.shows("2026-01-14 09:01")
    [(_, subject, link)] = post.goes_round()
    assert subject == "How are you?"
    patient.opens(link)
    assert post.codes_sent() == 0
    patient.asks_for_the_code()
    patient.types_the_code(post.newest_code())
    patient.puts_the_questions_off()

    # Then a phone says what holds today
    patient.looks_around()
    assert patient.reads_of_today()["Stocking on, day and night"] == "until Fri 16 Jan, 10:30"

    # When she answers for the day: the stocking is on, the walk was short
    patient.says_of_today("It is on")
    patient.tells_of_the_walk("A shorter walk", why="Too warm")
    patient.reads("Walk early or in the evening, or indoors. Two short walks are as good as one.")
    patient.goes_back_to_today()

    # Then the page remembers it, without a score, and nobody is sent to work
    assert patient.has_said("Is the stocking on?") == "You said: “It is on”"
    assert patient.has_said("Did you walk today?") == "You said: “A shorter walk” (too warm)"
    patient.looks_around()
    assert answers() == [("stocking", "yes", ""), ("walk", "part", "heat")]

    # When one leg hurts and she says so
    clock.shows("2026-01-14 09:10")
    patient.is_asked_how_she_is()
    patient.says_no_to_all()
    patient.ticks("One leg hurts, or is swollen, warm or red: calf, thigh, ankle or foot")
    patient.adds_words_and_sends(WORDS, leg="Left leg")

    # Then she reads that it was received and by when somebody answers, and treatments wait
    patient.sees("We have your report")
    patient.looks_around()
    assert patient.reads_of_her_report() == ("Somebody answers by today, 13:10", ["Received"])
    assert holds() == [Hold.UNANSWERED_RED_FLAG]

    # When the clinician comes to work
    clinician.signs_in()

    # Then the queue is the first page, and the report cannot be overlooked on the others
    clinician.sees("Queue")
    clinician.is_alerted("Marigold Quillfeather, nobody has taken it. Answer by 13:10. It is given to you.")
    clinician.looks_around()
    clinician.opens_the_report_of("Marigold Quillfeather")
    assert clinician.reads_the_patients_words() == WORDS

    # When the clinician takes it
    clinician.takes_it()
    clinician.looks_around()
    patient.looks_again()

    # Then the patient sees who looks at it
    assert patient.reads_of_her_report()[1] == ["Received", "Hugo Ashdown is looking at it"]

    # When the clinician has called, and closes it with a note
    clock.shows("2026-01-14 09:20")
    clinician.closes_it(outcome="scan", note="Tender calf, no shortness of breath. Scan at 11:00: no clot.")
    patient.looks_again()

    # Then the patient reads what was agreed, but not the note; nothing holds the next treatment any more
    patient.sees("This report is answered")
    assert patient.reads_of_her_report() == (
        "",
        [
            "Received",
            "Hugo Ashdown is looking at it",
            "We spoke with you",
            "Answered. You had an ultrasound scan. If you do not know the result, call us.",
        ],
    )
    assert "Scan at 11:00" not in patient.page.content()
    patient.looks_around()
    assert holds() == []
    assert what_was_done() == ["Taken", "Reached", "Closed"]
    assert trail() == ["day answered", "day answered", "symptoms reported", "report taken", "report closed"]


# --- What the database holds -----------------------------------------------------------------------------------------


def answers():
    return list(Tick.objects.order_by("given_at").values_list("task", "answer", "reason"))


def holds():
    return list(holds_of(Patient.objects.get(family_name="Quillfeather", given_name="Marigold")))


def what_was_done():
    assert SymptomReport.objects.get().outcome == "scan"
    return [step.get_what_display() for step in ReportStep.objects.order_by("pk")]


def trail():
    wanted = ("day answered", "symptoms reported", "report taken", "report reached", "report closed")
    return list(AuditEvent.objects.filter(action__in=wanted).order_by("pk").values_list("action", flat=True))
