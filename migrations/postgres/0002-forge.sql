-- What is known of forges, what they sent, and what we send to others.

CREATE TABLE forge_installation (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisation (id),
    forge TEXT NOT NULL,
    host TEXT NOT NULL,
    external_id TEXT NOT NULL,
    account TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'deleted')),
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    UNIQUE (forge, host, external_id),
    UNIQUE (organisation_id, id)
);

CREATE TABLE repository (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisation (id),
    forge_installation_id UUID,
    forge TEXT NOT NULL,
    host TEXT NOT NULL,
    external_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    default_branch TEXT NOT NULL,
    is_private BOOLEAN NOT NULL,
    is_enabled BOOLEAN NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    UNIQUE (forge, host, external_id),
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, forge_installation_id) REFERENCES forge_installation (organisation_id, id)
);

-- The organisation is not known before the work on a delivery begins.
CREATE TABLE delivery (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID REFERENCES organisation (id),
    forge TEXT NOT NULL,
    host TEXT NOT NULL,
    external_id TEXT NOT NULL,
    event TEXT NOT NULL,
    body BYTEA NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('accepted', 'done', 'failed')),
    tries BIGINT NOT NULL,
    problem TEXT,
    received_ms BIGINT NOT NULL,
    finished_ms BIGINT,
    UNIQUE (forge, host, external_id)
);
CREATE INDEX delivery_of_organisation ON delivery (organisation_id, id);
CREATE INDEX delivery_finished ON delivery (finished_ms);

CREATE TABLE outgoing_webhook (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisation (id),
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    secret_sealed BYTEA NOT NULL,
    is_enabled BOOLEAN NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    UNIQUE (organisation_id, id)
);

CREATE TABLE outgoing_webhook_attempt (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL,
    outgoing_webhook_id UUID NOT NULL,
    event TEXT NOT NULL,
    number BIGINT NOT NULL,
    status BIGINT,
    problem TEXT,
    duration_ms BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    FOREIGN KEY (organisation_id, outgoing_webhook_id) REFERENCES outgoing_webhook (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX outgoing_webhook_attempt_of_webhook ON outgoing_webhook_attempt (outgoing_webhook_id, id);
CREATE INDEX outgoing_webhook_attempt_made ON outgoing_webhook_attempt (created_ms);
