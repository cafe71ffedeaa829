"""What stood before the demo's treatments: kit and clinician of each day, and a signed consent for each series."""

import math
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from functools import partial

from django.utils import timezone

from aftercare.demo.house import House
from clinic.models import Patient, User
from sessions_app import consents, preparation
from sessions_app.consent_texts import text_in
from sessions_app.signature_drawing import HEIGHT, Line

DAYS_BACK = 46
CHECKED, NAMED = time(6, 50), time(6, 55)


def day_checks(house: House, now: datetime) -> Iterator[tuple[datetime, Callable[[], object]]]:
    """Every morning the first nurse checks the kit and names the clinician; today too."""
    today = timezone.localdate(now, house.clinic.zone)
    clinician = house.people["clinician@example.com"]
    for days_ago in range(DAYS_BACK, -1, -1):
        day = today - timedelta(days=days_ago)
        nurse = house.nurses[days_ago % len(house.nurses)]
        yield datetime.combine(day, CHECKED, house.clinic.zone), partial(preparation.check_kit, by=nurse)
        yield (
            datetime.combine(day, NAMED, house.clinic.zone),
            partial(preparation.name_clinician, clinician=clinician, by=nurse),
        )


def sign_if_none_stands(patient: Patient, *, by: User) -> None:
    """The patient signs before the first treatment of the series; every second one allows photographs too."""
    if consents.living_consent(patient) is not None:
        return
    letters = sum(map(ord, patient.family_name))
    consents.sign_consent(
        patient=patient,
        text=text_in(patient.language),
        signed_name=patient.name,
        strokes=squiggle(patient.name),
        allows_photographs=bool(letters % 2) or "Quill" in patient.family_name,
        request_key=uuid.uuid5(patient.public_id, "consent"),
        by=by,
    )


def squiggle(name: str) -> list[Line]:
    """A line in the rhythm of a name, so that everybody signs differently: a wave whose height follows the letters."""
    points: Line = []
    for step in range(12 * min(len(name), 28)):
        letter = ord(name[step // 12])
        height = 14 + (letter * 7) % 34
        x, angle = 40 + step * 1.5, step * (0.32 + (letter % 5) * 0.05)
        points.append([round(x + 5 * math.cos(angle), 1), round(HEIGHT / 2 + height * math.sin(angle) - step / 20, 1)])
    return [points, [[60.0, 165.0], [120.0, 158.0], [280.0, 161.0]]]


def new_series_begins(patient: Patient, *, by: User) -> None:
    """The first series is over: whoever waits now signs for the next one before the treatment."""
    standing = consents.living_consent(patient)
    if standing is not None:
        consents.end_consent(consent=standing, reason="A new series begins", by=by)
