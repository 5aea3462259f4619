-- Talks of agents about a review: what came of each, and what models were asked.

CREATE TABLE discussion (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL,
    review_id BLOB NOT NULL,
    user_id BLOB,
    task_id BLOB,
    agents TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    conclusion TEXT,
    transcript BLOB,
    problem TEXT,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    finished_ms INTEGER,
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, review_id) REFERENCES review (organisation_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX discussion_of_review ON discussion (review_id, id);
