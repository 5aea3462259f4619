UPDATE model_usage SET repository_id = '01900000000070008000000000000111', user_login = 'octocat', cost_nanos = 1500000, is_answered = TRUE;
INSERT INTO model_spend (name, spent_nanos, updated_ms) VALUES
    ('day 2026-01-01', 1500000, 1767225600000);
INSERT INTO model_transcript (organisation_id, review_id, body, created_ms) VALUES
    ('01900000000070008000000000000001', '01900000000070008000000000000301', '\x0102', 1767225600000);
