"""What is signed stays as it was signed, whatever code tries, also while the signature is being written."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from sessions_app.actions import close_session
from sessions_app.models import SessionAmpoule, SessionFinding, TreatedSite, TreatmentSession
from tests.makers import make_draft_session, make_site
from tests.sessions_app.charts import SIGNING, in_force, ready_draft

WAIT_S = 10
SESSION, SITE, AMPOULE, FINDING = (
    model._meta.db_table for model in (TreatmentSession, TreatedSite, SessionAmpoule, SessionFinding)
)


def signed_with_parts(status="signed"):
    session = make_draft_session()
    SessionAmpoule.objects.create(session=session, strength_percent="0.5", lot="L", expiry="2027-05", opened=1)
    SessionFinding.objects.create(session=session, check_id="L3", severity="ACK", text="Total above 3 mL")
    if status == "signed":
        session.ended_at, session.signed_at = SIGNING, SIGNING
        session.protocol_version, session.signed_by = in_force(), session.nurse
    else:
        session.not_treated_reason = "Fever"
    session.status = status
    session.save()
    return session


def refused(write):
    with pytest.raises(IntegrityError, match=r"locked|never deleted"), transaction.atomic():
        write()


def execute(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def new_part(model, session):
    facts = {
        TreatedSite: {
            "position": 9,
            "leg": "left",
            "segment": "knee",
            "vein_type": "spider",
            "strength_percent": "0.5",
            "injection_count": 1,
            "volume_ml": "0.1",
        },
        SessionAmpoule: {"strength_percent": "0.5", "opened": 1},
        SessionFinding: {"check_id": "L9", "severity": "NOTE", "text": "late"},
    }
    return model(session=session, **facts[model])


PARTS = {TreatedSite: ("volume_ml", "0.2"), SessionAmpoule: ("lot", "X"), SessionFinding: ("reason", "changed")}


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["signed", "not_treated"])
def test_a_closed_session_refuses_every_way_of_changing_it(status):
    session = signed_with_parts(status)

    def save():
        stored = TreatmentSession.objects.get(pk=session.pk)
        stored.note = "changed"
        stored.save()

    def bulk():
        stored = TreatmentSession.objects.get(pk=session.pk)
        stored.note = "changed"
        TreatmentSession.objects.bulk_update([stored], ["note"])

    refused(save)
    refused(bulk)
    refused(lambda: TreatmentSession.objects.filter(pk=session.pk).update(note="changed"))
    refused(lambda: TreatmentSession.objects.filter(pk=session.pk).update(status="draft"))
    refused(lambda: execute(f"UPDATE {SESSION} SET note = 'changed' WHERE id = %s", session.pk))
    refused(lambda: execute(f"DELETE FROM {SESSION} WHERE id = %s", session.pk))

    stored = TreatmentSession.objects.get(pk=session.pk)
    assert (stored.note, stored.status) == ("", status)


@pytest.mark.django_db
def test_even_a_draft_is_never_deleted():
    session = make_draft_session(sites=0)

    refused(lambda: execute(f"DELETE FROM {SESSION} WHERE id = %s", session.pk))


@pytest.mark.django_db
@pytest.mark.parametrize("model", PARTS, ids=lambda model: model.__name__)
@pytest.mark.parametrize("status", ["signed", "not_treated"])
def test_a_part_of_a_closed_session_refuses_every_way_of_changing_it(model, status):
    session = signed_with_parts(status)
    part = model.objects.get(session=session)
    field, value = PARTS[model]
    before = getattr(part, field)
    table = model._meta.db_table

    def save():
        changed = model.objects.get(pk=part.pk)
        setattr(changed, field, value)
        changed.save()

    def bulk_update():
        changed = model.objects.get(pk=part.pk)
        setattr(changed, field, value)
        model.objects.bulk_update([changed], [field])

    refused(save)
    refused(bulk_update)
    refused(lambda: model.objects.filter(pk=part.pk).update(**{field: value}))
    refused(lambda: model.objects.filter(pk=part.pk).delete())
    refused(lambda: new_part(model, session).save())
    refused(lambda: model.objects.bulk_create([new_part(model, session)]))
    refused(lambda: execute(f"UPDATE {table} SET {field} = %s WHERE id = %s", value, part.pk))
    refused(lambda: execute(f"DELETE FROM {table} WHERE id = %s", part.pk))

    assert getattr(model.objects.get(session=session), field) == before


@pytest.mark.django_db
@pytest.mark.parametrize("model", PARTS, ids=lambda model: model.__name__)
def test_a_part_cannot_be_moved_into_or_out_of_a_closed_session(model):
    closed, draft = signed_with_parts(), make_draft_session(sites=0)
    inside = model.objects.get(session=closed)
    outside = new_part(model, draft)
    outside.save()

    refused(lambda: model.objects.filter(pk=inside.pk).update(session=draft))
    refused(lambda: model.objects.filter(pk=outside.pk).update(session=closed))

    assert model.objects.get(session=closed).pk == inside.pk


@pytest.mark.django_db
def test_a_draft_and_its_parts_can_be_changed():
    session = make_draft_session(sites=2)

    TreatedSite.objects.filter(session=session).update(injection_count=5)
    session.sites.first().delete()
    TreatmentSession.objects.filter(pk=session.pk).update(note="changed")

    assert session.sites.get().injection_count == 5


class OtherConnection(threading.Thread):
    """Runs one write on a connection of its own and keeps what came of it."""

    def __init__(self, write):
        super().__init__(daemon=True)
        self.write, self.error, self.done = write, None, threading.Event()

    def run(self):
        try:
            self.write()
        except Exception as error:
            self.error = error
        finally:
            connection.close()
            self.done.set()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda session: make_site(session, position=2), id="insert a site"),
        pytest.param(lambda session: TreatedSite.objects.update(volume_ml="9.9"), id="update a site"),
        pytest.param(lambda session: TreatedSite.objects.all().delete(), id="delete a site"),
        pytest.param(lambda session: new_part(SessionAmpoule, session).save(), id="insert an ampoule"),
        pytest.param(lambda session: TreatmentSession.objects.filter(pk=session.pk).update(note="x"), id="update"),
    ],
)
def test_a_write_beside_a_signature_in_flight_waits_and_is_refused(write):
    session = ready_draft()

    with transaction.atomic():
        close_session(session=session, by=session.nurse, protocol_version=in_force(), now=SIGNING)
        other = OtherConnection(lambda: write(session))
        other.start()
        # Signed, not committed: the other one may neither see the draft as open nor be let through.
        assert not other.done.wait(0.3)
    assert other.done.wait(WAIT_S)

    assert isinstance(other.error, IntegrityError)
    stored = TreatmentSession.objects.get()
    assert (stored.status, stored.note) == ("signed", "")
    assert [str(site.volume_ml) for site in stored.sites.all()] == ["0.80"]


@pytest.mark.django_db(transaction=True)
def test_a_signature_beside_a_write_in_flight_waits_and_judges_what_was_written():
    session = ready_draft()
    other = OtherConnection(
        lambda: close_session(session=session, by=session.nurse, protocol_version=in_force(), now=SIGNING)
    )

    with transaction.atomic():
        make_site(session, position=2, volume_ml="9.90", injection_count=40)
        other.start()
        assert not other.done.wait(0.3)
    assert other.done.wait(WAIT_S)

    # 10.7 mL in all: the signature saw the site that was written beside it.
    assert [each.anchor for each in other.error.missing] == [
        "finding-L4",
        "finding-L6d",
        "finding-L3",
    ]
    assert TreatmentSession.objects.get().status == "draft"


@pytest.mark.django_db(transaction=True)
def test_of_two_signatures_at_once_one_signs_and_the_other_shows_it():
    session = ready_draft()
    results = []

    def sign():
        own = TreatmentSession.objects.get(pk=session.pk)
        events = close_session(session=own, by=own.nurse, protocol_version=in_force(), now=SIGNING, version=1)
        results.append(events is not None)

    both = [OtherConnection(sign), OtherConnection(sign)]
    for each in both:
        each.start()
    for each in both:
        assert each.done.wait(WAIT_S)

    assert [each.error for each in both] == [None, None]
    assert sorted(results) == [False, True]
    assert TreatmentSession.objects.get().version == 2
