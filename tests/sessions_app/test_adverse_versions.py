"""What was written of an adverse event stays readable, and who calls it less than it was does not end the alert."""

import uuid

import pytest
from django.db import transaction
from django.db.utils import DatabaseError
from django.urls import reverse

from clinic.models import StaffTask
from sessions_app import adverse_events, event_decisions
from sessions_app.models import AdverseEvent, AdverseVersion
from sessions_app.refusals import Refused
from tests.makers import at, make_adverse_event, make_patient

pytestmark = pytest.mark.django_db
NOW = at("2026-01-13 10:45")


def begin(by, kind="anaphylaxis"):
    return adverse_events.begin(patient=make_patient(), kind=kind, request_key=uuid.uuid4(), by=by, now=NOW)


def see(event, by, now=NOW):
    """As it is now; what is stale is told in its own test."""
    version = AdverseEvent.objects.get(pk=event.pk).version
    return event_decisions.acknowledge(event=event, version=version, by=by, now=now)


def save(event, by, **changes):
    version = AdverseEvent.objects.get(pk=event.pk).version
    return adverse_events.save_details(event=event, version=version, changes=changes, by=by, now=NOW)


def test_every_saved_version_is_kept(nurse, clinician):
    event = begin(nurse)
    save(event, nurse, description="Collapsed, adrenaline", severity_grade=4)
    save(event, clinician, description="Itch")

    kept = [(each.version, each.saved_by, each.fields["description"]) for each in event.versions.all()]
    assert kept == [(1, nurse, ""), (2, nurse, "Collapsed, adrenaline"), (3, clinician, "Itch")]


def test_an_event_from_before_versions_keeps_what_it_said(nurse, clinician):
    event = make_adverse_event(reported_by=clinician, description="As it was")
    save(event, nurse, description="As it is")

    kept = [(each.version, each.saved_by, each.fields["description"]) for each in event.versions.all()]
    assert kept == [(1, clinician, "As it was"), (2, nurse, "As it is")]


def test_a_kept_version_cannot_be_changed_or_deleted(nurse):
    begin(nurse)

    for act in (lambda: AdverseVersion.objects.update(version=9), lambda: AdverseVersion.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


@pytest.mark.parametrize("lower", [{"kind": "wheal"}, {"serious_because": ["hospital"]}, {"severity_grade": 1}])
def test_who_is_no_clinician_and_calls_it_less_alerts_again(nurse, clinician, lower):
    event = begin(nurse)
    save(event, nurse, serious_because=["hospital", "life_threatening"], severity_grade=4)
    see(event, clinician)

    event = save(event, nurse, **lower)

    assert (event.acknowledged_at, event.acknowledged_by) == (None, None)
    assert StaffTask.objects.open().filter(about_id=event.public_id).count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"severity_grade": 3}, {"severity_grade": 1}, {"severity_grade": None}, {"clavien_dindo": "I"},
        {"clavien_dindo": "IVa"}, {"clavien_dindo": ""}, {"serious_because": ["other_important"]},
        {"kind": "anaphylaxis"}, {"kind": "pe"},
    ],
)  # fmt: skip
def test_who_is_no_clinician_and_judges_it_anew_alerts_again(nurse, clinician, other):
    event = begin(nurse, kind="phlebitis")
    save(event, nurse, severity_grade=2, clavien_dindo="II")
    see(event, clinician)

    event = save(event, nurse, **other)

    assert (event.acknowledged_at, event.acknowledged_by) == (None, None)
    assert StaffTask.objects.open().filter(about_id=event.public_id).count() == 1


@pytest.mark.parametrize(
    ("first", "stays_seen"),
    [
        ({"severity_grade": 2}, True), ({"clavien_dindo": "II"}, True),
        ({"severity_grade": 3}, False), ({"clavien_dindo": "IIIa"}, False),
    ],
)  # fmt: skip
def test_a_first_judgement_alerts_again_only_when_it_is_severe(nurse, clinician, first, stays_seen):
    event = begin(nurse, kind="phlebitis")
    see(event, clinician)

    assert (save(event, nurse, **first).acknowledged_at == NOW) is stays_seen


@pytest.mark.parametrize("change", [{"description": "More"}, {"reporter_words": "Ada"}, {"outcome": "recovering"}])
def test_what_is_no_judgement_leaves_it_seen(nurse, clinician, change):
    event = begin(nurse)
    save(event, nurse, serious_because=["death"], severity_grade=4)
    see(event, clinician)

    assert save(event, nurse, **change).acknowledged_at == NOW


def test_a_clinician_who_calls_it_less_has_seen_it(nurse, clinician):
    event = begin(nurse)
    see(event, clinician)

    assert save(event, clinician, kind="wheal", severity_grade=4, clavien_dindo="I").acknowledged_at == NOW


def test_the_question_of_an_allergy_stays_due_under_another_kind(nurse, clinician):
    event = begin(nurse)
    event = save(event, nurse, kind="wheal", severity_grade=1)
    facts = {"event": event, "version": event.version, "note": "Gone", "by": clinician}

    with pytest.raises(Refused, match="Say whether the patient is allergic"):
        event_decisions.close(**facts)
    assert event_decisions.close(**facts, allergy_ruled_out=True).closed_at is not None


def test_an_allergy_can_be_confirmed_under_another_kind(nurse, clinician):
    event = save(begin(nurse), nurse, kind="wheal")
    event_decisions.confirm_allergy(event=event, by=clinician)

    event.patient.refresh_from_db()
    assert event.patient.polidocanol_allergy


def test_the_page_shows_what_former_versions_said(client, nurse):
    event = begin(nurse)
    save(event, nurse, description="Collapsed", serious_because=["hospital"], outcome_on=NOW.date())
    save(event, nurse, description="Itch", kind="wheal", onset_at=at("2026-01-13 10:30"))
    client.force_login(nurse)

    page = client.get(reverse("sessions_app:event", args=[event.public_id])).content.decode()

    for words in (
        "<b>Version 2</b>, saved over Tue 13 Jan, 10:45, Ada Birchwood",
        "What was seen and what was done: <del>Collapsed</del> → Itch",
        "What happened: <del>Anaphylaxis</del> → Wheal or itching",
        "Serious: any one of these: <del>nothing</del> → Hospital stay, new or longer",
        "Since: <del>nothing</del> → Tue 13 Jan",
        "Began: <del>Tue 13 Jan, 10:45</del> → Tue 13 Jan, 10:30",
    ):
        assert words in page


def test_a_step_is_refused_when_the_event_was_closed_meanwhile(nurse, clinician):
    seen_open = begin(nurse, kind="haematoma")
    event = save(seen_open, nurse, severity_grade=1)
    event_decisions.close(event=event, version=event.version, note="Gone", by=clinician)

    with pytest.raises(Refused, match="closed"):
        adverse_events.add_step(event=seen_open, what="Cooled", by=nurse, now=NOW)
    assert not event.steps.exists()
