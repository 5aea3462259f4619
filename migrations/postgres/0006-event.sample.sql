INSERT INTO review_event (organisation_id, review_id, number, kind, detail, created_ms) VALUES
    ('01900000000070008000000000000001', '01900000000070008000000000000301', 1, 'queued', '{}', 1767225600000),
    ('01900000000070008000000000000001', '01900000000070008000000000000301', 2, 'progress', '{"step":"Reading files","done":1,"of":3}', 1767225600100);
UPDATE feedback SET repository_id = '01900000000070008000000000000111';
UPDATE outgoing_webhook SET failing_since_ms = 1767225600000, problem = 'timed out';
UPDATE outgoing_webhook_attempt SET message_id = '01900000000070008000000000000401';
