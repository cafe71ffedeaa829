"""Every page that people at home may meet, with something on it: a patient with much behind her, a carer, a visitor."""

import re
import uuid
from dataclasses import dataclass

from django.test import Client

from aftercare import report_work
from aftercare.presenters.symptoms import QUESTIONS
from aftercare.reports import Said, file_report
from clinic import portal
from clinic.access import Role
from clinic.models import Clinic, User
from sessions_app.views.get_started import thanks_url
from tests.aftercare.people import RETICULAR, SPIDER, amend, make_plan, reachable_patient
from tests.makers import (
    at,
    make_appointment,
    make_carer,
    make_clinic,
    make_consent,
    make_hours,
    make_patient_user,
    make_service,
    make_tick,
    make_user,
)

NOW = "2026-01-15 09:10"


@dataclass(frozen=True)
class Home:
    """`pages` by who reads them; the sessions stand where the pages need them to."""

    visitor: tuple[str, ...]
    patient: tuple[str, ...]
    carer: tuple[str, ...]
    sessions: dict[str, str]


def furnish(language):
    """Somebody treated twice, once corrected, who answers and reports; the pages in "en" or "es"."""
    make_clinic(
        name="Larkfield Vein Clinic",
        sender_name="Larkfield",
        phone="212-555-0100",
        phone_hours="Mon to Fri 8:00 to 18:00",
        phone_hours_es="Lun a vie 8:00 a 18:00",
        out_of_hours_phone="212-555-0199",
        patients_may_move=True,
    )
    make_hours(make_user(name="Ada Birchwood"))
    make_service()
    patient = reachable_patient(
        given_name="Marigold", family_name="Quillfeather", language=language, time_zone="Europe/Madrid"
    )
    user = make_patient_user(patient)
    plan = make_plan("2026-01-12 10:30", SPIDER, patient=patient)
    amend(plan, RETICULAR, at_instant=at("2026-01-13 09:00"))
    make_plan("2026-01-14 10:30", {**SPIDER, "leg": "right"}, patient=patient, screening={"breastfeeding": True})
    visit = make_appointment(patient=patient, starts_at=at("2026-01-29 10:30"))
    consent = make_consent(patient=patient)
    make_tick(patient=patient, by=user, task="walk", answer="part", reason="heat", date=at(NOW).date())
    reports = _reports(patient, user, language)
    carer = make_carer(
        patient=patient, user=make_user(Role.CARER, name="Rosa Wren"), language=language, may_report=True
    )
    sessions = {"patient": _signed_in(user, "/"), "carer": _signed_in(carer.user, f"/care/{carer.public_id}/")}
    return Home(
        visitor=(
            portal.make_link(patient, at(NOW)).removeprefix("http://localhost:8000"),
            "/l/never-was/",
            "/stop/never-was/",
            "/accounts/code/",
            "/get-started/",
            thanks_url(language, at(NOW)),
            "/offline/",
        ),
        patient=(
            "/today/",
            "/today/answer/first/",
            "/today/answer/second/",
            "/today/kept/",
            "/plan/print/",
            "/plan/print/?text=large",
            "/how/",
            "/how/2/",
            "/how/3/",
            "/how/well/",
            "/how/sent/",
            *(f"/how/sent/{report.public_id}/" for report in reports),
            "/my-visits/",
            f"/my-visits/{visit.public_id}/change/",
            "/my-consents/",
            f"/my-consents/{consent.public_id}/",
            "/settings/",
            "/settings/people/",
            "/accounts/sign-out/",
            "/never-was/",
        ),
        carer=("/care/", *(f"/care/{carer.public_id}/{page}" for page in ("", "how/", "plan/print/")), "/settings/"),
        sessions=sessions,
    )


def _reports(patient, user, language):
    """An emergency, one that waits, one that is answered."""
    clinician = make_user(Role.CLINICIAN, name="Hugo Ashdown")
    emergency, waiting, answered = (
        file_report(
            patient=patient,
            said=Said(symptoms=symptoms, denied=[question.key for question in QUESTIONS[3:]], leg=leg, free_text=words),
            request_key=uuid.uuid4(),
            source="portal",
            by=user,
            now=at(NOW),
            clinic=Clinic.current(),
            language=language,
        )
        for symptoms, leg, words in (
            (["CHEST_OR_BREATH"], "", ""),
            (["ONE_LEG", "BRUISES"], "left", "Since last night."),
            (["TOES_UNDER_STOCKING"], "right", ""),
        )
    )
    taken = report_work.take(report=answered, by=clinician, now=at(NOW))
    report_work.close(
        report=taken,
        version=taken.version,
        outcome="visit",
        note="Seen.",
        contact="reached",
        result_known=True,
        by=clinician,
        now=at(NOW),
    )
    return emergency, waiting, answered


def _signed_in(user: User, home):
    """A session in which the first two steps of "How are you?" are done."""
    client = Client()
    client.force_login(user)
    for step, said in (
        ("how/", {question.key: "no" for question in QUESTIONS}),
        ("how/2/", {"symptoms": ["ONE_LEG", "BRUISES"]}),
    ):
        key = re.search(r'name="key" value="([^"]+)"', client.get(home + step).content.decode())[1]
        client.post(home + step, {"key": key, **said})
    return client.session.session_key
