-- What was reviewed, what was found and said, what people made of it, and what
-- it cost.

CREATE TABLE review (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisation (id),
    repository_id BLOB,
    pull_request INTEGER,
    origin TEXT NOT NULL,
    base_revision TEXT NOT NULL,
    head_revision TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'superseded')),
    task_id BLOB,
    score REAL,
    grade TEXT,
    gate TEXT,
    findings INTEGER NOT NULL,
    report BLOB,
    problem TEXT,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    started_ms INTEGER,
    finished_ms INTEGER,
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, repository_id) REFERENCES repository (organisation_id, id)
) STRICT;
CREATE INDEX review_of_organisation ON review (organisation_id, id);
CREATE INDEX review_of_repository ON review (repository_id, pull_request, id);
CREATE INDEX review_finished ON review (finished_ms);

CREATE TABLE finding (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL,
    review_id BLOB NOT NULL,
    fingerprint TEXT NOT NULL,
    rule TEXT NOT NULL,
    severity TEXT NOT NULL,
    confidence TEXT NOT NULL,
    category TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('introduced', 'existing')),
    path BLOB NOT NULL,
    line_start INTEGER NOT NULL,
    line_end INTEGER NOT NULL,
    message TEXT NOT NULL,
    detail TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    UNIQUE (review_id, fingerprint),
    FOREIGN KEY (organisation_id, review_id) REFERENCES review (organisation_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX finding_of_organisation ON finding (organisation_id, rule, id);

CREATE TABLE metric (
    organisation_id BLOB NOT NULL,
    review_id BLOB NOT NULL,
    name TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (review_id, name),
    FOREIGN KEY (organisation_id, review_id) REFERENCES review (organisation_id, id) ON DELETE CASCADE
) STRICT;

-- What was said on a pull request, so that it is said once.
CREATE TABLE remark (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL,
    repository_id BLOB NOT NULL,
    pull_request INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('wanted', 'posted', 'resolved', 'refused')),
    comment_id TEXT,
    thread_id TEXT,
    body_hash BLOB,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    UNIQUE (repository_id, pull_request, fingerprint),
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, repository_id) REFERENCES repository (organisation_id, id)
) STRICT;
CREATE INDEX remark_by_comment ON remark (repository_id, comment_id);

CREATE TABLE feedback (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisation (id),
    remark_id BLOB,
    fingerprint TEXT NOT NULL,
    rule TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('accepted', 'rejected', 'fixed', 'ignored')),
    source TEXT NOT NULL,
    external_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    note TEXT,
    created_ms INTEGER NOT NULL,
    UNIQUE (organisation_id, source, external_id),
    FOREIGN KEY (organisation_id, remark_id) REFERENCES remark (organisation_id, id)
) STRICT;
CREATE INDEX feedback_of_rule ON feedback (organisation_id, rule, id);

CREATE TABLE model_usage (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisation (id),
    review_id BLOB,
    user_id BLOB,
    team_id BLOB,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    purpose TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cost_micros INTEGER NOT NULL,
    is_cached INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX model_usage_of_organisation ON model_usage (organisation_id, created_ms);
