INSERT INTO discussion (id, organisation_id, review_id, user_id, task_id, agents, state, conclusion, transcript, problem, created_ms, updated_ms, finished_ms) VALUES
    (X'01900000000070008000000000000811', X'01900000000070008000000000000001', X'01900000000070008000000000000301', NULL, NULL, '', 'done', '{"version":1}', X'0102', NULL, 1767225600000, 1767225600000, 1767225600900);
