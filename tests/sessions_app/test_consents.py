"""Consent to a series: texts in versions, the signature on the screen, how long it holds, who reads it."""

import html
import json
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import time_machine
from django.db import DatabaseError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftercare.actions import sign_session
from clinic.access import Role
from sessions_app import consent_texts, consents
from sessions_app.actions import NotComplete
from sessions_app.charting import chart_of
from sessions_app.consent_texts import Words, blocks_of, newest_texts, newest_version, publish, text_in
from sessions_app.models import ConsentText, SeriesConsent
from sessions_app.preparation import ready_for, recorded
from sessions_app.presenters.session_record import record_of
from sessions_app.refusals import Refused, Stale
from sessions_app.signature_drawing import strokes_in, svg_paths
from tests.makers import at, make_clinic, make_consent, make_patient, make_patient_user, make_user
from tests.sessions_app.charts import ASKED, SIGNING, events, ready_draft, signed_in, words

pytestmark = pytest.mark.django_db
NOW = at("2026-01-13 10:40")
DRAWN = [[[10, 10], [60, 20], [90, 60.04]], [[100, 100], [130, 90]]]
UNSIGNED = {name: value for name, value in ASKED.items() if not name.startswith("consent")}


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def sign(patient, **facts):
    return consents.sign_consent(
        **{
            "patient": patient,
            "text": text_in("en"),
            "signed_name": patient.name,
            "strokes": DRAWN,
            "allows_photographs": False,
            "request_key": uuid.uuid4(),
            "by": make_user(),
            "now": NOW,
            **facts,
        }
    )


def sign_url(patient):
    return reverse("sessions_app:consent_sign", args=[patient.public_id])


def sent(**changes):
    form = {
        "language": "en",
        "version": "1",
        "request_key": str(uuid.uuid4()),
        "photographs": "yes",
        "strokes": json.dumps(DRAWN),
        "typed_name": "",
    }
    return {name: value for name, value in {**form, **changes}.items() if value is not None}


# --- Texts ---------------------------------------------------------------------------------------------------------


def test_the_shipped_text_is_version_1_in_both_languages_and_belongs_to_nobody():
    assert newest_version() == 1
    assert {text.language: text.published_by for text in newest_texts().values()} == {"en": None, "es": None}


def test_that_the_words_are_shipped_is_said_to_the_lead_and_never_to_the_patient(client):
    """Neither where it is signed nor on the copy that is handed out."""
    patient, lead = make_patient(), make_user(Role.CLINICAL_LEAD)
    client = signed_in(client, lead)
    consent = sign(patient)
    copies = [reverse("sessions_app:consent", args=[consent.public_id])]
    other = sign_url(make_patient())
    shown = [words(client.get(address)) for address in (f"{other}?language=en", f"{other}?language=es", *copies)]

    assert [text for text in shown if re.search(r"(?i)shipped|confirmed by|suministrado|confirmarlo", text)] == []
    assert "As shipped, to be confirmed by the clinical lead." in words(
        client.get(reverse("sessions_app:consent_text"))
    )


def test_both_shipped_texts_have_the_same_parts():
    parts = [[(block.kind, len(block.lines)) for block in blocks_of(text_in(each).body)] for each in ("en", "es")]

    assert parts[0] == parts[1]
    assert {kind for kind, _ in parts[0]} == {"heading", "paragraph", "list"}


def test_a_new_version_has_both_languages_and_leaves_the_old_one_readable():
    lead, old = make_user(Role.CLINICAL_LEAD), text_in("en")

    publish(words={"en": Words("Title", "Body"), "es": Words("Título", "Texto")}, after=1, by=lead, now=NOW)

    assert (text_in("en").version, text_in("es").body, text_in("es").published_by) == (2, "Texto", lead)
    assert ConsentText.objects.get(pk=old.pk).body == old.body
    assert [event.details for event in events("consent text published")] == [{"version": 2}]


