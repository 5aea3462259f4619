-- Experiments: several versions of a prompt at a time, each for a part of the changes.

CREATE TABLE experiment (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL,
    prompt_id UUID NOT NULL,
    title TEXT NOT NULL,
    smallest BIGINT NOT NULL,
    planned BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'stopped')),
    promoted BIGINT,
    version BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    stopped_ms BIGINT,
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, prompt_id) REFERENCES prompt (organisation_id, id)
);
CREATE UNIQUE INDEX experiment_running ON experiment (prompt_id) WHERE state = 'running';

CREATE TABLE experiment_arm (
    organisation_id UUID NOT NULL,
    experiment_id UUID NOT NULL,
    arm BIGINT NOT NULL,
    number BIGINT NOT NULL,
    weight BIGINT NOT NULL,
    PRIMARY KEY (experiment_id, arm),
    FOREIGN KEY (organisation_id, experiment_id) REFERENCES experiment (organisation_id, id)
);

ALTER TABLE review_prompt ADD COLUMN experiment_id UUID;
ALTER TABLE review_prompt ADD COLUMN arm BIGINT;
CREATE INDEX review_prompt_of_experiment ON review_prompt (experiment_id, review_id);
CREATE INDEX feedback_of_fingerprint ON feedback (organisation_id, fingerprint);
