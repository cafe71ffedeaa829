-- One signed session, its plan and ten reminder rows, in one transaction.
\set patient random(1, :patients)
BEGIN;
SELECT nextval('bench_visit') AS visit \gset
INSERT INTO sessions_app_treatmentsession (public_id, appointment_id, patient_id, lineage, amendment_reason, status,
    version, nurse_id, started_at, ended_at, time_zone, screening, foam, compression_legs, compression_garment,
    compression_mmhg, observation_status, reaction, reaction_note, note, not_treated_reason, protocol_version_id,
    signed_by_id, signed_at, created_at)
  VALUES (gen_random_uuid(), :visit::bigint, :patient::bigint, gen_random_uuid(), '', 'signed', 1, 1, now(), now(), 'America/New_York',
          '{}', false, 'both', 'thigh stocking', '20-30', 'well', 'none', '', '', '', 1, 1, now(), now())
  RETURNING id AS session \gset
INSERT INTO aftercare_aftercareplan (public_id, patient_id, session_id, lineage, number, time_zone, starts_at, ends_at,
    protocol_version_id, facts, "values", issued_at, issued_by_id)
  SELECT gen_random_uuid(), :patient::bigint, :session::bigint, gen_random_uuid(), 1, 'America/New_York', now(),
         now() + interval '30 days', 1, '{}', "values", now(), 1 FROM clinic_protocolversion WHERE id = 1;
INSERT INTO clinic_delivery (id, occurrence_key, kind, step, channel, patient_id, source, source_id, due_at, not_after,
    local_time, time_zone, why, policy, state, reason, attempts, resends, created_at)
  SELECT gen_random_uuid(), gen_random_uuid()::text, 'compression', 'step', 'email', :patient::bigint, 'plan',
         gen_random_uuid(), timestamptz '2100-01-01' + days * interval '1 day',
         timestamptz '2100-01-02' + days * interval '1 day', '2100-01-01T09:00', 'America/New_York', '', 'resend_once',
         'pending', '', 0, 0, now()
  FROM generate_series(1, 10) AS days;
COMMIT;
