-- A finding is rejected in one place, whoever did it where: as feedback. What makes it
-- the same when it is found again is kept with it.

ALTER TABLE feedback ADD COLUMN identity TEXT;
ALTER TABLE feedback ADD COLUMN path TEXT;

-- What commands in comments had kept as settings. An identity is the fingerprint of the
-- first of equal findings.
INSERT INTO feedback (id, organisation_id, remark_id, fingerprint, rule, verdict, source,
        external_id, actor, note, created_ms, repository_id, identity, path)
    SELECT (lpad(to_hex(s.updated_ms), 12, '0') || '7' || substr(md5(random()::text), 1, 3) || '8'
            || substr(md5(random()::text), 1, 15))::uuid,
        s.owner_id, NULL, f ->> 'identity', f ->> 'rule', 'rejected', 'command',
        s.name || '/' || (f ->> 'rule') || '/' || (f ->> 'identity') || '/' || (f ->> 'path'),
        coalesce(f ->> 'by', ''), f ->> 'reason', s.updated_ms, substr(s.name, 10)::uuid,
        f ->> 'identity', f ->> 'path'
    FROM setting AS s JOIN organisation AS o ON o.id = s.owner_id,
        json_array_elements(s.value::json -> 'findings') AS f
    WHERE s.name LIKE 'rejected/%'
    ON CONFLICT DO NOTHING;
