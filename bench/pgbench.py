"""The bare database as a yardstick: pgbench with prepared statements and one client, on the product's own tables."""

import re
import subprocess
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from aftercare.models import AftercarePlan
from bench.loading import default_of
from clinic.models import AuditEvent, Delivery, Patient
from sessions_app.models import Appointment, CalendarEntry, TreatmentSession
from tools import postgres

VISITS = 60_000
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_APPOINTMENT = {
    "public_id": "gen_random_uuid()",
    "service_id": "1",
    "chair_minutes": "30",
    "walk_minutes": "20",
    "buffer_minutes": "10",
    "request_key": "gen_random_uuid()",
    "booked_by_id": "1",
}
_DELIVERY = {
    "id": "gen_random_uuid()",
    "occurrence_key": "gen_random_uuid()::text",
    "step": "'CHECK_1'",
    "channel": "'email'",
    "local_time": "'2026-01-01T09:00'",
    "time_zone": "'America/New_York'",
}
_FAR_OFF = {"due_at": "timestamptz '2100-01-01' + days * interval '1 day'"}
_FAR_OFF["not_after"] = f"{_FAR_OFF['due_at']} + interval '1 day'"


def insert(model: type[Model], values: Mapping[str, str], *, rest: str = "") -> str:
    """`INSERT INTO … SELECT …` of SQL expressions by attribute; every other column takes what the model would give.

    Built from the models, so that the yardstick writes as much as the product when a table grows a column.
    """
    columns, expressions = [], []
    for field in model._meta.concrete_fields:
        if field.attname in values:
            expressions.append(values[field.attname])
        elif field.primary_key:
            continue
        else:
            default = default_of(field)
            if isinstance(default, datetime):
                expressions.append("now()")
            elif default is None:
                continue
            else:
                expressions.append(str(default) if isinstance(default, int) and not _is_bool(field) else f"'{default}'")
        columns.append(f'"{field.column}"')
    return f'INSERT INTO "{model._meta.db_table}" ({", ".join(columns)}) SELECT {", ".join(expressions)} {rest}'


def _is_bool(field: object) -> bool:
    return type(field).__name__ == "BooleanField"


def book_ex() -> str:
    """The rows of a booking in one transaction: entry with its constraints, appointment, trail, two reminders."""
    starts = "timestamptz '2100-01-01 00:00+00' + (:slot::int / 12) * interval '1 hour'"
    entry = {
        "kind": "'appointment'",
        "nurse_id": "1 + :slot::int % 12",
        "room_id": "1 + :slot::int % 12",
        "patient_id": "1 + :slot::int % :patients::int",
        "starts_at": starts,
        "ends_at": f"{starts} + interval '1 hour'",
    }
    trail = {
        "action": "'appointment booked'",
        "by_id": "1",
        "by_name": "'Desk Invented'",
        "subject": "'sessions_app.Appointment'",
        "subject_id": "gen_random_uuid()::text",
        "patient_id": ":patient::bigint",
    }
    reminder = {**_DELIVERY, **_FAR_OFF, "kind": "'appointment'", "source": "'appointment'", "policy": "'hold'"}
    reminder |= {"patient_id": ":patient::bigint", "source_id": "gen_random_uuid()"}
    return _transaction(
        "SELECT nextval('bench_slot') AS slot \\gset",
        insert(CalendarEntry, entry) + " RETURNING id AS entry \\gset",
        insert(Appointment, {**_APPOINTMENT, "entry_id": ":entry::bigint"}) + ";",
        insert(AuditEvent, trail) + ";",
        insert(Delivery, reminder, rest="FROM generate_series(1, 2) AS days") + ";",
    )


def session_save() -> str:
    """One signed session, its plan and ten reminder rows, in one transaction."""
    session = {
        "public_id": "gen_random_uuid()",
        "appointment_id": ":visit::bigint",
        "patient_id": ":patient::bigint",
        "lineage": "gen_random_uuid()",
        "status": "'signed'",
        "nurse_id": "1",
        # Long over, so that nothing of it concerns the pages and calls that are measured after it.
        "started_at": "timestamptz '1980-01-01 15:00+00'",
        "ended_at": "timestamptz '1980-01-01 15:30+00'",
        "time_zone": "'America/New_York'",
        "protocol_version_id": "1",
        "signed_by_id": "1",
        "signed_at": "now()",
    }
    plan = {
        "public_id": "gen_random_uuid()",
        "patient_id": ":patient::bigint",
        "session_id": ":session::bigint",
        "lineage": "gen_random_uuid()",
        "time_zone": "'America/New_York'",
        "starts_at": "timestamptz '1980-01-01 15:30+00'",
        "ends_at": "timestamptz '1980-02-01 00:00+00'",
        "protocol_version_id": "1",
        "facts": "'{}'",
        "values": '"values"',
        "issued_by_id": "1",
    }
    reminder = {**_DELIVERY, **_FAR_OFF, "kind": "'activity'", "source": "'plan'", "policy": "'resend_once'"}
    reminder |= {"patient_id": ":patient::bigint", "source_id": "gen_random_uuid()"}
    return _transaction(
        "SELECT nextval('bench_visit') AS visit \\gset",
        insert(TreatmentSession, session) + " RETURNING id AS session \\gset",
        insert(AftercarePlan, plan, rest="FROM clinic_protocolversion WHERE id = 1") + ";",
        insert(Delivery, reminder, rest="FROM generate_series(1, 10) AS days") + ";",
    )


