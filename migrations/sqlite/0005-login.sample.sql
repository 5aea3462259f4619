INSERT INTO user_identity (provider, subject, user_id, created_ms) VALUES
    ('https://login.example', 'u-9', X'01900000000070008000000000000013', 1767225600000);
INSERT INTO login (id, user_id, key_id, means, token_hash, created_ms, seen_ms, expires_ms) VALUES
    (X'01900000000070008000000000000061', X'01900000000070008000000000000011', NULL, 'github', X'0c0d', 1767225600000, 1767225600000, 1767830400000),
    (X'01900000000070008000000000000062', NULL, X'01900000000070008000000000000041', 'key', X'0e0f', 1767225600000, 1767225600000, 1767830400000);
INSERT INTO login_attempt (state_hash, provider, browser_hash, return_path, created_ms, expires_ms) VALUES
    (X'1011', 'github', X'1213', '/', 1767225600000, 1767226200000);
INSERT INTO quota_usage (organisation_id, subject_id, kind, at_ms, day_used, month_used) VALUES
    (X'01900000000070008000000000000001', X'00000000000000000000000000000000', 'reviews', 1767225600000, 3, 17);
