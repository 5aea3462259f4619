INSERT INTO knowledge_document (id, organisation_id, name, text, bytes, version, created_ms, updated_ms) VALUES
    ('01900000-0000-7000-8000-000000000501', '01900000-0000-7000-8000-000000000001', 'style.md', '# Style

Names are nouns.', 25, 1, 1767225600000, 1767225600000);
