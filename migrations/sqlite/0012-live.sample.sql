INSERT INTO live_message (organisation_id, review_id, number, id, kind, author, author_name, fingerprint, text, created_ms) VALUES
    (X'01900000000070008000000000000001', X'01900000000070008000000000000301', 1, X'01900000000070008000000000000701', 'person', 'user:1', 'A reviewer', NULL, 'Is this meant?', 1767225600000),
    (X'01900000000070008000000000000001', X'01900000000070008000000000000301', 2, X'01900000000070008000000000000702', 'agent', 'agent:reviewer', 'reviewer', 'f1', 'It is not.', 1767225600100);
INSERT INTO live_presence (connection_id, organisation_id, review_id, node_id, author, author_name, fingerprint, joined_ms, seen_ms) VALUES
    (X'01900000000070008000000000000703', X'01900000000070008000000000000001', X'01900000000070008000000000000301', X'01900000000070008000000000000704', 'user:1', 'A reviewer', 'f1', 1767225600000, 1767225600100);
