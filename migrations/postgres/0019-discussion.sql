-- Talks of agents about a review: what came of each, and what models were asked.

CREATE TABLE discussion (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL,
    review_id UUID NOT NULL,
    user_id UUID,
    task_id UUID,
    agents TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    conclusion TEXT,
    transcript BYTEA,
    problem TEXT,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    finished_ms BIGINT,
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, review_id) REFERENCES review (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX discussion_of_review ON discussion (review_id, id);
