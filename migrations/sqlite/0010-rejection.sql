-- A finding is rejected in one place, whoever did it where: as feedback. What makes it
-- the same when it is found again is kept with it.

ALTER TABLE feedback ADD COLUMN identity TEXT;
ALTER TABLE feedback ADD COLUMN path TEXT;

-- What commands in comments had kept as settings. An identity is the fingerprint of the
-- first of equal findings.
INSERT INTO feedback (id, organisation_id, remark_id, fingerprint, rule, verdict, source,
        external_id, actor, note, created_ms, repository_id, identity, path)
    SELECT unhex(printf('%012x', s.updated_ms) || '7' || substr(hex(randomblob(2)), 1, 3) || '8'
            || substr(hex(randomblob(8)), 1, 15)),
        s.owner_id, NULL, f.value ->> 'identity', f.value ->> 'rule', 'rejected', 'command',
        s.name || '/' || (f.value ->> 'rule') || '/' || (f.value ->> 'identity') || '/'
            || (f.value ->> 'path'),
        coalesce(f.value ->> 'by', ''), f.value ->> 'reason', s.updated_ms,
        unhex(replace(substr(s.name, 10), '-', '')), f.value ->> 'identity', f.value ->> 'path'
    FROM setting AS s JOIN organisation AS o ON o.id = s.owner_id,
        json_each(s.value, '$.findings') AS f
    WHERE s.name LIKE 'rejected/%'
    ON CONFLICT DO NOTHING;
