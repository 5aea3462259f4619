-- What models are told, in the words of an organisation: templates with their versions, which
-- of them holds and held, which a review used, and how good the answers were.

CREATE TABLE prompt (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisation (id),
    name TEXT NOT NULL,
    models TEXT NOT NULL,
    active BIGINT,
    versions BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    UNIQUE (organisation_id, id),
    UNIQUE (organisation_id, name, models)
);

CREATE TABLE prompt_version (
    organisation_id UUID NOT NULL,
    prompt_id UUID NOT NULL,
    number BIGINT NOT NULL,
    text TEXT NOT NULL,
    note TEXT NOT NULL,
    author TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (prompt_id, number),
    FOREIGN KEY (organisation_id, prompt_id) REFERENCES prompt (organisation_id, id)
);

CREATE TABLE prompt_activation (
    organisation_id UUID NOT NULL,
    prompt_id UUID NOT NULL,
    position BIGINT NOT NULL,
    number BIGINT,
    actor TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (prompt_id, position),
    FOREIGN KEY (organisation_id, prompt_id) REFERENCES prompt (organisation_id, id)
);

CREATE TABLE review_prompt (
    organisation_id UUID NOT NULL,
    review_id UUID NOT NULL,
    name TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('shipped', 'file', 'kept')),
    prompt_id UUID,
    number BIGINT NOT NULL,
    tag TEXT NOT NULL,
    text_hash BYTEA NOT NULL,
    PRIMARY KEY (review_id, name),
    FOREIGN KEY (organisation_id, review_id) REFERENCES review (organisation_id, id) ON DELETE CASCADE
);

CREATE TABLE model_quality (
    organisation_id UUID NOT NULL,
    review_id UUID NOT NULL PRIMARY KEY,
    asked BIGINT NOT NULL,
    whole BIGINT NOT NULL,
    remarks BIGINT NOT NULL,
    wrong BIGINT NOT NULL,
    beside BIGINT NOT NULL,
    kept BIGINT NOT NULL,
    actionable BIGINT NOT NULL,
    FOREIGN KEY (organisation_id, review_id) REFERENCES review (organisation_id, id) ON DELETE CASCADE
);
