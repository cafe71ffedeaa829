"""A fresh install holds no account; the first administrator comes in by a link that works once."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from clinic.access import Role
from clinic.models import AuditEvent, User

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
