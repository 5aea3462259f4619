INSERT INTO setting (owner_id, name, value, version, updated_ms, updated_by) VALUES
    ('01900000-0000-7000-8000-000000000001', 'pull/01900000-0000-7000-8000-000000000111/8', '{"is_paused":true,"rules":[]}', 1, 1767225600000, 'system:worker');
