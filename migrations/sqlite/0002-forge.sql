-- What is known of forges, what they sent, and what we send to others.

CREATE TABLE forge_installation (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisation (id),
    forge TEXT NOT NULL,
    host TEXT NOT NULL,
    external_id TEXT NOT NULL,
    account TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'deleted')),
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    UNIQUE (forge, host, external_id),
    UNIQUE (organisation_id, id)
) STRICT;

CREATE TABLE repository (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisation (id),
    forge_installation_id BLOB,
    forge TEXT NOT NULL,
    host TEXT NOT NULL,
    external_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    default_branch TEXT NOT NULL,
    is_private INTEGER NOT NULL,
    is_enabled INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    UNIQUE (forge, host, external_id),
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, forge_installation_id) REFERENCES forge_installation (organisation_id, id)
) STRICT;

-- The organisation is not known before the work on a delivery begins.
CREATE TABLE delivery (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB REFERENCES organisation (id),
    forge TEXT NOT NULL,
    host TEXT NOT NULL,
    external_id TEXT NOT NULL,
    event TEXT NOT NULL,
    body BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('accepted', 'done', 'failed')),
    tries INTEGER NOT NULL,
    problem TEXT,
    received_ms INTEGER NOT NULL,
    finished_ms INTEGER,
    UNIQUE (forge, host, external_id)
) STRICT;
CREATE INDEX delivery_of_organisation ON delivery (organisation_id, id);
CREATE INDEX delivery_finished ON delivery (finished_ms);

CREATE TABLE outgoing_webhook (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisation (id),
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    secret_sealed BLOB NOT NULL,
    is_enabled INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    UNIQUE (organisation_id, id)
) STRICT;

CREATE TABLE outgoing_webhook_attempt (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL,
    outgoing_webhook_id BLOB NOT NULL,
    event TEXT NOT NULL,
    number INTEGER NOT NULL,
    status INTEGER,
    problem TEXT,
    duration_ms INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    FOREIGN KEY (organisation_id, outgoing_webhook_id) REFERENCES outgoing_webhook (organisation_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX outgoing_webhook_attempt_of_webhook ON outgoing_webhook_attempt (outgoing_webhook_id, id);
CREATE INDEX outgoing_webhook_attempt_made ON outgoing_webhook_attempt (created_ms);
