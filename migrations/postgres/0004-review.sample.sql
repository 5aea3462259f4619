INSERT INTO review (id, organisation_id, repository_id, pull_request, origin, base_revision, head_revision, state, task_id, score, grade, gate, findings, report, problem, created_ms, updated_ms, started_ms, finished_ms) VALUES
    ('01900000-0000-7000-8000-000000000301', '01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000111', 7, 'webhook', 'aaa', 'bbb', 'done', '01900000-0000-7000-8000-000000000201', 91.5, 'A', 'passed', 1, NULL, NULL, 1767225600000, 1767225600000, 1767225600000, 1767225600900),
    ('01900000-0000-7000-8000-000000000302', '01900000-0000-7000-8000-000000000001', NULL, NULL, 'api', 'aaa', 'ccc', 'failed', NULL, NULL, NULL, NULL, 0, NULL, 'out of memory', 1767225600000, 1767225600000, NULL, 1767225600900);
INSERT INTO finding (id, organisation_id, review_id, fingerprint, rule, severity, confidence, category, origin, path, line_start, line_end, message, detail, created_ms) VALUES
    ('01900000-0000-7000-8000-000000000311', '01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000301', 'f1', 'security/sql-injection', 'high', 'high', 'security', 'introduced', '\x7372632fe92e7079', 3, 4, 'a value reaches a query', '{}', 1767225600000);
INSERT INTO metric (organisation_id, review_id, name, value) VALUES
    ('01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000301', 'lines', 12.5);
INSERT INTO remark (id, organisation_id, repository_id, pull_request, fingerprint, state, comment_id, thread_id, body_hash, created_ms, updated_ms) VALUES
    ('01900000-0000-7000-8000-000000000321', '01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000111', 7, 'f1', 'posted', 'c1', 't1', '\x0102', 1767225600000, 1767225600000);
INSERT INTO feedback (id, organisation_id, remark_id, fingerprint, rule, verdict, source, external_id, actor, note, created_ms) VALUES
    ('01900000-0000-7000-8000-000000000331', '01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000321', 'f1', 'security/sql-injection', 'rejected', 'reaction', '1', 'octocat', NULL, 1767225600000);
INSERT INTO model_usage (id, organisation_id, review_id, user_id, team_id, provider, model, purpose, prompt_tokens, completion_tokens, cost_micros, is_cached, duration_ms, created_ms) VALUES
    ('01900000-0000-7000-8000-000000000341', '01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000301', NULL, NULL, 'openai', 'm', 'review', 1000, 200, 1500, FALSE, 900, 1767225600000);
