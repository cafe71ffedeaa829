"""The weight that was typed today against the one on file, where the dose of the day passes by the new one alone.

A finding of the house's own (L5c), without a number: a slip of the finger in the weight lifts the limit per kg, and
nothing else on the page would show it. It comes from what is on record; the command does not print it.
"""

from collections.abc import Iterator

from clinic.protocol.checks import Totals
from clinic.protocol.checks.findings import Finding, acknowledge, plain
from clinic.protocol.values import Protocol
from sessions_app.models import TreatmentSession

NEW_WEIGHT = "L5c"


def weight_clash_of(session: TreatmentSession, totals: Totals, protocol: Protocol) -> Iterator[Finding]:
    """Nothing where the dose passes at both weights or at none (check L5), nor for a correction: the file is newer."""
    typed, on_file, limit = session.weight_kg, session.patient.weight_kg, protocol.max_mg_per_kg_day
    if typed is None or on_file is None or limit is None or session.amends_id is not None:
        return
    if limit * on_file < totals.known_mg <= limit * typed:
        yield acknowledge(
            NEW_WEIGHT,
            "The dose passes by today's weight alone",
            f"At the {plain(on_file)} kg on file this dose is above {plain(limit)} mg per kg. "
            f"Is {plain(typed)} kg right? Correct it, or write how it was taken.",
        )
