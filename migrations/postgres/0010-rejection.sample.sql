INSERT INTO feedback (id, organisation_id, remark_id, fingerprint, rule, verdict, source, external_id, actor, note, created_ms, repository_id, identity, path) VALUES
    ('01900000-0000-7000-8000-000000000332', '01900000-0000-7000-8000-000000000001', NULL, 'f2', 'security/sql-injection', 'accepted', 'api', 'x', 'octocat', NULL, 1767225600000, '01900000-0000-7000-8000-000000000111', 'f2', 'a.py');
