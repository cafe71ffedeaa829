"""Database rules of the visit: nobody and nothing is booked twice, and what is signed stays as it was signed."""

from clinic.database_rules import Rule, append_only, no_overlap, refuse

ENTRY, SESSION = "sessions_app_calendarentry", "sessions_app_treatmentsession"
CLOSED = "('signed', 'not_treated')"


# A nurse or a room has two lanes: visits are in the first, a visit that was overbooked on purpose is in the second, and
# whatever is closed takes both. So an overbooked visit stands beside one other, and never inside a closure.
_SHUT = "kind IN ('closure', 'time_off')"
_LANES = (
    "int4range((overbook_reason <> '')::int, "
    f"CASE WHEN {_SHUT} OR overbook_reason <> '' THEN 1 ELSE 0 END, '[]') WITH &&"
)
_SAME_LANE = f"(NEW.overbook_reason = '') = (other.overbook_reason = '') OR NEW.{_SHUT} OR other.{_SHUT}"


def _locked_child(table: str) -> tuple[Rule, ...]:
    """A part of a session can be written only while the session is a draft."""

    def closed(row: str) -> str:
        return f"EXISTS (SELECT 1 FROM {SESSION} s WHERE s.id = {row}.session_id AND s.status IN {CLOSED})"

    def lock(row: str) -> str:
        # Waits for a signing in progress, and makes one that starts now wait for us.
        return f"PERFORM 1 FROM {SESSION} WHERE id = {row}.session_id FOR SHARE;"

    because = "a signed session and its parts are locked; amend it instead"
    return tuple(
        refuse(
            event,
            table=table,
            name=f"{table}_locked_{event.lower()}",
            when=" OR ".join(closed(row) for row in rows),
            lock_first="".join(lock(row) for row in rows),
            because=because,
        )
        for event, rows in (("INSERT", ["NEW"]), ("UPDATE", ["OLD", "NEW"]), ("DELETE", ["OLD"]))
    )


# All that a consent holds but its end. JSON is compared as text, because PostgreSQL knows no equality of it.
_SIGNED = (
    "id", "public_id", "patient_id", "text_id", "signed_name", "strokes", "allows_photographs", "signed_at",
    "witnessed_by_id", "request_key",
)  # fmt: skip
_SIGNED_CHANGED = " OR ".join(f"CAST(OLD.{name} AS text) <> CAST(NEW.{name} AS text)" for name in _SIGNED)


# Judged when it is signed, as check L19 does: what was signed before this rule was made stays as it is, so that no
# constraint on all rows would hold. A walk before the stocking went on can happen, and asks for a reason (check L12b).
_TIMES_WRONG = " OR ".join(
    f"NEW.{later} < NEW.{earlier}"
    for later, earlier in (
        ("observation_started_at", "started_at"),
        ("observation_ended_at", "observation_started_at"),
        ("observation_ended_at", "started_at"),
    )
)


RULES = (
    *no_overlap(table=ENTRY, resource="nurse_id", meet=_LANES, meet_sqlite=_SAME_LANE),
    *no_overlap(table=ENTRY, resource="room_id", meet=_LANES, meet_sqlite=_SAME_LANE),
    *no_overlap(table=ENTRY, resource="patient_id"),
    *(
        refuse(
            event,
            table=ENTRY,
            name=f"{ENTRY}_day_{event.lower()}",
            when="NEW.ends_at > NEW.starts_at + interval '26 hours'",
            when_sqlite="NEW.ends_at > datetime(NEW.starts_at, '+26 hours')",
            because="an entry is at most one day long; write one per day",
        )
        for event in ("INSERT", "UPDATE")
    ),
    refuse(
        "DELETE",
        table="sessions_app_appointment",
        name="sessions_app_appointment_no_delete",
        because="appointments are cancelled, never deleted",
    ),
    refuse(
        "UPDATE",
        table=SESSION,
        name=f"{SESSION}_locked_update",
        when=f"OLD.status IN {CLOSED}",
        because="a signed session is locked; amend it instead",
    ),
    refuse(
        "UPDATE",
        table=SESSION,
        name=f"{SESSION}_times_in_order",
        when=f"NEW.status = 'signed' AND ({_TIMES_WRONG})",
        because="the observed walk comes after the session began, and ends after it began itself",
    ),
    refuse(
        "DELETE",
        table=SESSION,
        name=f"{SESSION}_no_delete",
        when="OLD.status <> 'draft' OR OLD.amends_id IS NULL",
        because="sessions are never deleted; only the draft of a correction can be given up",
    ),
    *_locked_child("sessions_app_treatedsite"),
    *_locked_child("sessions_app_sessionampoule"),
    *_locked_child("sessions_app_sessionfinding"),
    *append_only("sessions_app_stockmovement"),
    *append_only("sessions_app_consenttext"),
    *append_only("sessions_app_adversestep"),
    *append_only("sessions_app_adverseversion"),
    *append_only("sessions_app_score"),
    refuse(
        "DELETE",
        table="sessions_app_seriesconsent",
        name="sessions_app_seriesconsent_no_delete",
        because="a consent is withdrawn, never deleted",
    ),
    refuse(
        "UPDATE",
        table="sessions_app_seriesconsent",
        name="sessions_app_seriesconsent_signed",
        when=f"OLD.ended_at IS NOT NULL OR {_SIGNED_CHANGED}",
        because="a signed consent is not changed; it is withdrawn and signed anew",
    ),
    refuse(
        "DELETE",
        table="sessions_app_adverseevent",
        name="sessions_app_adverseevent_no_delete",
        because="adverse events are closed, never deleted",
    ),
    refuse(
        "DELETE",
        table="sessions_app_photograph",
        name="sessions_app_photograph_no_delete",
        because="photographs are removed with a reason; their row stays",
    ),
)
