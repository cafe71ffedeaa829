"""Correcting a signed session: with a reason, as a new version; the old one stays, readable and untouched."""

from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from aftercare.models import AftercarePlan
from clinic.access import Role
from clinic.models import AuditEvent, Delivery
from sessions_app import actions, amending
from sessions_app.charting import chart_of
from sessions_app.models import SessionAmpoule, TreatedSite, TreatmentSession
from sessions_app.presenters.session_record import record_of
from sessions_app.presenters.versions import Difference, differences, record_to_sign
from sessions_app.refusals import Refused, Stale
from tests.aftercare.people import RETICULAR, SPIDER, complete_draft, protocol_in_force
from tests.makers import at, make_appointment, make_patient_user, make_signed_session, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tuesday")]
NOW = at("2026-01-13 10:55")
WHY = "The lot was typed for the wrong patient"


@pytest.fixture
def _tuesday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def signed():
    from aftercare.actions import sign_session

    protocol_in_force()
    session = complete_draft(SPIDER)
    sign_session(session=session, version=session.version, answers={}, by=session.nurse, now=NOW)
    return TreatmentSession.objects.get(pk=session.pk)


@pytest.fixture
def nurse():
    return make_user(Role.NURSE, name="Tomas Pinewright")


@pytest.fixture
def page(client, nurse):
    client.force_login(nurse)
    return client


def begin(session, by, reason=WHY):
    return amending.begin_amendment(session=session, reason=reason, by=by, now=NOW)


def rows_of(model, session):
    skipped = {"id", "session"}
    names = [field.name for field in model._meta.concrete_fields if field.name not in skipped]
    return list(model.objects.filter(session=session).values_list(*names))


# --- The draft ---------------------------------------------------------------------------------------------------


def test_a_correction_begins_as_a_draft_with_everything_of_the_signed_session(signed, nurse):
    draft = begin(signed, nurse)

    assert (draft.status, draft.amends, draft.amendment_reason, draft.version) == ("draft", signed, WHY, 1)
    assert (draft.lineage, draft.appointment, draft.nurse) == (signed.lineage, signed.appointment, signed.nurse)
    assert (draft.signed_by, draft.signed_at, draft.protocol_version) == (None, None, None)
    assert record_of(draft).after[:-1] == record_of(signed).after
    for model in (TreatedSite, SessionAmpoule):
        assert rows_of(model, draft) == rows_of(model, signed) != []


def test_the_signed_version_holds_until_the_correction_is_signed(signed, nurse):
    begin(signed, nurse)

    assert list(TreatmentSession.objects.current()) == [signed]
    assert AftercarePlan.objects.current().get().session == signed


def test_who_comes_second_goes_on_with_the_correction_that_was_begun(signed, nurse):
    draft = begin(signed, nurse)

    assert begin(signed, signed.nurse, "Another reason") == draft
    assert TreatmentSession.objects.count() == 2


@pytest.mark.parametrize(("reason", "rule"), [("", "reason"), ("   ", "reason"), ("x" * 301, "length")])
def test_a_correction_needs_a_reason_that_fits(signed, nurse, reason, rule):
    with pytest.raises(Refused) as refused:
        begin(signed, nurse, reason)

    assert (refused.value.rule, refused.value.field) == (rule, "reason")
    assert TreatmentSession.objects.count() == 1


def test_a_draft_is_not_corrected_but_charted(nurse):
    with pytest.raises(Refused) as refused:
        begin(complete_draft(SPIDER), nurse)

    assert refused.value.rule == "draft"


def test_the_beginning_and_the_end_of_a_correction_stand_in_the_trail(signed, nurse):
    draft = begin(signed, nurse)
    amending.give_up_amendment(session=draft, version=draft.version, by=nurse)

    events = AuditEvent.objects.filter(action__startswith="correction").order_by("id")
    assert [(event.action, event.by_name, event.details["corrects"]) for event in events] == [
        ("correction begun", "Tomas Pinewright", str(signed.public_id)),
        ("correction given up", "Tomas Pinewright", str(signed.public_id)),
    ]


def test_a_correction_that_is_given_up_leaves_the_signed_version_alone(signed, nurse):
    draft = begin(signed, nurse)

    assert amending.give_up_amendment(session=draft, version=draft.version, by=nurse) == signed

    assert list(TreatmentSession.objects.all()) == [signed]
    assert begin(signed, nurse).status == "draft"


