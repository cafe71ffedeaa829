"""Patients who allow photographs, and photographs with real files."""

import io
import uuid

from sessions_app.models import ConsentText, SeriesConsent
from sessions_app.photographs import add_photograph
from tests.makers import at, make_patient, make_user
from tests.sessions_app.pictures_made import jpeg


def allow_photographs(patient, *, allowed=True, **facts):
    """A living consent of this patient, straight into the table."""
    text = ConsentText.objects.order_by("version").last() or ConsentText.objects.create(
        version=1, language="en", title="Consent", body="Words"
    )
    return SeriesConsent.objects.create(
        patient=patient,
        text=text,
        signed_name=patient.name,
        allows_photographs=allowed,
        witnessed_by=facts.pop("witnessed_by", None) or make_user(),
        request_key=uuid.uuid4(),
        **facts,
    )


def make_photographed_patient(**facts):
    patient = make_patient(**facts)
    allow_photographs(patient)
    return patient


def keep_photograph(*, patient=None, session=None, by=None, content=None, **facts):
    """A photograph with its files, added as the product does it; the patient's consent is made when there is none."""
    patient = patient or make_patient()
    if not SeriesConsent.objects.filter(patient=patient).exists():
        allow_photographs(patient)
    facts = {"leg": "left", "view": "front", "moment": "before", "taken_at": at("2026-01-13 10:00"), **facts}
    return add_photograph(
        patient=patient, session=session, file=io.BytesIO(content or jpeg()), by=by or make_user(), **facts
    ).photograph
