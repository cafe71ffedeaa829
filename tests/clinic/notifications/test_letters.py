"""What patients read: short, neutral, in their language, with the clinic, a link and how to stop."""

import re
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings

from clinic.models import Clinic
from clinic.notifications.channels.base import Attachment
from clinic.notifications.letters import GSM, gsm, render
from clinic.protocol.vocabulary import MessageKey
from tests.clinic.notifications.engine import make_due
from tests.makers import at, make_clinic, make_patient

pytestmark = pytest.mark.django_db

TEMPLATES = Path(settings.BASE_DIR) / "templates/notifications"
CLINICAL = re.compile(
    r"vein|vena|sclero|esclero|asclera|polidocanol|inject|inyec|stocking|media|compress|compres|\bleg\b|pierna|dose|dosis"
    r"|walk|caminar|ulcer|clot|coágulo|pain|dolor|reaction|allerg|alerg",
    re.IGNORECASE,
)
# What upper apps say beside the protocol's schedule: a visit was booked or changed, a plan was corrected, the
# clinic called in vain.
NOTICES = ("APPT_BOOKED", "APPT_MOVED", "APPT_CANCELLED", "PLAN_CHANGED", "CALL_US")
STEPS = (*MessageKey, *NOTICES)
LINK = "https://lilac-hill.example.com/l/" + "x" * 43 + "/"
STOP = "https://lilac-hill.example.com/stop/token/"


def letter(step, language="en", *, clinic_name="Lilac Hill Clinic", patient_zone="America/New_York", **context):
    clinic = make_clinic(name="Lilac Hill Vein Clinic", sender_name=clinic_name, phone="+1 212 555 0100")
    canary = make_patient(
        language=language,
        given_name="Canaryfirst",
        family_name="Canarylast",
        allergies="canaryallergy",
        phone="+12125550187",
        birth_date=date(1961, 3, 9),
        time_zone=patient_zone,
    )
    delivery = make_due(canary, step=step, why="canarywhy spider veins")
    context = {"starts_at": at("2026-01-20 10:30"), **context}
    return render(delivery, context, clinic=clinic, to=canary.email, link=LINK, stop_url=STOP)


def test_every_message_of_the_protocol_and_the_schedule_has_words_and_no_other_has():
    assert {folder.name for folder in TEMPLATES.iterdir()} == {step.lower() for step in STEPS}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("step", STEPS)
def test_a_letter_is_short_neutral_and_says_who_where_and_how_to_stop(step, language):
    written = letter(step, language)

    assert len(written.short) <= 160
    assert set(written.short) <= GSM
    assert "Lilac Hill Clinic" in written.short
    assert LINK in written.short
    assert "STOP" in written.short
    assert "Lilac Hill Clinic" in written.body
    assert LINK in written.body
    assert STOP in written.body
    assert "+1 212 555 0100" in written.body
    assert "\n" not in written.subject
    assert len(written.subject) <= 60
    for text in (written.subject, written.body.replace(LINK, ""), written.short.replace(LINK, "")):
        assert CLINICAL.findall(text) == []
        assert "canary" not in text.lower()
        assert "1961" not in text
        assert "0187" not in text


def test_languages_are_not_mixed():
    english, spanish = letter(MessageKey.CHECK_1, "en"), letter(MessageKey.CHECK_1, "es")

    assert (english.subject, spanish.subject) == ("How are you?", "¿Cómo está?")
    assert spanish.body.startswith("Hola:")


def test_a_visit_is_told_in_the_clinics_time_with_its_zone_where_the_patients_differs():
    near = letter(MessageKey.APPT_1)
    far = letter(MessageKey.APPT_1, patient_zone="America/Los_Angeles")

    assert "Tuesday 20 January, 10:30\n" in near.body
    assert "Tue 20 Jan, 10:30." in near.short
    assert "Tuesday 20 January, 10:30 (EST)" in far.body
    assert "martes 20 de enero, 10:30" in letter(MessageKey.APPT_1, "es").body
    assert ": visita mar 20 ene, 10:30." in letter(MessageKey.APPT_1, "es").short
    assert ": visita reservada mar 20 ene, 10:30." in letter("APPT_BOOKED", "es").short


def test_the_neutral_sender_name_stands_in_for_a_name_that_reveals_the_treatment():
    assert letter(MessageKey.CHECK_1).sender == "Lilac Hill Clinic"
    assert "Vein" not in letter(MessageKey.CHECK_1).body


def test_a_long_clinic_name_gives_way_in_the_short_text():
    written = letter(MessageKey.APPT_3, clinic_name="The Very Long And Stately Name Of Clinic")

    assert len(written.short) <= 160
    assert LINK in written.short
    assert written.short.startswith("The Very Long")


def test_a_text_that_cannot_fit_is_left_out_rather_than_cut():
    delivery = make_due(make_patient(), step=MessageKey.APPT_3)
    too_long = "https://example.com/" + "x" * 120

    written = render(
        delivery,
        {"starts_at": at("2026-01-20 10:30")},
        clinic=Clinic.current(),
        to="a@example.com",
        link=too_long,
        stop_url=STOP,
    )

    assert written.short is None
    assert too_long in written.body


def test_names_with_signs_of_markup_arrive_as_they_were_typed():
    written = letter(MessageKey.CHECK_1, clinic_name="O'Hara & <Sons>")

    assert "O'Hara & <Sons>" in written.body
    assert (written.sender, "&amp;" in written.body) == ("O'Hara & <Sons>", False)


def test_attachments_go_along_and_are_no_words_of_the_text():
    file = Attachment("visit.ics", "text/calendar", "BEGIN:VCALENDAR")

    written = letter("APPT_BOOKED", attachments=(file,))

    assert written.attachments == (file,)
    assert letter("APPT_BOOKED").attachments == ()
    assert "VCALENDAR" not in written.body


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("más días", "mas dias"),
        ("ñandú é", "ñandu é"),
        ("10–12 “soon”…", '10-12 "soon"...'),
        ("kind\u00a0regards 😀", "kind regards ?"),
    ],
)
def test_letters_of_a_text_message_are_the_plain_ones(typed, sent):
    assert gsm(typed) == sent
