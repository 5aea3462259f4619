INSERT INTO outside_import (id, organisation_id, repository_id, head_revision, name, format, root, output, output_hash, created_ms) VALUES
    ('01900000-0000-7000-8000-000000000801', '01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000111', 'bbb', 'eslint', 'eslint', '/ci/work', '\x5b5d', '\x0102', 1767225600000);
