INSERT INTO experiment (id, organisation_id, prompt_id, title, smallest, planned, state, promoted, version, created_by, created_ms, stopped_ms) VALUES
    (X'01900000000070008000000000000911', X'01900000000070008000000000000001', X'01900000000070008000000000000901', 'Is shorter better?', 15, 170, 'running', NULL, 1, 'key:1', 1767225600000, NULL);
INSERT INTO experiment_arm (organisation_id, experiment_id, arm, number, weight) VALUES
    (X'01900000000070008000000000000001', X'01900000000070008000000000000911', 0, 1, 1);
UPDATE review_prompt SET experiment_id = X'01900000000070008000000000000911', arm = 0 WHERE name = 'judge';