def test_a_version_is_published_on_the_newest_one_only():
    newest_version()
    wanted = {"en": Words("Title", "Body"), "es": Words("Título", "Texto")}
    publish(words=wanted, after=1, by=make_user(), now=NOW)

    with pytest.raises(Stale, match="Version 2 was published meanwhile"):
        publish(words={**wanted, "en": Words("Other", "Body")}, after=1, by=make_user(), now=NOW)


@pytest.mark.parametrize(
    ("spanish", "problem"),
    [(None, "in Español too"), (Words("Título", "  "), "in Español too"), (Words("T", "x" * 20_001), "too long")],
)
def test_a_version_without_one_of_its_languages_is_refused(spanish, problem):
    given = {"en": Words("Title", "Body")} | ({"es": spanish} if spanish else {})

    with pytest.raises(Refused, match=problem):
        publish(words=given, after=newest_version(), by=make_user(), now=NOW)


def test_publishing_what_stands_already_is_refused():
    same = {language: Words(text.title, text.body) for language, text in newest_texts().items()}

    with pytest.raises(Refused, match="Nothing was changed"):
        publish(words=same, after=1, by=make_user(), now=NOW)


def test_a_published_text_cannot_be_changed_in_the_database():
    text = text_in("en")

    with pytest.raises(DatabaseError), transaction.atomic():
        ConsentText.objects.filter(pk=text.pk).update(body="Something else")


def test_markup_in_a_text_is_words():
    assert blocks_of("<script>x</script>\n\n## A & B\n- one\n- <b>two</b>") == [
        consent_texts.Block("paragraph", ("<script>x</script>",)),
        consent_texts.Block("heading", ("A & B",)),
        consent_texts.Block("list", ("one", "<b>two</b>")),
    ]


def test_the_lead_looks_at_the_next_version_and_publishes_it(client):
    lead = make_user(Role.CLINICAL_LEAD)
    client = signed_in(client, lead)
    page = {
        "after": newest_version(),
        "title_en": "Our consent",
        "body_en": "## What\n\nWords <i>here</i>",
        "title_es": "Nuestro",
        "body_es": "Palabras",
    }

    looked = client.post("/consent-text/", {**page, "do": "preview"})
    assert "As the patient will read it" in words(looked)
    assert "&lt;i&gt;here&lt;/i&gt;" in looked.content.decode()
    assert newest_version() == 1

    assert client.post("/consent-text/", {**page, "do": "publish"}).status_code == 302
    assert (newest_version(), text_in("en").title) == (2, "Our consent")


@pytest.mark.parametrize("role", [Role.NURSE, Role.CLINICIAN, Role.FRONT_DESK, Role.ADMINISTRATOR])
def test_only_the_lead_writes_the_text(client, role):
    assert signed_in(client, make_user(role)).get("/consent-text/").status_code == 403


# --- Strokes -------------------------------------------------------------------------------------------------------


def test_strokes_are_kept_to_a_tenth_and_drawn_as_paths():
    strokes = strokes_in(json.dumps(DRAWN))

    assert strokes == [[[10.0, 10.0], [60.0, 20.0], [90.0, 60.0]], [[100.0, 100.0], [130.0, 90.0]]]
    assert svg_paths(strokes) == ["M10 10L60 20L90 60", "M100 100L130 90"]


@pytest.mark.parametrize(
    "rubbish",
    [
        "{",
        "null",
        "7",
        '"M0 0"',
        '{"a": 1}',
        "[[[1, 2], [3]]]",
        "[[[1, 2, 3]]]",
        "[[1, 2]]",
        '[[["1", "2"]]]',
        "[[[true, 2]]]",
        "[[[NaN, 2]]]",
        "[[[Infinity, 2]]]",
        "[[[1e999, 2]]]",
        "[[[-1, 2]]]",
        "[[[601, 2]]]",
        "[[[1, 200.1]]]",
        "[[[null, 2]]]",
        '[[["<script>", 2]]]',
        "[" * 5000 + "]" * 5000,
        json.dumps([[[n % 600, n % 200] for n in range(10_000)]]),
        json.dumps([[[1, 1], [2, 2]]] * 201),
        "[" + " " * 200_001 + "]",
        "[[[5, 5]]]",
        "[[[5, 5], [6, 6]]]",
    ],
)
def test_what_is_no_signature_is_refused(rubbish):
    with pytest.raises(Refused, match="sign again"):
        strokes_in(rubbish)


