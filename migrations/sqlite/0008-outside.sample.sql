INSERT INTO outside_import (id, organisation_id, repository_id, head_revision, name, format, root, output, output_hash, created_ms) VALUES
    (X'01900000000070008000000000000801', X'01900000000070008000000000000001', X'01900000000070008000000000000111', 'bbb', 'eslint', 'eslint', '/ci/work', X'5b5d', X'0102', 1767225600000);
