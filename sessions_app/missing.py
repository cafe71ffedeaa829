"""What a draft still needs before it can be signed, each with its place on the page: fields, times to wait for.

What a finding asks for is not here but in `sessions_app.charting`, which puts both together.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clinic.protocol.checks import Totals
from clinic.protocol.checks.findings import plain
from clinic.protocol.checks.times import FOLLOWS, wrong_times
from clinic.protocol.values import Protocol
from sessions_app import facts
from sessions_app.group_gaps import group_gaps
from sessions_app.models import SessionAmpoule, TreatedSite, TreatmentSession
from sessions_app.preparation import Ready, is_on_paper_somewhere
from sessions_app.visit_times import words_of

# A key of a draft's screening that is its own, see `sessions_app.facts`.
UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that must be done before signing. ``anchor`` is the id on the page to go to, "" for nowhere.

    ``kind``: "field" to fill in, "time" to wait for, "finding" to answer.
    """

    words: str
    anchor: str
    kind: str = "field"


def missing_in(
    session: TreatmentSession,
    sites: Collection[TreatedSite],
    ampoules: Collection[SessionAmpoule],
    totals: Totals,
    protocol: Protocol,
    now: datetime,
    ready: Ready,
    checks: Collection[str],
) -> Iterator[Missing]:
    """``checks``: the ids of the findings. What one of them asks for after the treatment is not asked twice."""
    unfinished = session.screening.get(UNFINISHED, {})
    said = checks if sites and session.ended_at else ()
    yield from _missing_before(session, ready, said)
    if not sites and not unfinished.get("sites"):
        yield Missing("A treated site", "sites")
    for raw in unfinished.get("sites", ()):
        yield Missing(f"Site {raw.get('position', '')}: {_wanted(raw)}", f"site-{raw.get('position', '')}")
    yield from _missing_ampoules(ampoules, totals)
    if unfinished.get("ampoules"):
        yield Missing("Ampoules: a line is not complete", "ampoules")
    wrong = [
        *(Missing(f"{FIELD_WORDS.get(name, name)}: not saved", f"id_{name}") for name in unfinished.get("fields", {})),
        *_wrong_times(session, now),
    ]
    yield from wrong
    # What is typed and cannot be is not also asked for.
    named = {each.anchor for each in wrong}
    yield from (each for each in _missing_after(session, protocol, now) if each.anchor not in named)


# Words for the fields of the page, as the list of what is missing names them.
FIELD_WORDS = {
    "weight_kg": "Weight",
    "abpi": "Ankle-brachial index",
    "ankle_pressure_mmhg": "Ankle pressure",
    "toe_pressure_mmhg": "Toe pressure",
    "major_surgery": "Date of the surgery",
    "hospital_stay": "Date of the hospital stay",
    "recent_pregnancy": "End of the pregnancy",
    "long_flight": "Date of the flight",
    "hard_training": "Date of the training",
    "started_at": "Start of the session",
    "ended_at": "End of the session",
    "observation_started_at": "Start of the walk",
    "observation_ended_at": "End of the walk",
    "extensive_days": "Days for extensive veins",
    "compression_garment": "Stocking",
    "compression_mmhg": "mmHg of the stocking",
    "reaction_note": "What was seen",
    "note": "Note",
}


def _missing_before(session: TreatmentSession, ready: Ready, said: Collection[str]) -> Iterator[Missing]:
    asked = {**session.screening, **ready.facts}
    if not asked.get("identifiers_confirmed"):
        yield Missing("Name and birth date confirmed", "id_identifiers_confirmed")
    yield from (Missing(words, anchor) for words, anchor in group_gaps(session))
    if not asked.get("medication_confirmed"):
        yield Missing("Medication and allergies", "id_medication_confirmed")
    if not asked.get("consent_signed"):
        if "P14" not in said:
            yield Missing("Consent", "consent")
    elif is_on_paper_somewhere(session, ready):
        few = " (a few words, such as Folder 3)" if session.screening.get("consent_paper") else ""
        yield Missing(f"Where the signed paper is{few}", "id_consent_paper")
    if not asked.get("kit_checked_today") and "P15" not in said:
        yield Missing("Emergency kit checked", "id_kit_checked_today")
    if session.responsible_clinician_id is None and ready.clinician is None:
        yield Missing("Responsible clinician", "id_responsible_clinician")


def _wrong_times(session: TreatmentSession, now: datetime) -> Iterator[Missing]:
    """Stored times that cannot be, each at its field; check L19 says that nobody can lift them."""
    times = {name: getattr(session, name) for name in FOLLOWS}
    for wrong in wrong_times(times, now):
        yield Missing(words_of(wrong, times, facts.zone_of(session)).removesuffix("."), f"id_{wrong.name}")


def _wanted(raw: Mapping[str, Any]) -> str:
    """What an unfinished site still needs, in a few words."""
    wanted = [
        words
        for words, present in (
            ("place", raw.get("place")),
            ("vein type", raw.get("vein_type")),
            ("strength", raw.get("strength")),
            ("injections", raw.get("injections_ml") if raw.get("one_by_one") else raw.get("injection_count")),
            ("volume", raw.get("one_by_one") or raw.get("each_ml") or raw.get("volume_ml")),
        )
        if not present
    ]
    return " and ".join([", ".join(wanted[:-1]), wanted[-1]] if len(wanted) > 1 else wanted) or "correct what is marked"


def _missing_ampoules(ampoules: Collection[SessionAmpoule], totals: Totals) -> Iterator[Missing]:
    recorded = {ampoule.strength_percent for ampoule in ampoules}
    if not recorded:
        used = [plain(strength) for strength, volume in totals.by_strength_ml.items() if volume]
        if used:
            yield Missing(f"Ampoules of {' and '.join(used)} %", "ampoules")


def _missing_after(session: TreatmentSession, protocol: Protocol, now: datetime) -> Iterator[Missing]:
    if not session.compression_legs:
        yield Missing("Stocking: which legs", "group-legs")
    if session.ended_at is None:
        yield Missing("Time the stocking went on", "id_ended_at")
    least = protocol.observation_minutes_min
    if session.observation_started_at is None:
        yield Missing("Observed walk", "id_observation_started_at")
    elif session.observation_ended_at is None:
        seen = (now - session.observation_started_at) // timedelta(minutes=1)
        if seen < least:
            yield Missing(f"{least - seen} min of the walk", "id_observation_ended_at", "time")
        else:
            yield Missing("End of the walk", "id_observation_ended_at")
    if not session.observation_status:
        yield Missing("How the patient is at the end", "group-status")


def missing_reaction(session: TreatmentSession, events: facts.RecordedEvents) -> Iterator[Missing]:
    """Words are asked once: an adverse event that is recorded says what was seen."""
    seen = session.reaction == TreatmentSession.Reaction.SEEN
    if not session.reaction:
        yield Missing("Reaction: yes or none", "group-reaction")
    elif events and not seen and session.amends_id is None:
        # A correction may come after an event that began at home.
        yield Missing("Reaction: an adverse event is recorded, so “none seen” cannot stand", "group-reaction")
    elif seen and not events and not session.reaction_note.strip():
        yield Missing("What was seen", "id_reaction_note")