def test_a_signature_of_rubbish_saves_nothing_and_says_what_to_do(client):
    patient = make_patient()

    answer = signed_in(client, make_user()).post(sign_url(patient), sent(strokes="[[[NaN, 1]]]"))

    assert answer.status_code == 422
    assert "The drawing could not be read. Clear it and sign again." in words(answer)
    assert not SeriesConsent.objects.exists()


# --- Signing -------------------------------------------------------------------------------------------------------


def test_a_drawn_signature_is_the_patients_and_the_reader_is_its_witness(client):
    patient, nurse = make_patient(given_name="Marigold", family_name="Quillfeather"), make_user()
    newest_version()

    answer = signed_in(client, nurse).post(sign_url(patient), sent())

    consent = SeriesConsent.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/consents/{consent.public_id}/")
    assert (consent.signed_name, consent.witnessed_by, consent.allows_photographs) == (patient.name, nurse, True)
    assert consent.strokes == [[[10.0, 10.0], [60.0, 20.0], [90.0, 60.0]], [[100.0, 100.0], [130.0, 90.0]]]
    [event] = events("consent signed")
    assert event.details == {"version": 1, "language": "en", "drawn": True, "photographs": True}


def test_a_typed_name_with_its_tick_signs_as_well(client):
    patient = make_patient()
    newest_version()
    typed = sent(strokes="", typed_name="  Marigold   Quillfeather ", typed_counts="on", photographs="no")

    signed_in(client, make_user()).post(sign_url(patient), typed)

    consent = SeriesConsent.objects.get()
    assert (consent.signed_name, consent.strokes, consent.allows_photographs) == ("Marigold Quillfeather", [], False)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"strokes": ""}, "Sign in the box, or type the name"),
        ({"strokes": "", "typed_name": "M Q"}, "Sign in the box, or type the name"),
        ({"strokes": "", "typed_counts": "on", "typed_name": " "}, "Type the name."),
        ({"photographs": None}, "Choose yes or no for the photographs."),
        ({"photographs": "perhaps"}, "perhaps"),
        ({"language": "xx"}, "xx"),
        ({"version": "7"}, "A new text was published meanwhile"),
        ({"version": "-1"}, "greater than or equal to 1"),
        ({"version": "abc"}, "whole number"),
        ({"request_key": "abc"}, "valid UUID"),
        ({"typed_name": "x" * 121, "strokes": "", "typed_counts": "on"}, "at most 120 characters"),
        ({"typed_name": "a\x00b", "strokes": "", "typed_counts": "on"}, "Null characters"),
    ],
)
def test_what_is_missing_or_wrong_is_said_and_nothing_is_signed(client, changes, problem):
    newest_version()

    answer = signed_in(client, make_user()).post(sign_url(make_patient()), sent(**changes))

    assert answer.status_code == 422
    assert problem in words(answer)
    assert not SeriesConsent.objects.exists()


def test_a_signature_under_a_text_that_was_replaced_is_refused_and_the_new_one_shown(client):
    newest_version()
    publish(words={"en": Words("Newer", "Newer words"), "es": Words("N", "T")}, after=1, by=make_user(), now=NOW)

    answer = signed_in(client, make_user()).post(sign_url(make_patient()), sent())

    assert answer.status_code == 422
    assert "A new text was published meanwhile" in words(answer)
    assert "Newer words" in words(answer)
    assert 'name="version" value="2"' in answer.content.decode()
    assert json.dumps(DRAWN) not in html.unescape(answer.content.decode())
    assert not SeriesConsent.objects.exists()


SPANISH_REFUSALS = [
    ({"strokes": "[[[5, 5]]]"}, "Es demasiado corto para una firma."),
    ({"strokes": "[[[NaN, 1]]]"}, "No se pudo leer el dibujo."),
    ({"strokes": json.dumps([[[1, 1]]] * 201)}, "El dibujo es demasiado grande."),
    ({"version": "7"}, "Entretanto se publicó un texto nuevo."),
]


