-- What other tools found in a commit, as they wrote it: the reviews of that commit take
-- it in.

CREATE TABLE outside_import (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL,
    repository_id BLOB NOT NULL,
    head_revision TEXT NOT NULL,
    name TEXT NOT NULL,
    format TEXT NOT NULL,
    root TEXT,
    output BLOB NOT NULL,
    output_hash BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    UNIQUE (organisation_id, repository_id, head_revision, name),
    FOREIGN KEY (organisation_id, repository_id) REFERENCES repository (organisation_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX outside_import_made ON outside_import (created_ms);
