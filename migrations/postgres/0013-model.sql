-- What models cost whom, the sums by which budgets are held, and what was asked and
-- answered in each review.

ALTER TABLE model_usage ADD COLUMN repository_id UUID;
ALTER TABLE model_usage ADD COLUMN user_login TEXT;
ALTER TABLE model_usage ADD COLUMN cost_nanos BIGINT NOT NULL DEFAULT 0;
ALTER TABLE model_usage ADD COLUMN is_answered BOOLEAN NOT NULL DEFAULT TRUE;

CREATE TABLE model_spend (
    name TEXT NOT NULL PRIMARY KEY,
    spent_nanos BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL
);
CREATE INDEX model_spend_of_time ON model_spend (updated_ms);

CREATE TABLE model_transcript (
    organisation_id UUID NOT NULL,
    review_id UUID NOT NULL PRIMARY KEY,
    body BYTEA NOT NULL,
    created_ms BIGINT NOT NULL
);