@pytest.mark.parametrize(("changes", "problem"), SPANISH_REFUSALS)
def test_under_a_spanish_text_a_signature_is_refused_in_spanish(client, changes, problem):
    newest_version()

    answer = signed_in(client, make_user()).post(sign_url(make_patient()), sent(language="es", **changes))

    assert answer.status_code == 422
    assert problem in words(answer)


def test_under_a_spanish_text_a_second_consent_is_refused_in_spanish(client):
    patient = make_patient()
    sign(patient)

    answer = signed_in(client, make_user()).post(sign_url(patient), sent(language="es"))

    assert "Ya hay un consentimiento en vigor." in words(answer)
    assert SeriesConsent.objects.count() == 1


def test_sent_twice_it_is_one_consent(client):
    patient = make_patient()
    newest_version()
    form, client = sent(), signed_in(client, make_user())

    first, second = client.post(sign_url(patient), form), client.post(sign_url(patient), form)

    assert (first.status_code, second.status_code, first.url) == (302, 302, second.url)
    assert SeriesConsent.objects.count() == 1
    assert len(events("consent signed")) == 1


def test_a_key_of_another_patients_signature_signs_nothing():
    key = uuid.uuid4()
    sign(make_patient(), request_key=key)

    with pytest.raises(Refused, match="nothing was saved"):
        sign(make_patient(), request_key=key)


def test_a_second_consent_is_refused_while_one_holds():
    patient = make_patient()
    sign(patient)

    with pytest.raises(Refused, match=r"The consent of 13 Jan 2026 holds already\. End it first"):
        sign(patient)


def test_the_day_of_the_consent_that_holds_is_the_clinics():
    patient = make_patient()
    sign(patient, now=at("2026-01-12 20:30"))  # the 13th by Greenwich

    with pytest.raises(Refused, match=r"The consent of 12 Jan 2026 holds already\."):
        sign(patient)


def test_the_text_is_offered_in_the_patients_language_and_can_be_switched(client):
    patient = make_patient(language="es")
    client = signed_in(client, make_user())

    assert "Consentimiento para el tratamiento" in words(client.get(sign_url(patient)))
    assert "Consent to the treatment" in words(client.get(sign_url(patient) + "?language=en"))
    assert "Consent to the treatment" in words(client.get(sign_url(patient) + "?language=xx"))


@pytest.mark.django_db(transaction=True)
def test_sent_by_two_at_once_it_is_one_consent():
    patient, witness, text, key, start = make_patient(), make_user(), text_in("en"), uuid.uuid4(), Barrier(4)

    def send(_):
        start.wait()
        try:
            return sign(patient, by=witness, text=text, request_key=key).pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(send, range(4)))

    assert found == {SeriesConsent.objects.get().pk}
    assert len(events("consent signed")) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_different_signatures_at_once_one_stands():
    patient, witness, text, start = make_patient(), make_user(), text_in("en"), Barrier(3)

    def send(_):
        start.wait()
        try:
            return bool(sign(patient, by=witness, text=text))
        except Refused:
            return False
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        answers = sorted(pool.map(send, range(3)))

    assert answers == [False, False, True]
    assert SeriesConsent.objects.filter(ended_at__isnull=True).count() == 1


