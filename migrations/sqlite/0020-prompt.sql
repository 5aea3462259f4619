-- What models are told, in the words of an organisation: templates with their versions, which
-- of them holds and held, which a review used, and how good the answers were.

CREATE TABLE prompt (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisation (id),
    name TEXT NOT NULL,
    models TEXT NOT NULL,
    active INTEGER,
    versions INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    UNIQUE (organisation_id, id),
    UNIQUE (organisation_id, name, models)
) STRICT;

CREATE TABLE prompt_version (
    organisation_id BLOB NOT NULL,
    prompt_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    text TEXT NOT NULL,
    note TEXT NOT NULL,
    author TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (prompt_id, number),
    FOREIGN KEY (organisation_id, prompt_id) REFERENCES prompt (organisation_id, id)
) STRICT;

CREATE TABLE prompt_activation (
    organisation_id BLOB NOT NULL,
    prompt_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    number INTEGER,
    actor TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (prompt_id, position),
    FOREIGN KEY (organisation_id, prompt_id) REFERENCES prompt (organisation_id, id)
) STRICT;

CREATE TABLE review_prompt (
    organisation_id BLOB NOT NULL,
    review_id BLOB NOT NULL,
    name TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('shipped', 'file', 'kept')),
    prompt_id BLOB,
    number INTEGER NOT NULL,
    tag TEXT NOT NULL,
    text_hash BLOB NOT NULL,
    PRIMARY KEY (review_id, name),
    FOREIGN KEY (organisation_id, review_id) REFERENCES review (organisation_id, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE model_quality (
    organisation_id BLOB NOT NULL,
    review_id BLOB NOT NULL PRIMARY KEY,
    asked INTEGER NOT NULL,
    whole INTEGER NOT NULL,
    remarks INTEGER NOT NULL,
    wrong INTEGER NOT NULL,
    beside INTEGER NOT NULL,
    kept INTEGER NOT NULL,
    actionable INTEGER NOT NULL,
    FOREIGN KEY (organisation_id, review_id) REFERENCES review (organisation_id, id) ON DELETE CASCADE
) STRICT;
