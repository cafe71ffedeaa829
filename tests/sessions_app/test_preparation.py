"""The clinic's day (kit, clinician) and what a session stands on before the first injection."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import time_machine
from django.db import connections
from django.urls import reverse

from aftercare.actions import sign_session
from clinic.access import Role
from clinic.actions import ONLY_CLINICIANS
from sessions_app import preparation
from sessions_app.charting import chart_of
from sessions_app.models import DayCheck, TreatmentSession
from sessions_app.refusals import Refused, Stale
from tests.makers import (
    at,
    make_appointment,
    make_clinic,
    make_consent,
    make_day_check,
    make_draft_session,
    make_patient,
    make_signed_session,
    make_user,
)
from tests.sessions_app.charts import ASKED, SIGNING, events, in_force, page_of, ready_draft, signed_in, words

pytestmark = pytest.mark.django_db
NOW = at("2026-01-13 10:40")
HTMX = {"headers": {"HX-Request": "true"}}
HEALTHY = {name: value for name, value in ASKED.items() if name not in ("consent_signed", "consent_paper")}
DAY_CHECK = "/day-check/"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def missing(session):
    return [each.words for each in chart_of(session, now=SIGNING).missing]


def visit_url(session):
    return reverse("sessions_app:visit", args=[session.appointment.public_id])


# --- The day -------------------------------------------------------------------------------------------------------


def test_the_kit_is_checked_by_one_press_for_everybody_with_name_and_time(client):
    nurse = make_user(name="Imani Rowanfield")

    answer = signed_in(client, nurse).post(DAY_CHECK, {"do": "kit"}, **HTMX)

    assert "Checked 10:40, Imani Rowanfield" in words(answer)
    assert "Checked 10:40, Imani Rowanfield" in words(signed_in(client, make_user()).get("/my-day/"))
    [event] = events("kit checked")
    assert (event.by_id, event.details) == (nurse.pk, {"date": "2026-01-13"})


def test_the_second_who_presses_finds_it_checked_by_the_first():
    first, second = make_user(), make_user()

    preparation.check_kit(by=first, now=NOW)
    check = preparation.check_kit(by=second, now=at("2026-01-13 10:41"))

    assert (check.kit_checked_by, check.kit_checked_at) == (first, NOW)
    assert len(events("kit checked")) == 1


def test_a_check_can_be_taken_back_and_says_in_the_trail_whose_it_was():
    first, second = make_user(), make_user()
    preparation.check_kit(by=first, now=NOW)

    check = preparation.uncheck_kit(by=second, now=NOW)
    preparation.uncheck_kit(by=second, now=NOW)

    assert (check.kit_checked_at, check.kit_checked_by) == (None, None)
    [event] = events("kit check taken back")
    assert (event.by_id, event.details["was_by"]) == (second.pk, first.pk)


def test_a_clinician_is_named_and_changed_by_those_who_see_who_was_named(client):
    hugo, clara = make_user(Role.CLINICIAN, name="Hugo Ashdown"), make_user(Role.CLINICAL_LEAD, name="Clara Fenwick")
    client = signed_in(client, make_user())

    client.post(DAY_CHECK, {"do": "clinician", "clinician": hugo.pk}, **HTMX)
    answer = client.post(DAY_CHECK, {"do": "clinician", "clinician": clara.pk, "instead_of": hugo.pk}, **HTMX)

    assert "Clara Fenwick, since 10:40" in words(answer)
    assert [(each.details["clinician"], each.details["instead_of"]) for each in events("clinician of the day named")] \
        == [(hugo.pk, None), (clara.pk, hugo.pk)]  # fmt: skip


def test_who_did_not_see_the_clinician_named_meanwhile_overwrites_nobody():
    hugo, clara = make_user(Role.CLINICIAN), make_user(Role.CLINICIAN)
    preparation.name_clinician(clinician=hugo, by=make_user(), now=NOW)

    with pytest.raises(Stale, match="meanwhile"):
        preparation.name_clinician(clinician=clara, by=make_user(), now=NOW)
    assert DayCheck.objects.get().responsible_clinician == hugo


def test_naming_the_same_clinician_twice_is_one_naming():
    hugo = make_user(Role.CLINICIAN)

    preparation.name_clinician(clinician=hugo, by=make_user(), now=NOW)
    preparation.name_clinician(clinician=hugo, by=make_user(), now=NOW)

    assert len(events("clinician of the day named")) == 1


@pytest.mark.parametrize("role", [Role.NURSE, Role.FRONT_DESK, Role.ADMINISTRATOR])
def test_only_who_may_lift_a_check_can_be_responsible(role):
    with pytest.raises(Refused, match="only they may be responsible"):
        preparation.name_clinician(clinician=make_user(role), by=make_user(), now=NOW)
    assert not DayCheck.objects.exists()


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"do": "burn"},
        {"do": "clinician"},
        {"do": "clinician", "clinician": "x" * 500},
        {"do": "clinician", "clinician": "99999999999999999999"},
        {"do": "clinician", "clinician": "٣"},
        {"do": "clinician", "clinician": "0"},
    ],
)
def test_rubbish_sets_nothing(client, sent):
    assert signed_in(client, make_user()).post(DAY_CHECK, sent, **HTMX).status_code == 200
    assert not DayCheck.objects.filter(responsible_clinician__isnull=False).exists()


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ADMINISTRATOR])
def test_who_does_not_treat_sets_nothing(client, role):
    assert signed_in(client, make_user(role)).post(DAY_CHECK, {"do": "kit"}).status_code == 403
    assert not DayCheck.objects.exists()


def test_the_check_ends_at_the_midnight_of_the_clinic():
    make_clinic(time_zone="Asia/Tokyo")
    preparation.check_kit(by=make_user(), now=at("2026-01-13 23:59", zone="Asia/Tokyo"))

    assert preparation.check_of(preparation.today_of(at("2026-01-13 23:59", zone="Asia/Tokyo"))) is not None
    assert preparation.check_of(preparation.today_of(at("2026-01-14 00:00", zone="Asia/Tokyo"))) is None


@pytest.mark.django_db(transaction=True)
def test_two_who_press_at_once_make_one_check():
    people, start = [make_user() for _ in range(4)], Barrier(4)

    def press(person):
        start.wait()
        try:
            return preparation.check_kit(by=person, now=NOW).kit_checked_by_id
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        checked_by = set(pool.map(press, people))

    assert len(checked_by) == 1
    assert DayCheck.objects.count() == 1
    assert len(events("kit checked")) == 1


# --- A session follows the day -------------------------------------------------------------------------------------


def draft_of_the_day(**facts):
    return make_draft_session(screening={**HEALTHY, "kit_checked_today": None}, **facts)


def test_a_draft_lacks_kit_and_clinician_until_the_day_has_them():
    session = draft_of_the_day()
    assert {"Emergency kit checked", "Responsible clinician"} <= set(missing(session))

    make_day_check()

    assert {"Emergency kit checked", "Responsible clinician"}.isdisjoint(missing(session))


def test_the_check_of_another_day_says_nothing_about_this_one():
    make_day_check(date=at("2026-01-12 12:00").date())

    assert "Emergency kit checked" in missing(draft_of_the_day())


def test_a_check_that_is_taken_back_holds_the_drafts_of_the_day_again():
    session, check = draft_of_the_day(), make_day_check()

    preparation.uncheck_kit(by=check.kit_checked_by, now=NOW)

    assert "Emergency kit checked" in missing(session)
    [finding] = [each for each in chart_of(session, now=NOW, signing=True).findings if each.finding.id == "P15"]
    assert "Check the anaphylaxis kit" in finding.finding.text


def test_a_session_keeps_its_own_tick_and_its_own_clinician():
    own = make_user(Role.CLINICIAN)
    session = make_draft_session(screening=HEALTHY, responsible_clinician=own)
    make_day_check()

    in_force()
    chart = chart_of(session, now=SIGNING)

    assert chart.session.responsible_clinician == own
    assert {"Emergency kit checked", "Responsible clinician"}.isdisjoint(each.words for each in chart.missing)


def signable(**facts):
    """Lacks nothing but what the day and the consent give."""
    session = ready_draft(responsible_clinician=None, screening={**HEALTHY, "kit_checked_today": None}, **facts)
    session.screening.pop("kit_checked_today")
    session.save()
    return session


def test_the_signature_writes_down_what_the_session_stood_on():
    session = signable()
    consent, check = make_consent(patient=session.patient, signed_at=at("2026-01-06 09:00")), make_day_check()

    with time_machine.travel(SIGNING, tick=False):
        sign_session(session=session, version=session.version, answers={}, by=session.nurse)
    preparation.uncheck_kit(by=check.kit_checked_by, now=NOW)

    signed = TreatmentSession.objects.get(pk=session.pk)
    assert signed.responsible_clinician == check.responsible_clinician
    assert signed.screening["consent_signed"] is signed.screening["kit_checked_today"] is True
    assert signed.screening["kit"] == {"by_name": str(check.kit_checked_by), "at": check.kit_checked_at.isoformat()}
    assert signed.screening["consent"] == {
        "id": str(consent.public_id),
        "version": 1,
        "language": "en",
        "signed_at": consent.signed_at.isoformat(),
    }


def test_an_old_session_keeps_what_it_recorded():
    session = make_signed_session(screening=ASKED)
    make_day_check()
    make_consent(patient=session.patient)

    assert preparation.ready_for(session) == preparation.Ready()
    assert TreatmentSession.objects.get(pk=session.pk).screening == ASKED


def test_my_day_asks_before_the_clinician_changes_for_everybody_and_says_who_has_no_number(client):
    hugo = make_user(Role.CLINICIAN, name="Hugo Ashdown", phone="+12125550142")
    miriam = make_user(Role.CLINICIAN, name="Miriam Thornbury")
    make_day_check(clinician=hugo)
    client = signed_in(client, make_user())
    lack = "No number on file for an emergency. An administrator sets it under People and the clinic."

    before = client.get(reverse("sessions_app:my_day"))
    after = client.post(DAY_CHECK, {"do": "clinician", "clinician": miriam.pk, "instead_of": hugo.pk}, **HTMX)

    assert re.search(
        r"<details(?:(?!</details>).)*Make Miriam Thornbury responsible", before.content.decode(), re.DOTALL
    )
    assert "Change clinician… Who answers for the treatments from now on? It changes for everybody" in words(before)
    assert "Make Miriam Thornbury responsible no number on file" in words(before)
    assert "Report a kit problem… The check of today is taken back for everybody" in words(before)
    assert [lack in words(each) for each in (before, after)] == [False, True]


def test_a_visit_shows_the_day_and_asks_only_for_what_is_not_settled(client):
    session = signable()
    client = signed_in(client, session.nurse)
    bare = words(client.get(visit_url(session)))
    make_day_check(by=make_user(name="Imani Rowanfield"), clinician=make_user(Role.CLINICIAN, name="Hugo Ashdown"))

    page = words(client.get(visit_url(session)))

    assert "Checked, for all today" in bare
    assert "Emergency kit checked for this visit" in bare
    assert "Checked 07:50, Imani Rowanfield" in page
    assert "As for today: Hugo Ashdown" in page
    assert "Emergency kit checked for this visit" not in page


def test_a_press_in_a_visit_loads_it_anew_and_one_without_script_comes_back_to_it(client):
    session = signable()
    client = signed_in(client, session.nurse)
    sent = {"do": "kit", "session": str(session.public_id)}

    with_script, without = client.post(DAY_CHECK, sent, **HTMX), client.post(DAY_CHECK, sent)

    assert (with_script.status_code, with_script.headers["HX-Refresh"]) == (204, "true")
    assert (without.status_code, without.url) == (302, visit_url(session))


@time_machine.travel(SIGNING, tick=False)
def test_an_autosave_brings_what_a_colleague_settled_meanwhile(client):
    session = signable()
    client = signed_in(client, session.nurse)
    client.get(visit_url(session))
    make_day_check()
    make_consent(patient=session.patient, signed_name="Marigold Quillfeather", signed_at=at("2026-01-13 09:55"))

    answer = client.post(
        reverse("sessions_app:session_save", args=[session.public_id]), page_of(session, note="x"), **HTMX
    )

    assert answer.status_code == 200
    assert "Signed Tue 13 Jan by Marigold Quillfeather, version 1, no photographs" in words(answer)
    assert "Checked 07:50" in words(answer)


# --- Remembered facts ----------------------------------------------------------------------------------------------


def returning(**facts):
    patient = make_patient(risk_factors=["smoking", "oestrogen"], **facts)
    earlier = make_appointment(patient=patient, starts_at=at("2026-01-06 10:00"), status="done")
    make_signed_session(appointment=earlier)
    return ready_draft(patient=patient, screening={**HEALTHY, "groups": {"stop": "none"}})


def test_what_is_remembered_is_shown_for_confirmation_with_its_day(client):
    session = returning()

    page = words(signed_in(client, session.nurse).get(visit_url(session)))

    assert "As last time, Tue 6 Jan: pill or hormone therapy, smokes; nothing else. Still true" in page
    assert "Something changed" in page


def test_what_changed_since_last_time_is_said(client):
    session = returning()
    client = signed_in(client, session.nurse)
    sent = page_of(session, risk="some", risk_items=["smoking", "thrombophilia"])

    answer = client.post(reverse("sessions_app:session_save", args=[session.public_id]), sent, **HTMX)

    assert "Changed since last time. New: clotting disorder. No longer: pill or hormone therapy" in words(answer)


def test_the_travel_note_of_the_booking_stands_beside_the_question(client):
    patient = make_patient()
    appointment = make_appointment(patient=patient, status="in_treatment", travel_note="Flight to Lisbon on Friday")
    in_force()
    session = make_draft_session(appointment=appointment)

    assert "Said at booking: Flight to Lisbon on Friday" in words(
        signed_in(client, session.nurse).get(visit_url(session))
    )


def test_the_weight_is_folded_away_until_the_dose_needs_it(client):
    light = {"sites": 1, "weight_kg": None}
    heavy = {"sites": [{"strength_percent": 1, "volume_ml": 9, "vein_type": "reticular", "injection_count": 30}]}
    folded, needed = ready_draft(**light), ready_draft(**{**light, **heavy}, ampoules=6)

    pages = [signed_in(client, each.nurse).get(visit_url(each)).content.decode() for each in (folded, needed)]

    assert ['id="weight" open' in page for page in pages] == [False, True]


def test_allergies_are_put_right_beside_the_chair(client):
    session = ready_draft(patient=make_patient(allergies="Latex"))
    client = signed_in(client, session.nurse)
    url = reverse("sessions_app:allergies", args=[session.public_id])

    answer = client.post(url, {"version": session.patient.version, "allergies": "Latex, plaster"})

    assert (answer.status_code, answer.url) == (302, f"{visit_url(session)}#id_medication_confirmed")
    session.patient.refresh_from_db()
    assert (session.patient.allergies, session.patient.polidocanol_allergy) == ("Latex, plaster", False)


def test_allergies_typed_on_an_older_page_overwrite_nothing(client):
    session = ready_draft(patient=make_patient(allergies="Latex"))
    url = reverse("sessions_app:allergies", args=[session.public_id])

    answer = signed_in(client, session.nurse).post(url, {"version": session.patient.version - 1, "allergies": "None"})

    assert "Somebody else changed this patient meanwhile" in words(answer)
    session.patient.refresh_from_db()
    assert session.patient.allergies == "Latex"


def test_an_end_without_treatment_leads_on_to_the_next_booking(client):
    session = make_draft_session(sites=0)
    client = signed_in(client, session.nurse)
    sent = {"version": session.version, "reason": "Patient is ill or has an infection", "next": "book"}

    answer = client.post(reverse("sessions_app:not_treated", args=[session.public_id]), sent)

    assert (answer.status_code, answer.url) == (302, f"/book/?patient={session.patient.public_id}")
    session.refresh_from_db()
    assert (session.status, session.not_treated_reason) == ("not_treated", "Patient is ill or has an infection")


def test_a_nurse_cannot_untick_a_recorded_allergy_beside_the_chair(client):
    session = ready_draft(patient=make_patient(polidocanol_allergy=True))
    url = reverse("sessions_app:allergies", args=[session.public_id])
    sent = {"version": session.patient.version, "allergies": "Latex"}

    answer = signed_in(client, session.nurse).post(url, sent)

    session.patient.refresh_from_db()
    assert (answer.status_code, session.patient.allergies, session.patient.polidocanol_allergy) == (302, "Latex", True)
    assert ONLY_CLINICIANS in client.get(url).content.decode()


def test_a_clinician_says_why_an_allergy_is_ruled_out_beside_the_chair(client):
    session = ready_draft(patient=make_patient(polidocanol_allergy=True))
    url = reverse("sessions_app:allergies", args=[session.public_id])
    sent = {"version": session.patient.version, "allergies": ""}
    browser = signed_in(client, make_user(Role.CLINICIAN))

    refused = browser.post(url, sent)
    accepted = browser.post(url, {**sent, "allergy_ruled_out": "Tested, negative"})

    session.patient.refresh_from_db()
    assert (refused.status_code, accepted.status_code, session.patient.polidocanol_allergy) == (200, 302, False)
    lead = make_user(Role.CLINICAL_LEAD)
    listed = signed_in(client, lead).get(reverse("sessions_app:to_sign")).content.decode()
    assert reverse("clinic:patient", args=[session.patient.public_id]) in listed
    assert "Allergy to polidocanol taken back: Tested, negative" in listed


def test_a_kit_that_is_not_ready_after_all_takes_the_tick_of_drafts_too():
    session, yesterday = ready_draft(), make_draft_session(started_at=at("2026-01-12 10:00"), screening=ASKED)
    TreatmentSession.objects.filter(pk=session.pk).update(
        screening={**session.screening, "kit": {"by_name": "Ada", "at": "2026-01-13T15:00:00+00:00"}}
    )
    preparation.check_kit(by=session.nurse, now=NOW)
    version = session.version

    preparation.uncheck_kit(by=session.nurse, now=NOW)

    session.refresh_from_db()
    assert ("kit" in session.screening, session.version, missing(session)) == (
        False, version + 1, ["Emergency readiness"],
    )  # fmt: skip
    with pytest.raises(Refused, match="Emergency readiness"):
        sign_session(session=session, version=session.version, answers={}, by=session.nurse, now=SIGNING)
    yesterday.refresh_from_db()
    assert yesterday.screening["kit_checked_today"]