def test_the_database_keeps_a_signature_as_it_was_signed():
    consent = sign(make_patient())

    for change in ({"signed_name": "Somebody Else"}, {"allows_photographs": True}):
        with pytest.raises(DatabaseError), transaction.atomic():
            SeriesConsent.objects.filter(pk=consent.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        SeriesConsent.objects.filter(pk=consent.pk).delete()


# --- How long it holds ---------------------------------------------------------------------------------------------


def test_a_session_cannot_be_signed_without_consent_and_can_with_it():
    session = ready_draft(screening=UNSIGNED)

    with time_machine.travel(SIGNING, tick=False):
        with pytest.raises(NotComplete, match="Consent"):
            sign_session(session=session, version=session.version, answers={}, by=session.nurse)
        session.refresh_from_db()
        sign(session.patient, now=at("2026-01-13 09:50"))
        signed = sign_session(session=session, version=session.version, answers={}, by=session.nurse)

    assert signed is not None
    session.refresh_from_db()
    assert session.status == "signed"


@pytest.mark.parametrize(
    ("signed_at", "holds"),
    [("2025-01-13 10:00", True), ("2025-01-12 23:59", False), ("2026-01-13 09:00", True), ("2026-01-14 09:00", False)],
)
def test_a_consent_holds_for_the_clinics_months_and_not_backwards(signed_at, holds):
    make_clinic(consent_months=12)
    session = ready_draft(screening=UNSIGNED)
    make_consent(patient=session.patient, signed_at=at(signed_at))

    assert ("Consent not signed" not in [gap.words for gap in chart_of(session, now=SIGNING).missing]) is holds


@pytest.mark.parametrize(("ended_at", "holds"), [("2026-01-13 10:40", True), ("2026-01-13 10:39", False)])
def test_a_consent_signed_after_the_treatment_comes_too_late_for_it(ended_at, holds):
    session = ready_draft(screening=UNSIGNED, ended_at=at(ended_at))
    make_consent(patient=session.patient, signed_at=NOW)

    assert (chart_of(session, now=SIGNING).ready.consent is not None) is holds


def test_a_consent_signed_during_the_walk_comes_too_late_also_while_the_end_is_not_entered():
    session = ready_draft(screening=UNSIGNED, ended_at=None)
    make_consent(patient=session.patient, signed_at=NOW)

    assert chart_of(session, now=SIGNING).ready.consent is None
    assert "Consent" in [gap.words for gap in chart_of(session, now=SIGNING).gaps]


def test_a_treatment_without_consent_can_be_recorded_a_clinician_answers_for_it():
    session, clinician = ready_draft(screening=UNSIGNED), make_user(Role.CLINICIAN)
    answers = {"P14": {"reason": "Signed on the wrong form, patient informed", "ack": True}}

    with time_machine.travel(SIGNING, tick=False):
        with pytest.raises(NotComplete, match="Consent not signed"):
            sign_session(session=session, version=session.version, answers=answers, by=session.nurse)
        session.refresh_from_db()
        sign_session(session=session, version=session.version, answers=answers, by=clinician)

    session.refresh_from_db()
    assert session.status == "signed"
    assert "consent_signed" not in session.screening
    assert events("check overridden")[0].details == {
        "check": "P14",
        "answered_by": clinician.pk,
        "opens_incident": True,
    }


def test_an_older_text_holds_for_its_series():
    session = ready_draft(screening=UNSIGNED)
    make_consent(patient=session.patient, signed_at=at("2026-01-06 09:00"))

    publish(words={"en": Words("Newer", "Words"), "es": Words("N", "T")}, after=1, by=make_user(), now=NOW)

    assert chart_of(session, now=SIGNING).missing == ()


def test_a_withdrawn_consent_holds_no_longer_and_says_why():
    session, nurse = ready_draft(screening=UNSIGNED), make_user()
    consent = sign(session.patient, allows_photographs=True, now=at("2026-01-13 09:50"))

    consents.end_consent(consent=consent, reason="Patient withdraws", by=nurse, now=NOW)

    # It ended at 10:40; the session was over at 10:30 and stood on it until then.
    assert chart_of(session, now=SIGNING).missing == ()
    session.ended_at = at("2026-01-13 10:45")
    assert "Consent not signed" in [gap.words for gap in chart_of(session, now=SIGNING).missing]
    assert (consents.living_consent(session.patient), consents.allows_photographs(session.patient)) == (None, False)
    [event] = events("consent ended")
    assert event.by_id == nurse.pk


@pytest.mark.parametrize(("reason", "problem"), [("  ", "Write why"), ("x" * 201, "Shorten this to 200")])
def test_a_consent_ends_with_a_reason(reason, problem):
    consent = sign(make_patient())

    with pytest.raises(Refused, match=problem):
        consents.end_consent(consent=consent, reason=reason, by=make_user(), now=NOW)
    consent.refresh_from_db()
    assert consent.ended_at is None


def test_a_consent_ends_once():
    consent = sign(make_patient())
    consents.end_consent(consent=consent, reason="A new series begins", by=make_user(), now=NOW)

    with pytest.raises(Refused, match="already"):
        consents.end_consent(consent=consent, reason="Again", by=make_user(), now=NOW)


def test_one_that_is_too_old_is_ended_by_the_new_signature():
    make_clinic(consent_months=12)
    patient = make_patient()
    old = make_consent(patient=patient, signed_at=at("2024-06-01 09:00"))

    new = sign(patient)

    old.refresh_from_db()
    assert (old.ended_at, old.ended_why) == (NOW, consents.OUTDATED)
    assert consents.living_consent(patient) == new


def test_paper_needs_the_words_where_it_is():
    patient = make_patient()
    ticked = ready_draft(patient=patient, screening={**UNSIGNED, "consent_signed": True})
    kept = ready_draft(screening={**UNSIGNED, "consent_signed": True, "consent_paper": "Folder 3"})

    assert [gap.words for gap in chart_of(ticked, now=SIGNING).gaps] == ["Where the signed paper is"]
    assert chart_of(kept, now=SIGNING).missing == ()


@pytest.mark.parametrize("words", ["x", "  y  ", "paper"])
def test_a_letter_finds_no_paper_and_does_not_stand_for_a_consent_that_is_missing(words):
    asked = {**UNSIGNED, "consent_signed": True, "consent_paper": words}
    chart = chart_of(ready_draft(screening=asked), now=SIGNING)

    assert [gap.words for gap in chart.gaps] == ["Where the signed paper is (a few words, such as Folder 3)"]
    assert [judged.finding.id for judged in chart.findings if judged.is_open] == ["P14"]


def test_before_the_treatment_is_over_a_paper_that_nobody_can_find_is_only_asked_for():
    asked = {**UNSIGNED, "consent_signed": True, "consent_paper": "x"}
    begun = ready_draft(screening=asked, ended_at=None, observation_started_at=None, observation_ended_at=None)

    assert "P14" not in [judged.finding.id for judged in chart_of(begun, now=SIGNING).findings]


@pytest.mark.parametrize(
    ("signed_at", "why"),
    [
        ("", "Nothing is signed for this series."),
        ("2026-01-13 10:32", "Signed 10:32, after the treatment was over at 10:30. If that time is wrong"),
    ],
)
def test_the_finding_says_why_no_consent_holds_where_it_is_answered(client, signed_at, why):
    session = ready_draft(screening=UNSIGNED)
    if signed_at:
        make_consent(patient=session.patient, signed_at=at(signed_at))
    client.force_login(session.nurse)

    page = client.get(reverse("sessions_app:visit", args=[session.appointment.public_id])).content.decode()

    finding = page.split('id="tray-P14"')[1].split("</details>")[0]
    assert f"<p><b>{why}" in finding
    assert "</b> Go through the consent" in finding


def test_the_visit_asks_for_the_place_beside_the_tick(client):
    session = ready_draft(screening={**UNSIGNED, "consent_signed": True, "consent_paper": "x"})
    page = signed_in(client, session.nurse).get(reverse("sessions_app:visit", args=[session.appointment.public_id]))

    assert "Ticked as signed on paper. Write where the paper is, such as Folder 3." in words(page)
    assert "Recorded as signed on paper." not in words(page)


def test_the_record_says_where_the_paper_is_and_who_had_it_signed():
    session = ready_draft(screening={**UNSIGNED, "consent_signed": True, "consent_paper": "Tablet was flat; folder 3"})

    assert ("Consent on paper", f"Tablet was flat; folder 3, by {session.nurse}") in record_of(session).before


def test_the_record_says_when_a_consent_was_signed_on_the_screen():
    patient = make_patient()
    make_consent(patient=patient, signed_at=at("2026-01-13 21:30"))
    session = ready_draft(patient=patient, screening=UNSIGNED, **EVENING)
    session.screening = recorded(session, ready_for(session))["screening"]

    assert ("Consent", "signed for this series, Tue 13 Jan, 21:30") in record_of(session).before


# A visit whose consent is signed when it is the next date at Greenwich already.
EVENING = {
    "started_at": at("2026-01-13 21:20"),
    "ended_at": at("2026-01-13 21:50"),
    "observation_started_at": at("2026-01-13 21:50"),
    "observation_ended_at": at("2026-01-13 22:06"),
}


def test_photographs_follow_the_living_consent():
    patient = make_patient()
    assert consents.allows_photographs(patient) is False

    sign(patient, allows_photographs=True)

    assert consents.allows_photographs(patient) is True


def test_signing_from_a_visit_comes_back_to_it(client):
    session = ready_draft(screening=UNSIGNED)
    newest_version()

    answer = signed_in(client, session.nurse).post(f"{sign_url(session.patient)}?session={session.public_id}", sent())

    assert answer.url == f"/visits/{session.appointment.public_id}/#consent"


# --- Copies --------------------------------------------------------------------------------------------------------


def test_the_copy_shows_the_words_the_drawing_and_the_witness(client):
    consent = make_consent(signed_name="Marigold Quillfeather", witnessed_by=make_user(name="Nora Pike"))

    answer = signed_in(client, make_user()).get(f"/consents/{consent.public_id}/")

    assert '<path d="M100 100L200 60L300 120" />' in answer.content.decode()
    for part in ("A severe allergic reaction", "Marigold Quillfeather", "Tue 13 Jan 2026, 10:40", "Nora Pike"):
        assert part in words(answer)


def test_a_patient_reads_what_was_signed_in_the_language_in_which_it_was(client):
    person = make_patient_user(language="es")
    consent = make_consent(patient=person.patient, text=text_in("en"))
    client = signed_in(client, person)

    assert "Lo que ha firmado" in words(client.get("/my-consents/"))
    page = words(client.get(f"/my-consents/{consent.public_id}/"))
    assert "Consent to the treatment of leg veins" in page
    assert "Firmado por" in page


def test_a_patient_sees_nobody_elses(client):
    consent = make_consent(signed_name="Secret Signer")
    client = signed_in(client, make_patient_user())

    assert client.get(f"/my-consents/{consent.public_id}/").status_code == 404
    assert "Secret" not in words(client.get("/my-consents/"))


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ADMINISTRATOR])
def test_the_desk_sees_no_consent(client, role):
    consent = make_consent()
    client = signed_in(client, make_user(role))

    for url in (
        f"/consents/{consent.public_id}/",
        f"/consents/{consent.public_id}/end/",
        f"/patients/{consent.patient.public_id}/consent/",
        sign_url(consent.patient),
    ):
        assert client.get(url).status_code == 403


def test_ending_asks_for_the_reason_and_leads_back_to_the_list(client):
    consent = sign(make_patient())
    client = signed_in(client, make_user())
    url = f"/consents/{consent.public_id}/end/"

    assert "Write why this consent ends." in words(client.post(url, {"reason": ""}))
    assert client.post(url, {"reason": "Patient withdraws"}).url == f"/patients/{consent.patient.public_id}/consent/"
    assert "Ended Tue 13 Jan" in words(client.get(f"/patients/{consent.patient.public_id}/consent/"))


def test_the_list_of_consents_costs_the_same_with_many(client):
    patient, client = make_patient(), signed_in(client, make_user())
    text, witness = text_in("en"), make_user()
    url = f"/patients/{patient.public_id}/consent/"
    for _ in range(2):
        make_consent(patient=patient, text=text, witnessed_by=witness, ended_at=NOW, ended_by=witness, ended_why="x")
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for _ in range(20):
        make_consent(patient=patient, text=text, witnessed_by=witness, ended_at=NOW, ended_by=witness, ended_why="x")
    with CaptureQueriesContext(connection) as many:
        client.get(url)

    assert len(many) == len(few)
