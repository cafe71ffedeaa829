-- The rows that a booking writes, in one transaction: entry with its constraints, appointment, trail, two reminders.
\set patient random(1, :patients)
BEGIN;
SELECT nextval('bench_slot') AS slot \gset
INSERT INTO sessions_app_calendarentry (kind, nurse_id, room_id, patient_id, starts_at, ends_at, active)
  VALUES ('appointment', 1 + :slot::int % 12, 1 + :slot::int % 12, 1 + :slot::int % :patients::int,
          timestamptz '2100-01-01 00:00+00' + (:slot::int / 12) * interval '1 hour',
          timestamptz '2100-01-01 01:00+00' + (:slot::int / 12) * interval '1 hour', true)
  RETURNING id AS entry \gset
INSERT INTO sessions_app_appointment (public_id, entry_id, service_id, chair_minutes, walk_minutes, buffer_minutes,
    status, status_at, version, request_key, note, window_note, cancel_reason, early_reason, booked_by_id, booked_at)
  VALUES (gen_random_uuid(), :entry::bigint, 1, 30, 20, 10, 'booked', now(), 1, gen_random_uuid(), '', '', '', '', 1, now())
  RETURNING id AS appointment \gset
INSERT INTO clinic_auditevent (at, action, by_id, by_name, subject, subject_id, patient_id, details)
  VALUES (now(), 'appointment booked', 1, 'Desk Invented', 'sessions_app.Appointment', :appointment::text, :patient::bigint, '{}');
INSERT INTO clinic_delivery (id, occurrence_key, kind, step, channel, patient_id, source, source_id, due_at, not_after,
    local_time, time_zone, why, policy, state, reason, attempts, resends, created_at)
  SELECT gen_random_uuid(), gen_random_uuid()::text, 'appointment', 'reminder', 'email', :patient::bigint, 'appointment',
         gen_random_uuid(), timestamptz '2100-01-01' + days * interval '1 day',
         timestamptz '2100-01-02' + days * interval '1 day', '2100-01-01T09:00', 'America/New_York', '', 'hold',
         'pending', '', 0, 0, now()
  FROM generate_series(1, 2) AS days;
COMMIT;
