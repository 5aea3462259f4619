INSERT INTO prompt (id, organisation_id, name, models, active, versions, version, created_ms, updated_ms) VALUES
    (X'01900000000070008000000000000901', X'01900000000070008000000000000001', 'judge', '', 1, 1, 3, 1767225600000, 1767225600000);
INSERT INTO prompt_version (organisation_id, prompt_id, number, text, note, author, created_ms) VALUES
    (X'01900000000070008000000000000001', X'01900000000070008000000000000901', 1, '+++
name = "judge"
version = 1
models = []
+++
Judge.
=== user
{{ remarks }}
', 'shorter', 'key:1', 1767225600000);
INSERT INTO prompt_activation (organisation_id, prompt_id, position, number, actor, created_ms) VALUES
    (X'01900000000070008000000000000001', X'01900000000070008000000000000901', 3, 1, 'key:1', 1767225600000);
INSERT INTO review_prompt (organisation_id, review_id, name, origin, prompt_id, number, tag, text_hash) VALUES
    (X'01900000000070008000000000000001', X'01900000000070008000000000000301', 'judge', 'kept', X'01900000000070008000000000000901', 1, 'judge@1 of the organisation', X'0102');
INSERT INTO model_quality (organisation_id, review_id, asked, whole, remarks, wrong, beside, kept, actionable) VALUES
    (X'01900000000070008000000000000001', X'01900000000070008000000000000301', 2, 2, 4, 1, 0, 3, 2);
