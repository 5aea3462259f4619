INSERT INTO forge_installation (id, organisation_id, forge, host, external_id, account, state, created_ms, updated_ms) VALUES
    ('01900000-0000-7000-8000-000000000101', '01900000-0000-7000-8000-000000000001', 'github', 'github.com', '9001', 'acme', 'active', 1767225600000, 1767225600000);
INSERT INTO repository (id, organisation_id, forge_installation_id, forge, host, external_id, owner, name, default_branch, is_private, is_enabled, created_ms, updated_ms) VALUES
    ('01900000-0000-7000-8000-000000000111', '01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000101', 'github', 'github.com', '501', 'acme', 'shop', 'main', TRUE, TRUE, 1767225600000, 1767225600000),
    ('01900000-0000-7000-8000-000000000112', '01900000-0000-7000-8000-000000000002', NULL, 'gitlab', 'gitlab.com', '502', 'globex', 'site', 'trunk', FALSE, FALSE, 1767225600000, 1767225600000);
INSERT INTO delivery (id, organisation_id, forge, host, external_id, event, body, state, tries, problem, received_ms, finished_ms) VALUES
    ('01900000-0000-7000-8000-000000000121', '01900000-0000-7000-8000-000000000001', 'github', 'github.com', 'd-1', 'pull_request', '\x7b7d', 'done', 1, NULL, 1767225600000, 1767225601000),
    ('01900000-0000-7000-8000-000000000122', NULL, 'github', 'github.com', 'd-2', 'ping', '\x7b7d', 'failed', 2, 'no such installation', 1767225600000, 1767225601000);
INSERT INTO outgoing_webhook (id, organisation_id, url, events, secret_sealed, is_enabled, created_ms, updated_ms) VALUES
    ('01900000-0000-7000-8000-000000000131', '01900000-0000-7000-8000-000000000001', 'https://example.com/hook', 'review.done', '\x0909', TRUE, 1767225600000, 1767225600000);
INSERT INTO outgoing_webhook_attempt (id, organisation_id, outgoing_webhook_id, event, number, status, problem, duration_ms, created_ms) VALUES
    ('01900000-0000-7000-8000-000000000141', '01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000131', 'review.done', 1, NULL, 'timed out', 10000, 1767225600000);
