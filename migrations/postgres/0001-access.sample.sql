INSERT INTO organisation (id, name, display_name, created_ms, updated_ms, deleted_ms) VALUES
    ('01900000-0000-7000-8000-000000000001', 'acme', 'Acme', 1767225600000, 1767225600000, NULL),
    ('01900000-0000-7000-8000-000000000002', 'globex', 'Globex', 1767225600000, 1767225600000, NULL);
INSERT INTO user_account (id, login, display_name, email_sealed, identity_provider, identity_subject, created_ms, updated_ms, disabled_ms) VALUES
    ('01900000-0000-7000-8000-000000000011', 'ada', 'Ada', '\x0102', 'github', '17', 1767225600000, 1767225600000, NULL),
    ('01900000-0000-7000-8000-000000000012', 'bob', 'Bob', NULL, NULL, NULL, 1767225600000, 1767225600000, 1767225700000),
    ('01900000-0000-7000-8000-000000000013', 'eve', 'Eve', NULL, NULL, NULL, 1767225600000, 1767225600000, NULL);
INSERT INTO role (id, organisation_id, name, permissions, created_ms, updated_ms) VALUES
    ('01900000-0000-7000-8000-000000000021', '01900000-0000-7000-8000-000000000001', 'watcher', 'review:read', 1767225600000, 1767225600000);
INSERT INTO membership (organisation_id, user_id, role_name, created_ms, updated_ms) VALUES
    ('01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000011', 'admin', 1767225600000, 1767225600000),
    ('01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000012', 'watcher', 1767225600000, 1767225600000);
INSERT INTO team (id, organisation_id, name, created_ms) VALUES
    ('01900000-0000-7000-8000-000000000031', '01900000-0000-7000-8000-000000000001', 'backend', 1767225600000);
INSERT INTO team_member (organisation_id, team_id, user_id, created_ms) VALUES
    ('01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000031', '01900000-0000-7000-8000-000000000011', 1767225600000);
INSERT INTO api_key (id, organisation_id, user_id, name, secret_hash, permissions, created_ms, expires_ms, last_used_ms, revoked_ms) VALUES
    ('01900000-0000-7000-8000-000000000041', '01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000011', 'ci', '\x00ff', 'review:read', 1767225600000, NULL, NULL, NULL);
INSERT INTO session (id, user_id, token_hash, created_ms, seen_ms, expires_ms) VALUES
    ('01900000-0000-7000-8000-000000000051', '01900000-0000-7000-8000-000000000011', '\x0a0b', 1767225600000, 1767225600000, 1767830400000);
INSERT INTO setting (owner_id, name, value, version, updated_ms, updated_by) VALUES
    ('00000000-0000-0000-0000-000000000000', 'retention', '{"days":60}', 1, 1767225600000, 'system:setup'),
    ('01900000-0000-7000-8000-000000000001', 'gate', '{}', 3, 1767225600000, 'user:01900000-0000-7000-8000-000000000011');
INSERT INTO idempotency_key (organisation_id, name, request_hash, status, response, created_ms, expires_ms) VALUES
    ('01900000-0000-7000-8000-000000000001', 'k1', '\x01', 202, '\x7b7d', 1767225600000, 1767312000000);
INSERT INTO audit_chain (owner_id, last_number, last_hash) VALUES
    ('00000000-0000-0000-0000-000000000000', 1, '\x0000000000000000000000000000000000000000000000000000000000000001');
INSERT INTO audit_entry (owner_id, number, at_ms, actor, action, target, detail, previous_hash, hash) VALUES
    ('00000000-0000-0000-0000-000000000000', 1, 1767225600000, 'system:setup', 'organisation.create', 'organisation:acme', '{}', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000001');
