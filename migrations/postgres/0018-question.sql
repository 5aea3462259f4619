-- Questions about repositories, and what answered them.

CREATE TABLE question (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL,
    repository_id UUID NOT NULL,
    user_id UUID,
    task_id UUID,
    revision TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    head TEXT,
    answer TEXT,
    problem TEXT,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    finished_ms BIGINT,
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, repository_id) REFERENCES repository (organisation_id, id)
);
CREATE INDEX question_of_repository ON question (repository_id, id);
CREATE INDEX question_finished ON question (finished_ms);
