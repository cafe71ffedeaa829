"""Which session of a patient counts: signed, and not replaced by a signed correction."""

import pytest

from sessions_app.models import TreatmentSession
from tests.makers import make_draft_session, make_signed_session

pytestmark = pytest.mark.django_db


def _correction_of(session, *, sign):
    make = make_signed_session if sign else make_draft_session
    return make(
        appointment=session.appointment,
        patient=session.patient,
        lineage=session.lineage,
        amends=session,
        amendment_reason="Wrong leg",
    )


def test_a_signed_session_is_current_and_a_draft_is_not():
    signed, _ = make_signed_session(), make_draft_session()

    assert list(TreatmentSession.objects.current()) == [signed]


def test_the_draft_of_a_correction_replaces_nothing_yet():
    signed = make_signed_session()
    _correction_of(signed, sign=False)

    assert list(TreatmentSession.objects.current()) == [signed]


def test_a_signed_correction_takes_the_place_of_what_it_corrects():
    correction = _correction_of(make_signed_session(), sign=True)

    assert list(TreatmentSession.objects.current()) == [correction]