def test_a_correction_that_somebody_saved_meanwhile_is_not_given_up(signed, nurse):
    draft = begin(signed, nurse)

    with pytest.raises(Stale):
        amending.give_up_amendment(session=draft, version=draft.version + 1, by=nurse)

    assert TreatmentSession.objects.filter(pk=draft.pk).exists()


def test_no_other_session_can_be_given_up_or_deleted(signed, nurse):
    draft = complete_draft(SPIDER)
    for session in (signed, draft):
        with pytest.raises(Refused):
            amending.give_up_amendment(session=session, version=session.version, by=nurse)
        with pytest.raises(IntegrityError), transaction.atomic():
            TreatmentSession.objects.filter(pk=session.pk)._raw_delete("default")


def test_a_correction_asks_a_clinician_anew_and_keeps_the_reasons_of_the_nurse(nurse):
    from aftercare.actions import sign_session

    protocol_in_force()
    session, clinician = complete_draft({**SPIDER, "volume_ml": Decimal("10.50")}), make_user(Role.CLINICIAN)
    SessionAmpoule.objects.filter(session=session).update(opened=6)
    reason = {"reason": "large area", "ack": True}
    found = dict.fromkeys(("L2", "L3", "L4"), reason)
    values = actions.DraftValues(
        facts={name: value for name, value in session.screening.items() if name != "groups"},
        groups=session.screening["groups"],
        sites=list(session.sites.values("position", "volume_ml")),
        ampoules=list(session.ampoules.values("strength_percent", "lot", "expiry", "opened")),
        answers=found,
    )
    actions.save_draft(session=session, version=session.version, values=values, by=nurse, now=NOW)
    sign_session(session=session, version=session.version, answers=found, by=clinician, now=NOW)

    draft = begin(TreatmentSession.objects.get(pk=session.pk), nurse)

    kept = draft.screening["answers"]
    assert "L4" not in kept
    assert {answer["by"] for answer in kept.values()} == {nurse.pk}
    assert "finding-L4" in [each.anchor for each in chart_of(draft, now=NOW).missing]


# --- Signed ------------------------------------------------------------------------------------------------------


def sign(client, session):
    from clinic.models import ProtocolVersion

    session.refresh_from_db()
    number = ProtocolVersion.in_force().number
    return client.post(
        reverse("aftercare:sign", args=[session.public_id]), {"version": session.version, "protocol": number}
    )


def test_a_signed_correction_takes_the_place_of_the_old_version_under_the_name_of_who_corrected(signed, nurse, page):
    draft = begin(signed, nurse)
    TreatedSite.objects.filter(session=draft).update(**RETICULAR)
    SessionAmpoule.objects.filter(session=draft).update(strength_percent=Decimal("1.0"))

    sign(page, draft)

    draft.refresh_from_db()
    signed.refresh_from_db()
    assert (draft.status, draft.signed_by, draft.nurse) == ("signed", nurse, signed.nurse)
    assert (signed.status, list(TreatmentSession.objects.current())) == ("signed", [draft])
    plan = AftercarePlan.objects.current().get()
    assert (plan.session, plan.number, plan.lineage) == (draft, 2, signed.lineage)
    assert Delivery.objects.filter(step="PLAN_CHANGED", source_id=plan.public_id, state="pending").count() == 1


@pytest.mark.parametrize(("is_followed", "weight"), [(False, "61.0"), (True, "70.0")])
def test_a_correction_says_what_the_patient_weighs_today_unless_others_followed_the_session(
    signed, nurse, page, is_followed, weight
):
    if is_followed:
        later = make_appointment(patient=signed.patient, starts_at=at("2026-01-20 10:00"), status="done")
        make_signed_session(appointment=later)
    draft = begin(signed, nurse)
    TreatmentSession.objects.filter(pk=draft.pk).update(weight_kg=Decimal("61.0"))

    sign(page, draft)

    draft.refresh_from_db()
    signed.patient.refresh_from_db()
    assert (draft.status, draft.weight_kg, signed.patient.weight_kg) == ("signed", Decimal("61.0"), Decimal(weight))


