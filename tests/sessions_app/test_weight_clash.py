"""A weight that was changed at the visit: asked for where the dose of the day passes by it alone."""

from decimal import Decimal

import pytest
from django.urls import reverse

from clinic.access import Role
from sessions_app.charting import chart_of
from sessions_app.models import TreatmentSession
from tests.makers import make_patient, make_user
from tests.sessions_app.charts import SIGNING, ready_draft, signed_in, words

pytestmark = pytest.mark.django_db


def drafted(*, on_file, typed, **facts):
    """A draft of 90 mg: within 2 mg per kg from 45 kg on."""
    patient = make_patient(weight_kg=on_file and Decimal(on_file))
    session = ready_draft(patient=patient, weight_kg=typed and Decimal(typed), **facts)
    session.sites.update(strength_percent=Decimal("1.0"), injection_count=40, volume_ml=Decimal("9.0"))
    return TreatmentSession.objects.get(pk=session.pk)


def found(session):
    chart = chart_of(session, now=SIGNING)
    return {each.finding.id: each for each in chart.findings if each.finding.id in ("L5", "L5c")}


@pytest.mark.parametrize(
    ("on_file", "typed", "expected"),
    [
        ("40", "60", ["L5c"]),
        ("40", "45", ["L5c"]),  # 90 mg, the limit itself passes
        ("40", "44.9", ["L5"]),  # above it at both
        ("45", "60", []),  # passes at both
        ("60", "50", []),
        (None, "60", []),
        ("40", None, []),
    ],
)
def test_it_is_asked_where_the_dose_passes_by_the_new_weight_alone(on_file, typed, expected):
    assert [*found(drafted(on_file=on_file, typed=typed))] == expected


def test_it_names_both_weights_and_wants_a_reason():
    judged = found(drafted(on_file="40", typed="140"))["L5c"]

    assert (judged.finding.severity, judged.is_open) == ("ACK", True)
    assert judged.finding.text == (
        "At the 40 kg on file this dose is above 2 mg per kg. Is 140 kg right? Correct it, or write how it was taken."
    )


def test_the_weight_on_file_stands_beside_the_box(client):
    session = drafted(on_file="84", typed="284")
    signed_in(client, make_user(Role.NURSE))

    page = words(client.get(reverse("sessions_app:visit", args=[session.appointment.public_id])))

    assert "On file: 84 kg" in page
