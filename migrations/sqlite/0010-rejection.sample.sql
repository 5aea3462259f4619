INSERT INTO feedback (id, organisation_id, remark_id, fingerprint, rule, verdict, source, external_id, actor, note, created_ms, repository_id, identity, path) VALUES
    (X'01900000000070008000000000000332', X'01900000000070008000000000000001', NULL, 'f2', 'security/sql-injection', 'accepted', 'api', 'x', 'octocat', NULL, 1767225600000, X'01900000000070008000000000000111', 'f2', 'a.py');
