-- What models cost whom, the sums by which budgets are held, and what was asked and
-- answered in each review.

ALTER TABLE model_usage ADD COLUMN repository_id BLOB;
ALTER TABLE model_usage ADD COLUMN user_login TEXT;
ALTER TABLE model_usage ADD COLUMN cost_nanos INTEGER NOT NULL DEFAULT 0;
ALTER TABLE model_usage ADD COLUMN is_answered INTEGER NOT NULL DEFAULT TRUE;

CREATE TABLE model_spend (
    name TEXT NOT NULL PRIMARY KEY,
    spent_nanos INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX model_spend_of_time ON model_spend (updated_ms);

CREATE TABLE model_transcript (
    organisation_id BLOB NOT NULL,
    review_id BLOB NOT NULL PRIMARY KEY,
    body BLOB NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
