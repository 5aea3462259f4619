INSERT INTO discussion (id, organisation_id, review_id, user_id, task_id, agents, state, conclusion, transcript, problem, created_ms, updated_ms, finished_ms) VALUES
    ('01900000-0000-7000-8000-000000000811', '01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000301', NULL, NULL, '', 'done', '{"version":1}', '\x0102', NULL, 1767225600000, 1767225600000, 1767225600900);
