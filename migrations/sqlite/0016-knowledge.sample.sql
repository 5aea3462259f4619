INSERT INTO knowledge_document (id, organisation_id, name, text, bytes, version, created_ms, updated_ms) VALUES
    (X'01900000000070008000000000000501', X'01900000000070008000000000000001', 'style.md', '# Style

Names are nouns.', 25, 1, 1767225600000, 1767225600000);
