"""What the database itself refuses: a signed consent changes only by its end, and a photograph keeps its row."""

import uuid
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from sessions_app.models import ConsentText, Photograph, SeriesConsent
from tests.makers import make_consent, make_patient, make_photograph, make_user

pytestmark = pytest.mark.django_db
_END = {"ended_at", "ended_by_id", "ended_why"}
_SIGNED = [field for field in SeriesConsent._meta.concrete_fields if field.attname not in _END]


def _another(consent, field):
    """A value that the column may hold by its constraints and does not hold now."""
    others = {
        "id": lambda: consent.pk + 1000,
        "patient_id": lambda: make_patient().pk,
        "text_id": lambda: ConsentText.objects.exclude(pk=consent.text_id).first().pk,
        "witnessed_by_id": lambda: make_user().pk,
        "strokes": list,
        "signed_at": lambda: consent.signed_at + timedelta(seconds=1),
    }
    kinds = {"UUIDField": uuid.uuid4, "CharField": lambda: "Somebody Else", "BooleanField": lambda: True}
    return (others.get(field.attname) or kinds[field.get_internal_type()])()


@pytest.mark.parametrize("field", _SIGNED, ids=lambda field: field.attname)
def test_no_column_of_a_signature_changes(field):
    consent = make_consent()
    change = {field.attname: _another(consent, field)}

    with pytest.raises(DatabaseError, match="a signed consent is not changed"), transaction.atomic():
        SeriesConsent.objects.filter(pk=consent.pk).update(**change)


def test_its_end_is_written_once():
    consent, person = make_consent(), make_user()
    mine = SeriesConsent.objects.filter(pk=consent.pk)

    assert mine.update(ended_at=timezone.now(), ended_by=person, ended_why="A new series") == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        mine.update(ended_why="Another reason")


def test_the_row_of_a_photograph_is_never_deleted():
    photograph = make_photograph()

    with pytest.raises(DatabaseError), transaction.atomic():
        Photograph.objects.filter(pk=photograph.pk).delete()
