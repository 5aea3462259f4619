-- What was reviewed, what was found and said, what people made of it, and what
-- it cost.

CREATE TABLE review (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisation (id),
    repository_id UUID,
    pull_request BIGINT,
    origin TEXT NOT NULL,
    base_revision TEXT NOT NULL,
    head_revision TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'superseded')),
    task_id UUID,
    score DOUBLE PRECISION,
    grade TEXT,
    gate TEXT,
    findings BIGINT NOT NULL,
    report BYTEA,
    problem TEXT,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    started_ms BIGINT,
    finished_ms BIGINT,
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, repository_id) REFERENCES repository (organisation_id, id)
);
CREATE INDEX review_of_organisation ON review (organisation_id, id);
CREATE INDEX review_of_repository ON review (repository_id, pull_request, id);
CREATE INDEX review_finished ON review (finished_ms);

CREATE TABLE finding (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL,
    review_id UUID NOT NULL,
    fingerprint TEXT NOT NULL,
    rule TEXT NOT NULL,
    severity TEXT NOT NULL,
    confidence TEXT NOT NULL,
    category TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('introduced', 'existing')),
    path BYTEA NOT NULL,
    line_start BIGINT NOT NULL,
    line_end BIGINT NOT NULL,
    message TEXT NOT NULL,
    detail TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    UNIQUE (review_id, fingerprint),
    FOREIGN KEY (organisation_id, review_id) REFERENCES review (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX finding_of_organisation ON finding (organisation_id, rule, id);

CREATE TABLE metric (
    organisation_id UUID NOT NULL,
    review_id UUID NOT NULL,
    name TEXT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (review_id, name),
    FOREIGN KEY (organisation_id, review_id) REFERENCES review (organisation_id, id) ON DELETE CASCADE
);

-- What was said on a pull request, so that it is said once.
CREATE TABLE remark (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL,
    repository_id UUID NOT NULL,
    pull_request BIGINT NOT NULL,
    fingerprint TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('wanted', 'posted', 'resolved', 'refused')),
    comment_id TEXT,
    thread_id TEXT,
    body_hash BYTEA,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    UNIQUE (repository_id, pull_request, fingerprint),
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, repository_id) REFERENCES repository (organisation_id, id)
);
CREATE INDEX remark_by_comment ON remark (repository_id, comment_id);

CREATE TABLE feedback (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisation (id),
    remark_id UUID,
    fingerprint TEXT NOT NULL,
    rule TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('accepted', 'rejected', 'fixed', 'ignored')),
    source TEXT NOT NULL,
    external_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    note TEXT,
    created_ms BIGINT NOT NULL,
    UNIQUE (organisation_id, source, external_id),
    FOREIGN KEY (organisation_id, remark_id) REFERENCES remark (organisation_id, id)
);
CREATE INDEX feedback_of_rule ON feedback (organisation_id, rule, id);

CREATE TABLE model_usage (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisation (id),
    review_id UUID,
    user_id UUID,
    team_id UUID,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    purpose TEXT NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    cost_micros BIGINT NOT NULL,
    is_cached BOOLEAN NOT NULL,
    duration_ms BIGINT NOT NULL,
    created_ms BIGINT NOT NULL
);
CREATE INDEX model_usage_of_organisation ON model_usage (organisation_id, created_ms);
