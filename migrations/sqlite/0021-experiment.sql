-- Experiments: several versions of a prompt at a time, each for a part of the changes.

CREATE TABLE experiment (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL,
    prompt_id BLOB NOT NULL,
    title TEXT NOT NULL,
    smallest INTEGER NOT NULL,
    planned INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'stopped')),
    promoted INTEGER,
    version INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    stopped_ms INTEGER,
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, prompt_id) REFERENCES prompt (organisation_id, id)
) STRICT;
CREATE UNIQUE INDEX experiment_running ON experiment (prompt_id) WHERE state = 'running';

CREATE TABLE experiment_arm (
    organisation_id BLOB NOT NULL,
    experiment_id BLOB NOT NULL,
    arm INTEGER NOT NULL,
    number INTEGER NOT NULL,
    weight INTEGER NOT NULL,
    PRIMARY KEY (experiment_id, arm),
    FOREIGN KEY (organisation_id, experiment_id) REFERENCES experiment (organisation_id, id)
) STRICT;

ALTER TABLE review_prompt ADD COLUMN experiment_id BLOB;
ALTER TABLE review_prompt ADD COLUMN arm INTEGER;
CREATE INDEX review_prompt_of_experiment ON review_prompt (experiment_id, review_id);
CREATE INDEX feedback_of_fingerprint ON feedback (organisation_id, fingerprint);
