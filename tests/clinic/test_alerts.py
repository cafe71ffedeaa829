"""What stands on top of every staff page, whichever it is."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from clinic import alerts
from clinic.access import Role
from clinic.alerts import Alert
from clinic.models import Delivery
from tests.clinic.notifications.engine import make_due
from tests.makers import make_patient_user, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    with time_machine.travel("2026-01-13T15:00:00+00:00", tick=False):
        yield timezone.now()


@pytest.fixture
def registered():
    names = []

    def register(name, *lines):
        names.append(name)
        alerts.register_alerts(name, lambda user: lines)

    yield register
    for name in names:
        alerts.unregister_alerts(name)


def lines(client, user):
    client.force_login(user)
    return client.get(reverse("clinic:alerts"), headers={"HX-Request": "true"}).content.decode()


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.NURSE, Role.ADMINISTRATOR])
def test_late_reminders_are_said_until_they_are_not(client, now, role):
    user = make_user(role)
    make_due(due_at=now - timedelta(minutes=11))

    assert "Reminders are late: one should have left 11 minutes ago." in lines(client, user)
    Delivery.objects.update(state="sent")
    assert lines(client, user).strip() == ""


def test_who_may_not_read_the_messages_gets_no_link_to_them(client, now):
    make_due(due_at=now - timedelta(minutes=11))

    assert reverse("clinic:messages") in lines(client, make_user(Role.NURSE))
    assert reverse("clinic:messages") not in lines(client, make_user(Role.ADMINISTRATOR))


def test_what_is_urgent_comes_first_and_is_escaped(client, registered):
    registered("one", Alert("A <b>quiet</b> thing"))
    registered("two", Alert("A report waits", "/calls/", "Open it", is_urgent=True))

    page = lines(client, make_user(Role.NURSE))

    assert page.index("A report waits") < page.index("A &lt;b&gt;quiet&lt;/b&gt; thing")
    assert '<a href="/calls/">Open it</a>' in page


def test_what_is_urgent_has_a_line_each_and_the_others_fold_into_one(client, registered):
    registered("urgent", Alert("A report waits", is_urgent=True), Alert("Another report waits", is_urgent=True))
    registered("quiet", Alert("Stock is low"), Alert("A session waits"))

    shown, folded = lines(client, make_user(Role.NURSE)).split("<details")

    assert ("A report waits" in shown, "Another report waits" in shown) == (True, True)
    assert all(words in folded for words in ("2 more things wait", "Stock is low", "A session waits"))


def test_a_source_is_asked_for_the_person_who_looks(registered, client):
    nurse, desk = make_user(Role.NURSE), make_user(Role.FRONT_DESK)
    alerts.register_alerts("own", lambda user: [Alert("for the nurse")] if user == nurse else [])
    try:
        assert "for the nurse" in lines(client, nurse)
        assert "for the nurse" not in lines(client, desk)
    finally:
        alerts.unregister_alerts("own")


def test_patients_see_no_alerts_of_the_clinic(client):
    client.force_login(make_patient_user())

    assert client.get(reverse("clinic:alerts")).status_code == 403


def test_every_staff_page_asks_for_them_without_counting_as_activity(client):
    client.force_login(make_user(Role.FRONT_DESK))

    page = client.get(reverse("clinic:patients")).content.decode()

    assert f'hx-get="{reverse("clinic:alerts")}"' in page
    assert 'hx-headers=\'{"X-Background": "1"}\'' in page