def test_an_allergy_found_afterwards_does_not_keep_a_signed_session_from_being_corrected(signed, nurse):
    from aftercare.actions import sign_session

    type(signed.patient).objects.filter(pk=signed.patient_id).update(polidocanol_allergy=True)
    draft = TreatmentSession.objects.get(pk=begin(signed, nurse).pk)
    answers = {"P1": {"reason": "It was found after the treatment", "ack": True}}

    with pytest.raises(actions.NotComplete):
        sign_session(session=draft, version=draft.version, answers=answers, by=nurse, now=NOW)
    draft.refresh_from_db()
    sign_session(session=draft, version=draft.version, answers=answers, by=make_user(Role.CLINICIAN), now=NOW)

    assert list(TreatmentSession.objects.current()) == [draft]


def test_a_version_is_corrected_once_and_then_its_correction(signed, nurse, page):
    draft = begin(signed, nurse)
    sign(page, draft)

    with pytest.raises(Refused) as refused:
        begin(signed, nurse)
    assert refused.value.rule == "corrected"
    assert begin(TreatmentSession.objects.get(pk=draft.pk), nurse).lineage == signed.lineage


def test_a_visit_that_ended_without_treatment_by_mistake_can_be_charted_after_all(nurse, page):
    protocol_in_force()
    session = complete_draft()
    session.sites.all().delete()
    actions.mark_not_treated(session=session, version=session.version, reason="Pressed by mistake", by=nurse, now=NOW)

    draft = begin(session, nurse)

    assert (draft.status, draft.not_treated_reason, draft.amends) == ("draft", "", session)


def test_a_correction_to_not_treated_takes_the_plan_back_and_tells_the_patient(signed, nurse):
    draft = begin(signed, nurse)
    draft.sites.all().delete()

    actions.mark_not_treated(session=draft, version=draft.version, reason="Charted for another patient", by=nurse)

    assert list(TreatmentSession.objects.current()) == []
    assert list(AftercarePlan.objects.current()) == []
    waiting = Delivery.objects.filter(patient=signed.patient, source="plan", state="pending")
    assert [row.step for row in waiting] == ["PLAN_CHANGED"]


# --- Pages -------------------------------------------------------------------------------------------------------


def test_the_reason_is_asked_and_kept_when_it_is_missing(signed, page):
    address = reverse("sessions_app:amend", args=[signed.public_id])

    answer = page.post(address, {"reason": " "})

    assert "Write what was wrong and how you know." in answer.content.decode()
    assert TreatmentSession.objects.count() == 1


def test_the_correction_is_charted_on_the_page_of_a_visit_and_says_what_it_is(signed, page):
    answer = page.post(reverse("sessions_app:amend", args=[signed.public_id]), {"reason": WHY}, follow=True)

    draft = TreatmentSession.objects.get(amends=signed)
    content = answer.content.decode()
    assert answer.request["PATH_INFO"] == reverse("sessions_app:correction", args=[draft.public_id])
    assert WHY in content
    assert f'action="{reverse("sessions_app:session_save", args=[draft.public_id])}"' in content
    assert f'action="{reverse("sessions_app:give_up", args=[draft.public_id])}"' in content


def test_the_sign_page_shows_what_the_correction_changes_and_that_the_patient_is_told(signed, nurse, page):
    draft = begin(signed, nurse)
    TreatedSite.objects.filter(session=draft).update(**RETICULAR)
    SessionAmpoule.objects.filter(session=draft).update(strength_percent=Decimal("1.0"))

    content = page.get(reverse("aftercare:sign", args=[draft.public_id])).content.decode()

    assert "Check the correction, then sign" in content
    assert "What the correction changes" in content
    assert "Your plan was corrected" in content
    assert WHY in content


def test_the_versions_stand_side_by_side_the_newest_first(signed, nurse, page):
    draft = begin(signed, nurse)
    TreatedSite.objects.filter(session=draft).update(volume_ml=Decimal("0.90"))
    sign(page, draft)

    content = page.get(reverse("sessions_app:versions", args=[signed.public_id])).content.decode()

    assert content.index("Version 2.") < content.index("Version 1.")
    assert "Signed by Tomas Pinewright, Tue 13 Jan, 10:55" in content
    assert "0.9 mL" in content


