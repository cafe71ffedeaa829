"""The bare database as a yardstick: pgbench with prepared statements and one client, on the product's own tables."""

import re
import subprocess
from pathlib import Path

from django.db import connection

from clinic.models import Patient
from tools import postgres

SCRIPTS = Path(__file__).resolve().parent / "scripts"
VISITS = 60_000
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


def prepare() -> None:
    """What the scripts stand on: numbers for times and visits, appointments to hang sessions on, an outbox."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE IF NOT EXISTS bench_slot MINVALUE 0")
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS bench_outbox (delivery_id uuid PRIMARY KEY, at timestamptz NOT NULL)"
        )
        cursor.execute("SELECT to_regclass('bench_visit')")
        if cursor.fetchone()[0] is None:
            _make_visits(cursor)


def _make_visits(cursor: object) -> None:
    """Cancelled appointments of the far future, which take no time of anybody."""
    execute = cursor.execute  # type: ignore[attr-defined]
    execute(
        "WITH entry AS (INSERT INTO sessions_app_calendarentry (kind, nurse_id, room_id, patient_id, starts_at, "
        "ends_at, active) "
        "SELECT 'appointment', 1, 1, 1, timestamptz '2099-01-01', timestamptz '2099-01-01 01:00+00', false "
        "FROM generate_series(1, %s) RETURNING id) "
        "INSERT INTO sessions_app_appointment (public_id, entry_id, service_id, chair_minutes, walk_minutes, "
        "buffer_minutes, status, status_at, version, request_key, note, window_note, cancel_reason, early_reason, "
        "booked_by_id, booked_at) SELECT gen_random_uuid(), id, 1, 30, 20, 10, 'cancelled', now(), 1, "
        "gen_random_uuid(), '', '', '', '', 1, now() FROM entry",
        [VISITS],
    )
    execute("SELECT max(id) - %s + 1 FROM sessions_app_appointment", [VISITS])
    first = cursor.fetchone()[0]  # type: ignore[attr-defined]
    execute(f"CREATE SEQUENCE bench_visit START {int(first)}")


def make_due(rows: int, *, kind: str) -> None:
    """Deliveries of `kind` that are due now, for the dispatcher or for two_phase; spread over all patients."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clinic_delivery (id, occurrence_key, kind, step, channel, patient_id, source, source_id, "
            "due_at, not_after, local_time, time_zone, why, policy, state, reason, attempts, resends, created_at) "
            "SELECT gen_random_uuid(), gen_random_uuid()::text, %s, 'step', 'email', 1 + number %% %s, 'plan', "
            "gen_random_uuid(), now() - interval '1 hour', now() + interval '10 hours', '2026-01-01T09:00', "
            "'America/New_York', '', 'resend_once', 'pending', '', 0, 0, now() FROM generate_series(1, %s) AS number",
            [kind, Patient.objects.count(), rows],
        )


def transactions_per_second(server: postgres.Server, script: str, *, transactions: int | None = None) -> float:
    """For two seconds, or for as many `transactions` as there is stock for."""
    command = [
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
    command += ["-D", f"patients={Patient.objects.count()}", "-f", SCRIPTS / f"{script}.sql", "legwork"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = _TPS.search(done.stdout)
    if done.returncode or not found:
        raise RuntimeError(f"pgbench {script} failed:\n{done.stdout}{done.stderr}")
    return float(found[1])
