-- Who is there and what they may do; what is set, and what was done.

CREATE TABLE organisation (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    deleted_ms INTEGER
) STRICT;

CREATE TABLE user_account (
    id BLOB NOT NULL PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    email_sealed BLOB,
    identity_provider TEXT,
    identity_subject TEXT,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    disabled_ms INTEGER,
    UNIQUE (identity_provider, identity_subject)
) STRICT;

CREATE TABLE role (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisation (id),
    name TEXT NOT NULL,
    permissions TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    UNIQUE (organisation_id, name)
) STRICT;

CREATE TABLE membership (
    organisation_id BLOB NOT NULL REFERENCES organisation (id),
    user_id BLOB NOT NULL REFERENCES user_account (id),
    role_name TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, user_id)
) STRICT;
CREATE INDEX membership_of_user ON membership (user_id);

CREATE TABLE team (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisation (id),
    name TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    UNIQUE (organisation_id, name),
    UNIQUE (organisation_id, id)
) STRICT;

CREATE TABLE team_member (
    organisation_id BLOB NOT NULL,
    team_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, team_id, user_id),
    FOREIGN KEY (organisation_id, team_id) REFERENCES team (organisation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, user_id) REFERENCES membership (organisation_id, user_id) ON DELETE CASCADE
) STRICT;

CREATE TABLE api_key (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisation (id),
    user_id BLOB REFERENCES user_account (id),
    name TEXT NOT NULL,
    secret_hash BLOB NOT NULL,
    permissions TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    last_used_ms INTEGER,
    revoked_ms INTEGER
) STRICT;
CREATE INDEX api_key_of_organisation ON api_key (organisation_id, id);

CREATE TABLE session (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES user_account (id),
    token_hash BLOB NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX session_of_user ON session (user_id);
CREATE INDEX session_expiring ON session (expires_ms);

-- The owner is an organisation, or the nil identifier for the platform itself.
CREATE TABLE setting (
    owner_id BLOB NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    version INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    updated_by TEXT NOT NULL,
    PRIMARY KEY (owner_id, name)
) STRICT;

CREATE TABLE idempotency_key (
    organisation_id BLOB NOT NULL REFERENCES organisation (id),
    name TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    status INTEGER,
    response BLOB,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, name)
) STRICT;
CREATE INDEX idempotency_key_expiring ON idempotency_key (expires_ms);

-- The end of each chain of audit entries: what the next entry continues.
CREATE TABLE audit_chain (
    owner_id BLOB NOT NULL PRIMARY KEY,
    last_number INTEGER NOT NULL,
    last_hash BLOB NOT NULL
) STRICT;

CREATE TABLE audit_entry (
    owner_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous_hash BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (owner_id, number)
) STRICT;
