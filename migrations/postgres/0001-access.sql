-- Who is there and what they may do; what is set, and what was done.

CREATE TABLE organisation (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    deleted_ms BIGINT
);

CREATE TABLE user_account (
    id UUID NOT NULL PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    email_sealed BYTEA,
    identity_provider TEXT,
    identity_subject TEXT,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    disabled_ms BIGINT,
    UNIQUE (identity_provider, identity_subject)
);

CREATE TABLE role (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisation (id),
    name TEXT NOT NULL,
    permissions TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    UNIQUE (organisation_id, name)
);

CREATE TABLE membership (
    organisation_id UUID NOT NULL REFERENCES organisation (id),
    user_id UUID NOT NULL REFERENCES user_account (id),
    role_name TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, user_id)
);
CREATE INDEX membership_of_user ON membership (user_id);

CREATE TABLE team (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisation (id),
    name TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    UNIQUE (organisation_id, name),
    UNIQUE (organisation_id, id)
);

CREATE TABLE team_member (
    organisation_id UUID NOT NULL,
    team_id UUID NOT NULL,
    user_id UUID NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, team_id, user_id),
    FOREIGN KEY (organisation_id, team_id) REFERENCES team (organisation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, user_id) REFERENCES membership (organisation_id, user_id) ON DELETE CASCADE
);

CREATE TABLE api_key (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisation (id),
    user_id UUID REFERENCES user_account (id),
    name TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    permissions TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT,
    last_used_ms BIGINT,
    revoked_ms BIGINT
);
CREATE INDEX api_key_of_organisation ON api_key (organisation_id, id);

CREATE TABLE session (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES user_account (id),
    token_hash BYTEA NOT NULL UNIQUE,
    created_ms BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL
);
CREATE INDEX session_of_user ON session (user_id);
CREATE INDEX session_expiring ON session (expires_ms);

-- The owner is an organisation, or the nil identifier for the platform itself.
CREATE TABLE setting (
    owner_id UUID NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    PRIMARY KEY (owner_id, name)
);

CREATE TABLE idempotency_key (
    organisation_id UUID NOT NULL REFERENCES organisation (id),
    name TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    status BIGINT,
    response BYTEA,
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, name)
);
CREATE INDEX idempotency_key_expiring ON idempotency_key (expires_ms);

-- The end of each chain of audit entries: what the next entry continues.
CREATE TABLE audit_chain (
    owner_id UUID NOT NULL PRIMARY KEY,
    last_number BIGINT NOT NULL,
    last_hash BYTEA NOT NULL
);

CREATE TABLE audit_entry (
    owner_id UUID NOT NULL,
    number BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (owner_id, number)
);
