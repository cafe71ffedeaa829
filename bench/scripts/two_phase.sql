-- Claim a batch of due rows; then, in a second transaction, write them to an outbox keyed by row and mark them sent.
SELECT gen_random_uuid() AS token \gset
UPDATE clinic_delivery SET state = 'claimed', lease_token = :token::uuid, lease_until = now() + interval '2 minutes'
  WHERE id IN (SELECT id FROM clinic_delivery WHERE state = 'pending' AND kind = 'activity' AND due_at <= now()
               ORDER BY not_after LIMIT 50 FOR UPDATE SKIP LOCKED);
BEGIN;
INSERT INTO bench_outbox (delivery_id, at) SELECT id, now() FROM clinic_delivery WHERE lease_token = :token::uuid
  AND state = 'claimed' AND lease_until > now();
UPDATE clinic_delivery SET state = 'sent', finished_at = now() WHERE lease_token = :token::uuid AND state = 'claimed'
  AND lease_until > now();
COMMIT;
