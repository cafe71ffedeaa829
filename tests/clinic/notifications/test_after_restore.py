"""A database that came back from a backup: nothing leaves a second time, and nobody is signed in who had gone."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.urls import reverse

from clinic import startup
from clinic.models import AuditEvent, Delivery, StaffTask
from clinic.startup import name_of_the_database
from tests.clinic.notifications.engine import NOON, Clock, make_due, reload, ring
from tests.makers import make_clinic, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source")]


@pytest.fixture
def restored():
    """Runs the command at noon, when what is due was due for three hours."""

    def run():
        make_user(name="Noor Applegarth")  # a clinic that came back has people
        out = StringIO()
        with time_machine.travel(NOON, tick=False):
            call_command("after_restore", stdout=out)
        return out.getvalue()

    return run


IN_HANDS = {"lease_token": "6b0f5f3c-5a45-4c2e-8a38-0f7d5d1c6f10", "lease_until": NOON - timedelta(hours=2)}


@pytest.mark.parametrize(
    ("state", "facts"),
    [
        ("pending", {}),
        ("pending", {"next_try_at": NOON + timedelta(minutes=5), "attempts": 1}),
        ("claimed", IN_HANDS),
        ("sending", IN_HANDS),
        ("uncertain", {"lease_until": NOON - timedelta(hours=2)}),
    ],
)
def test_what_was_due_when_the_backup_came_back_leaves_by_a_persons_word_alone(clock, channel, restored, state, facts):
    row = make_due(state=state, **facts)

    assert restored() == f"1 message held in {name_of_the_database()}: see Messages, Held after a restore.\n"
    for _ in range(3):
        ring(clock)
        clock.passes(minutes=10)

    assert (reload(row).state, reload(row).lease_token, channel.letters) == ("review", None, [])
    assert AuditEvent.objects.get(action="messages held after a restore").details == {"held": 1}


def test_what_comes_due_later_leaves_as_planned_and_what_has_ended_stays(channel, restored):
    later = make_due(due_at=NOON + timedelta(hours=1))
    ended = [make_due(state=state) for state in ("sent", "failed", "expired", "cancelled")]

    restored()
    ring(Clock(NOON + timedelta(hours=2)))

    assert reload(later).state == "sent"
    assert [reload(row).state for row in ended] == ["sent", "failed", "expired", "cancelled"]


def test_an_uncertain_message_that_a_person_is_asked_about_is_not_asked_about_twice(restored):
    row = make_due(state="uncertain", lease_until=NOON - timedelta(hours=2))
    StaffTask.objects.create(kind=StaffTask.Kind.MESSAGE_UNCERTAIN, patient=row.patient, delivery=row)

    assert restored().startswith("0 messages held")
    assert Delivery.objects.get().state == "uncertain"


def test_who_signed_out_since_the_backup_is_not_signed_in_again(client, restored):
    client.force_login(make_user())
    assert client.get(reverse("account_change_password")).status_code == 200

    restored()

    assert client.get(reverse("account_change_password")).status_code == 302


@pytest.mark.parametrize("is_demo", [False, True])
@override_settings(DEMO=True)
def test_a_demo_never_came_back_so_its_database_is_named_and_left_alone(is_demo):
    make_clinic(is_demo=is_demo)
    row = make_due()

    with pytest.raises(CommandError) as refused:
        call_command("after_restore")

    said = str(refused.value)
    assert (said.startswith("This is demo mode, and its database is"), name_of_the_database() in said) == (True, True)
    assert reload(row).state == "pending"


@override_settings(DEMO=True)
def test_a_clinic_that_came_back_is_not_taken_for_a_demo(restored):
    row = make_due()

    with pytest.raises(CommandError, match="This database holds a real clinic"):
        restored()

    assert reload(row).state == "pending"


def test_a_database_with_nobody_in_it_is_not_the_one_that_came_back():
    with pytest.raises(CommandError) as refused:
        call_command("after_restore")

    assert str(refused.value).startswith(f"Nobody is in {name_of_the_database()}: ")
    assert AuditEvent.objects.filter(action="messages held after a restore").exists() is False


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        ({"NAME": "legwork", "HOST": "db.internal", "PASSWORD": "secret"}, "legwork at db.internal"),
        ({"NAME": "legwork", "HOST": ""}, "legwork"),
        ({"NAME": Path("/srv/legwork.sqlite3")}, "/srv/legwork.sqlite3"),
    ],
)
def test_a_database_is_named_as_a_person_knows_it(monkeypatch, named, shown):
    monkeypatch.setattr(startup, "connection", SimpleNamespace(settings_dict=named))

    assert name_of_the_database() == shown
