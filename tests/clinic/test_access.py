"""One table of grants, and the gate that applies it."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.test import RequestFactory

from clinic.access import GRANTS, Permission, Role, permissions_of, public, requires
from clinic.gate import ClosedUnlessOpened, get_visible_or_404
from clinic.models import AuditEvent, Patient, User
from tests.makers import make_patient, make_user

pytestmark = pytest.mark.django_db


def test_every_role_has_its_grants():
    assert set(GRANTS) == set(Role)


def test_front_desk_may_not_see_charts_plans_or_protocol():
    forbidden = {Permission.VIEW_CHART, Permission.VIEW_PLAN, Permission.RECORD_SESSION, Permission.OVERRIDE_CHECK}

    assert GRANTS[Role.FRONT_DESK] & forbidden == set()


def test_a_patient_may_see_the_own_plan_and_those_of_whom_they_care_for_and_nothing_else():
    assert GRANTS[Role.PATIENT] == {Permission.SIGN_IN, Permission.OWN_PLAN, Permission.CARED_PLAN}
    assert GRANTS[Role.CARER] == {Permission.SIGN_IN, Permission.CARED_PLAN}


def test_several_roles_add_up():
    both = permissions_of(frozenset({Role.FRONT_DESK, Role.NURSE}))

    assert both == GRANTS[Role.FRONT_DESK] | GRANTS[Role.NURSE]


def test_a_person_without_a_role_may_nothing():
    assert permissions_of(frozenset()) == frozenset()


def test_a_deactivated_person_may_nothing():
    nurse = make_user(role=Role.NURSE)
    nurse.is_active = False

    assert not nurse.may(Permission.SIGN_IN)


def test_roles_come_back_from_the_database_as_a_set():
    person = make_user(role=Role.NURSE)
    person.roles = frozenset({Role.NURSE, Role.CLINICIAN})
    person.save()

    assert User.objects.get(pk=person.pk).roles == {Role.NURSE, Role.CLINICIAN}
    assert list(User.objects.with_role(Role.CLINICIAN)) == [person]


def _ask(view, user, route="somewhere"):
    request = RequestFactory().get("/x/")
    request.user = user
    request.resolver_match = type("Match", (), {"view_name": route})()
    return ClosedUnlessOpened(lambda request: HttpResponse()).process_view(request, view, (), {})


def test_the_gate_lets_the_granted_through():
    view = requires(Permission.BOOK)(lambda request: HttpResponse())

    assert _ask(view, make_user(role=Role.FRONT_DESK)) is None


def test_the_gate_refuses_and_audits_the_others():
    view = requires(Permission.VIEW_CHART)(lambda request: HttpResponse())
    desk = make_user(role=Role.FRONT_DESK)

    with pytest.raises(PermissionDenied):
        _ask(view, desk)

    denied = AuditEvent.objects.get(action="denied")
    assert (denied.by_id, denied.details["path"]) == (desk.pk, "/x/")


def test_a_view_that_declares_nothing_is_closed_even_to_the_administrator():
    with pytest.raises(PermissionDenied):
        _ask(lambda request: HttpResponse(), make_user(role=Role.ADMINISTRATOR))


def test_public_views_ask_nobody():
    assert _ask(public(lambda request: HttpResponse()), AnonymousUser()) is None


def test_strangers_are_sent_to_the_sign_in_page():
    answer = _ask(requires(Permission.BOOK)(lambda request: HttpResponse()), AnonymousUser())

    assert (answer.status_code, answer.url) == (302, "/accounts/sign-in/?next=/x/")


def test_somebody_elses_row_answers_like_a_missing_one_and_is_audited():
    mine, theirs = make_patient(), make_patient()
    mine.user = make_user(role=Role.PATIENT)
    mine.save()
    request = RequestFactory().get("/x/")
    request.user = mine.user

    with pytest.raises(Http404):
        get_visible_or_404(Patient.objects.visible_to(mine.user), request=request, public_id=theirs.public_id)

    assert AuditEvent.objects.get(action="denied").details["reason"] == "clinic.Patient of somebody else"
