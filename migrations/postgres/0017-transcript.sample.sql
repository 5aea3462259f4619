INSERT INTO model_transcript (organisation_id, review_id, body, created_ms) VALUES
    ('01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000302', '\x0304', 1767225600000);
