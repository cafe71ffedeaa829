"""The audit trail only grows, and a changed link is named."""

import pytest
from django.db import IntegrityError, connection, transaction

from clinic import audit, database_rules
from clinic.models import AuditEvent, AuditSeal
from tests.makers import make_user

pytestmark = pytest.mark.django_db


def _events(count):
    return [audit.record("chart read", by=None, number=number) for number in range(count)]


def test_an_event_says_who_did_what_to_whom():
    nurse = make_user(name="Ada Birchwood")

    event = audit.record("opened", by=nurse, subject=nurse)

    assert (event.by_name, event.subject, event.subject_id) == ("Ada Birchwood", "clinic.User", str(nurse.public_id))


def test_the_database_refuses_to_change_an_event():
    event = audit.record("chart read", by=None)

    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEvent.objects.filter(pk=event.pk).update(action="nothing happened")


def test_the_database_refuses_to_remove_an_event():
    event = audit.record("chart read", by=None)

    with pytest.raises(IntegrityError), transaction.atomic():
        event.delete()


def test_sealing_links_each_event_once():
    _events(3)

    assert (audit.seal(), audit.seal(), AuditSeal.objects.count()) == (3, 0, AuditEvent.objects.count())


def test_an_untouched_chain_verifies():
    _events(3)
    audit.seal()

    assert audit.verify() is None


def test_verify_names_the_event_that_was_altered_by_somebody_with_full_rights():
    events = _events(3)
    audit.seal()
    database_rules.remove(connection, "clinic")
    AuditEvent.objects.filter(pk=events[1].pk).update(action="nothing happened")
    database_rules.install(connection, "clinic")

    assert f"Event {events[1].pk} " in audit.verify()


def test_verify_names_the_link_that_was_removed():
    events = _events(3)
    audit.seal()
    database_rules.remove(connection, "clinic")
    AuditSeal.objects.filter(event=events[1]).delete()
    database_rules.install(connection, "clinic")

    number = list(AuditEvent.objects.order_by("id").values_list("id", flat=True)).index(events[1].pk) + 1
    assert audit.verify() == f"Link {number} is missing."