def test_differences_name_place_and_both_values_and_leave_out_what_is_the_same(signed, nurse):
    draft = begin(signed, nurse)
    site = TreatedSite.objects.get(session=signed)
    former = record_of(signed)
    TreatedSite.objects.filter(session=draft).update(volume_ml=site.volume_ml * 2, injection_count=site.injection_count)

    found = differences(former, record_to_sign(TreatmentSession.objects.get(pk=draft.pk)))

    assert [each.label for each in found] == [former.sites[0][1], "Total"]
    assert found[1] == Difference("Total", "0.4 mL, 2 mg", "0.8 mL, 4 mg")


def test_a_correction_that_changes_nothing_differs_in_nothing(signed, nurse):
    draft = begin(signed, nurse)

    assert differences(record_of(signed), record_to_sign(draft)) == ()


def test_the_old_version_says_that_it_holds_no_longer_and_leads_to_the_new_one(signed, nurse, page):
    draft = begin(signed, nurse)
    sign(page, draft)

    content = page.get(reverse("sessions_app:session", args=[signed.public_id])).content.decode()

    assert "This version was corrected and holds no longer." in content
    assert reverse("sessions_app:session", args=[draft.public_id]) in content
    assert reverse("sessions_app:amend", args=[signed.public_id]) not in content


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ADMINISTRATOR])
def test_who_may_not_treat_corrects_nothing(client, signed, role):
    client.force_login(make_user(role))

    for name in ("amend", "give_up", "versions", "correction"):
        assert client.post(reverse(f"sessions_app:{name}", args=[signed.public_id])).status_code in (403, 405)
    assert TreatmentSession.objects.count() == 1


def test_a_patient_sees_no_versions(client, signed):
    client.force_login(make_patient_user())

    assert client.get(reverse("sessions_app:versions", args=[signed.public_id])).status_code == 403


# --- Taken back, and back again ----------------------------------------------------------------------------------


def corrected_back(signed, nurse):
    """Signed, corrected to not treated, and the draft which says that the first version was right after all."""
    sites = list(TreatedSite.objects.filter(session=signed).values())
    draft = begin(signed, nurse)
    draft.sites.all().delete()
    actions.mark_not_treated(session=draft, version=draft.version, reason="Charted for another patient", by=nurse)
    back = begin(draft, nurse, "It was this patient after all")
    for site in sites:
        TreatedSite.objects.create(**{**site, "id": None, "session_id": back.pk})
    TreatmentSession.objects.filter(pk=back.pk).update(ended_at=signed.ended_at)
    return TreatmentSession.objects.get(pk=back.pk)


def told(patient):
    rows = Delivery.objects.filter(patient=patient, step="PLAN_CHANGED").exclude(state="cancelled")
    return sorted(row.state for row in rows)


def test_a_plan_that_was_taken_back_comes_back_and_the_patient_who_was_told_is_told_again(signed, nurse, page):
    back = corrected_back(signed, nurse)
    for state in ("claimed", "sending", "sent"):
        Delivery.objects.filter(step="PLAN_CHANGED").update(state=state)

    sign(page, back)

    plan = AftercarePlan.objects.current().get()
    assert (plan.session, plan.number) == (back, 2)
    assert told(signed.patient) == ["pending", "sent"]
    assert Delivery.objects.filter(source_id=plan.public_id, step="CHECK_1", state="pending").count() == 1


def test_news_that_did_not_leave_yet_are_replaced_by_the_news_that_the_plan_is_back(signed, nurse, page):
    back = corrected_back(signed, nurse)

    sign(page, back)

    assert told(signed.patient) == ["pending"]
    assert Delivery.objects.get(step="PLAN_CHANGED", state="pending").source_id == back.plan.public_id


def test_a_plan_can_be_taken_back_and_come_back_more_than_once(signed, nurse, page):
    first = corrected_back(signed, nurse)
    sign(page, first)
    second = corrected_back(TreatmentSession.objects.get(pk=first.pk), nurse)

    content = page.get(reverse("aftercare:sign", args=[second.public_id])).content.decode()
    sign(page, second)

    assert "Your plan was corrected" in content
    assert [plan.number for plan in AftercarePlan.objects.order_by("number")] == [1, 2, 3]
    assert AftercarePlan.objects.current().get().session == second
