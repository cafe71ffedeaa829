"""Queries whose statement is made once: filled in anew each time, with the database's values as Django reads them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import BigIntegerField, DateField, DateTimeField, UUIDField
from django.test.utils import CaptureQueriesContext

from clinic.models import Patient
from clinic.prepared import Blank, Prepared, PreparedObjects
from sessions_app.models import CalendarEntry
from tests.makers import make_appointment, make_patient

pytestmark = pytest.mark.django_db


def born_on():
    return Patient.objects.filter(birth_date=Blank("day", DateField())).order_by("pk").values_list("given_name")


def test_each_asking_reads_what_is_there_for_its_own_values():
    query = Prepared(born_on)
    make_patient(given_name="Ada", birth_date=date(1970, 1, 1))

    assert query.rows(day=date(1970, 1, 1)) == [("Ada",)]
    assert query.rows(day=date(1971, 1, 1)) == []
    make_patient(given_name="Bea", birth_date=date(1970, 1, 1))
    assert query.rows(day=date(1970, 1, 1)) == [("Ada",), ("Bea",)]


def test_values_come_as_django_reads_them():
    entry = make_appointment(patient=make_patient(weight_kg=Decimal("71.5"))).entry
    facts = ("patient__public_id", "patient__weight_kg", "patient__risk_factors", "starts_at", "active")

    query = Prepared(
        lambda: CalendarEntry.objects.filter(
            patient__public_id=Blank("patient", UUIDField()), starts_at__lte=Blank("now", DateTimeField())
        ).values_list(*facts)
    )
    rows = query.rows(patient=entry.patient.public_id, now=entry.starts_at)

    assert rows == list(CalendarEntry.objects.filter(pk=entry.pk).values_list(*facts))
    assert list(map(type, rows[0])) == [UUID, Decimal, list, datetime, bool]
    assert rows[0][3].tzinfo is UTC


def test_the_statement_is_made_once_and_asked_each_time():
    made = []

    def make():
        made.append(1)
        return Patient.objects.filter(pk=Blank("pk", BigIntegerField())).values_list("pk")

    query = Prepared(make)
    with CaptureQueriesContext(connection) as queries:
        for pk in (1, 2, 3):
            query.rows(pk=pk)

    assert (len(made), len(queries)) == (1, 3)


def test_a_value_that_was_forgotten_is_an_error():
    with pytest.raises(KeyError, match="day"):
        Prepared(born_on).rows()


def test_whole_rows_come_as_fresh_objects_with_every_field_as_django_reads_it():
    facts = {"risk_factors": ["smoker"], "weight_kg": Decimal("71.5"), "birth_date": date(1970, 1, 1)}
    make_patient(**facts)
    query = PreparedObjects(lambda: Patient.objects.filter(birth_date=Blank("day", DateField())))
    stored = Patient.objects.get()

    (found,), (again,) = query.all(day=date(1970, 1, 1)), query.all(day=date(1970, 1, 1))

    fields = [field.attname for field in Patient._meta.concrete_fields]
    assert [getattr(found, name) for name in fields] == [getattr(stored, name) for name in fields]
    assert (found == stored, found is again, query.all(day=date(1971, 1, 1))) == (True, False, [])


def test_a_prepared_object_is_saved_and_read_again_as_any_other():
    make_patient(given_name="Ada")
    (found,) = PreparedObjects(lambda: Patient.objects.filter(given_name="Ada")).all()

    found.family_name = "Changed"
    found.save()

    assert [each.family_name for each in Patient.objects.all()] == ["Changed"]
