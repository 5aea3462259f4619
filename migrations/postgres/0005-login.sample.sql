INSERT INTO user_identity (provider, subject, user_id, created_ms) VALUES
    ('https://login.example', 'u-9', '01900000-0000-7000-8000-000000000013', 1767225600000);
INSERT INTO login (id, user_id, key_id, means, token_hash, created_ms, seen_ms, expires_ms) VALUES
    ('01900000-0000-7000-8000-000000000061', '01900000-0000-7000-8000-000000000011', NULL, 'github', '\x0c0d', 1767225600000, 1767225600000, 1767830400000),
    ('01900000-0000-7000-8000-000000000062', NULL, '01900000-0000-7000-8000-000000000041', 'key', '\x0e0f', 1767225600000, 1767225600000, 1767830400000);
INSERT INTO login_attempt (state_hash, provider, browser_hash, return_path, created_ms, expires_ms) VALUES
    ('\x1011', 'github', '\x1213', '/', 1767225600000, 1767226200000);
INSERT INTO quota_usage (organisation_id, subject_id, kind, at_ms, day_used, month_used) VALUES
    ('01900000-0000-7000-8000-000000000001', '00000000-0000-0000-0000-000000000000', 'reviews', 1767225600000, 3, 17);
