"""A fresh install holds no account; the first administrator comes in by a link that works once."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from clinic.access import Role
from clinic.models import AuditEvent, Clinic, User
from clinic.startup import refuse_the_wrong_clinic
from tests.makers import make_clinic, make_user

pytestmark = pytest.mark.django_db


def _create(email="noor@example.org", name="Noor Applegarth"):
    out = StringIO()
    call_command("create_administrator", email=email, name=name, stdout=out)
    return out.getvalue().strip()


def test_a_fresh_install_has_no_account():
    assert User.objects.count() == 0


def test_the_command_registers_an_administrator_without_a_password_and_audits_it():
    _create()

    person = User.objects.get()
    assert (person.roles, person.has_usable_password()) == ({Role.ADMINISTRATOR}, False)
    assert AuditEvent.objects.filter(action="administrator created", subject_id=person.public_id).count() == 1


def test_an_address_that_is_taken_is_refused():
    _create()

    with pytest.raises(CommandError, match="already signs in"):
        _create("Noor@Example.org")


@pytest.mark.parametrize(
    ("facts", "said"),
    [({"email": "noor"}, "Enter the whole e-mail"), ({"name": "  "}, "Enter the name of the administrator")],
)
def test_an_account_that_nobody_could_use_is_not_made(facts, said):
    with pytest.raises(CommandError, match=said):
        _create(**facts)

    assert User.objects.count() == 0


def test_the_link_lets_the_administrator_choose_a_password_once(client):
    link = _create()
    path = link.split("://", 1)[1].split("/", 1)[1]
    form = client.get(f"/{path}", follow=True)
    chosen = {"password1": "quiet-lanterns-over-water", "password2": "quiet-lanterns-over-water"}
    client.post(form.request["PATH_INFO"], chosen)

    assert User.objects.get().check_password(chosen["password1"])
    client.logout()
    again = client.get(f"/{path}", follow=True)
    assert again.context["token_fail"] is True


@override_settings(DEMO=True)
def test_an_empty_database_in_demo_mode_gets_nobody_and_can_still_become_a_demo():
    with pytest.raises(CommandError, match=r"set DJANGO_SETTINGS_MODULE to clinic\.settings\.production first"):
        _create()

    assert (User.objects.count(), Clinic.current().is_demo) == (0, False)
    assert refuse_the_wrong_clinic() is None


@override_settings(DEMO=True)
def test_a_demo_takes_one_more_administrator_and_stays_a_demo():
    make_clinic(is_demo=True)

    _create()

    assert User.objects.count() == 1
    assert refuse_the_wrong_clinic() is None


@override_settings(DEMO=True)
def test_nobody_becomes_administrator_of_a_real_clinic_in_demo_mode():
    make_user()

    with pytest.raises(CommandError, match="This database holds a real clinic"):
        _create()


def test_nobody_becomes_administrator_of_a_demo_outside_demo_mode():
    make_clinic(is_demo=True)

    with pytest.raises(CommandError, match="This database holds the demo clinic"):
        _create()
