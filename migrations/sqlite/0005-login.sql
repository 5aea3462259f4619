-- Changes that name the version they are of; log-ins by a key or by somebody who
-- vouches; what was used of a quota.

ALTER TABLE organisation ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE role ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE membership ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE team ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

-- Who vouches for whom; a person may be known by several names.
CREATE TABLE user_identity (
    provider TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id BLOB NOT NULL REFERENCES user_account (id),
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (provider, subject)
) STRICT;
CREATE INDEX user_identity_of_user ON user_identity (user_id);
INSERT INTO user_identity (provider, subject, user_id, created_ms)
    SELECT identity_provider, identity_subject, id, created_ms FROM user_account
    WHERE identity_provider IS NOT NULL AND identity_subject IS NOT NULL;

-- It takes the place of the table session, which knows people only.
CREATE TABLE login (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB REFERENCES user_account (id),
    key_id BLOB REFERENCES api_key (id),
    means TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    CHECK (user_id IS NOT NULL OR key_id IS NOT NULL)
) STRICT;
CREATE INDEX login_of_user ON login (user_id, id);
CREATE INDEX login_of_key ON login (key_id, id);
CREATE INDEX login_expiring ON login (expires_ms);

-- Somebody who was sent to whoever vouches for them and is not back yet; or, without
-- a browser, was invited. The person is who they are to be known as.
CREATE TABLE login_attempt (
    state_hash BLOB NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    browser_hash BLOB NOT NULL,
    return_path TEXT NOT NULL,
    link_user_id BLOB REFERENCES user_account (id),
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX login_attempt_expiring ON login_attempt (expires_ms);

-- The subject is a person or a key; the organisation itself counts under the nil
-- identifier.
CREATE TABLE quota_usage (
    organisation_id BLOB NOT NULL REFERENCES organisation (id),
    subject_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    day_used INTEGER NOT NULL,
    month_used INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, subject_id, kind)
) STRICT;
