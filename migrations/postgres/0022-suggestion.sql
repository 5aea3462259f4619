-- Fixes that somebody wants to see as suggestions on a pull request, and what became of
-- each.

CREATE TABLE suggestion (
    organisation_id UUID NOT NULL,
    repository_id UUID NOT NULL,
    pull_request BIGINT NOT NULL,
    fingerprint TEXT NOT NULL,
    finding_id UUID NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('wanted', 'placed', 'refused')),
    comment_id TEXT,
    problem TEXT,
    actor TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    PRIMARY KEY (repository_id, pull_request, fingerprint),
    FOREIGN KEY (organisation_id, repository_id) REFERENCES repository (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX suggestion_updated ON suggestion (updated_ms);
