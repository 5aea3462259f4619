-- Questions about repositories, and what answered them.

CREATE TABLE question (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL,
    repository_id BLOB NOT NULL,
    user_id BLOB,
    task_id BLOB,
    revision TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    head TEXT,
    answer TEXT,
    problem TEXT,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    finished_ms INTEGER,
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, repository_id) REFERENCES repository (organisation_id, id)
) STRICT;
CREATE INDEX question_of_repository ON question (repository_id, id);
CREATE INDEX question_finished ON question (finished_ms);