def two_phase() -> str:
    """Claim a batch of due rows; in a second transaction write them to an outbox keyed by row and mark them sent."""
    mine = "WHERE lease_token = :token::uuid AND state = 'claimed' AND lease_until > now()"
    return "\n".join(
        (
            "SELECT gen_random_uuid() AS token \\gset",
            "UPDATE clinic_delivery SET state = 'claimed', lease_token = :token::uuid, "
            "lease_until = now() + interval '2 minutes' WHERE id IN (SELECT id FROM clinic_delivery WHERE "
            "state = 'pending' AND kind = 'activity' AND due_at <= now() ORDER BY not_after LIMIT 50 "
            "FOR UPDATE SKIP LOCKED);",
            "BEGIN;",
            f"INSERT INTO bench_outbox (delivery_id, at) SELECT id, now() FROM clinic_delivery {mine};",
            f"UPDATE clinic_delivery SET state = 'sent', finished_at = now() {mine};",
            "COMMIT;",
        )
    )


def _transaction(*statements: str) -> str:
    return "\n".join(("\\set patient random(1, :patients)", "BEGIN;", *statements, "COMMIT;"))


SCRIPTS = {"book_ex": book_ex, "session_save": session_save, "two_phase": two_phase}


def prepare() -> None:
    """What the scripts stand on: numbers for times and visits, appointments to hang sessions on, an outbox."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('bench_outbox')")
        if cursor.fetchone()[0] is not None:
            return
        cursor.execute("CREATE TABLE bench_outbox (delivery_id uuid PRIMARY KEY, at timestamptz NOT NULL)")
        cursor.execute("CREATE SEQUENCE bench_slot MINVALUE 0")
        # Cancelled visits of the far future, which take no time of anybody.
        entry = {"kind": "'appointment'", "nurse_id": "1", "room_id": "1", "patient_id": "1", "active": "false"}
        entry |= {"starts_at": "timestamptz '2099-01-01 00:00+00'", "ends_at": "timestamptz '2099-01-01 01:00+00'"}
        entries = insert(CalendarEntry, entry, rest=f"FROM generate_series(1, {VISITS}) RETURNING id")
        visit = {**_APPOINTMENT, "entry_id": "entry.id", "status": "'cancelled'"}
        cursor.execute(f"WITH entry AS ({entries}) " + insert(Appointment, visit, rest="FROM entry"))
        cursor.execute("SELECT max(id) FROM sessions_app_appointment")
        cursor.execute(f"CREATE SEQUENCE bench_visit START {cursor.fetchone()[0] - VISITS + 1}")


def make_due(rows: int, *, kind: str, due_at: datetime) -> None:
    """Deliveries of `kind` for plans that still hold, due since `due_at`: stock for the dispatcher or for two_phase."""
    due = {**_DELIVERY, "kind": "%(kind)s", "source": "'plan'", "source_id": "plan.public_id", "policy": "'hold'"}
    due |= {"patient_id": "plan.patient_id", "due_at": "%(due_at)s", "not_after": "%(not_after)s"}
    one_of_them = "plan.number = copy %% (SELECT count(*) FROM plan)"
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH plan AS (SELECT public_id, patient_id, row_number() OVER (ORDER BY id) - 1 AS number "
            "FROM aftercare_aftercareplan WHERE ends_at > %(due_at)s AND replaced_at IS NULL) "
            + insert(Delivery, due, rest=f"FROM generate_series(1, %(rows)s) AS copy JOIN plan ON {one_of_them}"),
            {"kind": kind, "due_at": due_at, "not_after": due_at + timedelta(hours=10), "rows": rows},
        )
        cursor.execute("ANALYZE clinic_delivery")


def an_hour_ago() -> datetime:
    return timezone.now() - timedelta(hours=1)


def transactions_per_second(server: postgres.Server, script: str, *, transactions: int | None = None) -> float:
    """For two seconds, or for as many `transactions` as there is stock for."""
    command: list[str | Path] = [
        server.programs / "pgbench",
        "-h",
        server.socket_dir,
        "-U",
        "postgres",
        "-n",
        "-M",
        "prepared",
        "-c",
        "1",
    ]
    command += ["-T", "2"] if transactions is None else ["-t", str(transactions)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{script}.sql"
        file.write_text(SCRIPTS[script]())
        command += ["-D", f"patients={Patient.objects.count()}", "-f", file, "legwork"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = _TPS.search(done.stdout)
    if done.returncode or not found:
        raise RuntimeError(f"pgbench {script} failed:\n{done.stdout}{done.stderr}")
    return float(found[1])
