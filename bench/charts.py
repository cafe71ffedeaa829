"""A chart that wants nothing but its signature: a healthy patient, sites as given, an uneventful end."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from clinic.models import User
from sessions_app.actions import DraftValues
from sessions_app.facts import StatusAtEnd
from sessions_app.forms.choices import QUICK, RISK_ITEMS, STOP_ITEMS
from sessions_app.models import TreatmentSession

OBSERVED = timedelta(minutes=30)


def site(
    position: int, *, leg: str, segment: str, vein_type: str = "spider", volume_ml: str = "0.30"
) -> dict[str, Any]:
    """Keyword arguments of a treated site: 0.5 % into spider veins, 1 % into reticular ones, 0.1 mL each."""
    is_spider = vein_type == "spider"
    return {
        "position": position,
        "leg": leg,
        "segment": segment,
        "vein_type": vein_type,
        "strength_percent": Decimal("0.5") if is_spider else Decimal(1),
        "injection_count": int(Decimal(volume_ml) * 10),
        "volume_ml": Decimal(volume_ml),
        "diameter_mm": Decimal("0.6") if is_spider else Decimal("2.0"),
        "treated_length_cm": Decimal(volume_ml) * 25,
        "needle_gauge": 30,
    }


def whole_chart(*, sites: Sequence[Mapping[str, Any]], clinician: User, ended: datetime) -> DraftValues:
    strengths = sorted({each["strength_percent"] for each in sites})
    return DraftValues(
        fields={
            "responsible_clinician": clinician,
            "ended_at": ended,
            "compression_legs": TreatmentSession.CompressionLegs.BOTH,
            "compression_garment": "Thigh stocking",
            "compression_mmhg": "20-30",
            "observation_started_at": ended,
            "observation_ended_at": ended + OBSERVED,
            "observation_status": StatusAtEnd.WALKED.value,
            "reaction": TreatmentSession.Reaction.NONE_SEEN,
        },
        facts={
            **dict.fromkeys(STOP_ITEMS, False),
            **dict.fromkeys(RISK_ITEMS, False),
            "pregnant": "no",
            "identifiers_confirmed": True,
            "medication_confirmed": True,
            "consent_signed": True,
            "consent_paper": "Signed on paper, folder 3",
            "kit_checked_today": True,
        },
        groups={"stop": QUICK, "risk": QUICK},
        sites=sites,
        ampoules=[
            {"strength_percent": each, "lot": "DEMO-2417", "expiry": "2099-12", "opened": 2} for each in strengths
        ],
    )
