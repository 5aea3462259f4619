-- Work that was accepted and is not lost. A task without an organisation is the
-- platform's own.

CREATE TABLE task (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID REFERENCES organisation (id),
    kind TEXT NOT NULL,
    capability TEXT NOT NULL,
    payload TEXT NOT NULL,
    payload_version BIGINT NOT NULL,
    priority BIGINT NOT NULL CHECK (priority BETWEEN 0 AND 3),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'leased', 'done', 'dead', 'superseded', 'cancelled')),
    ready_ms BIGINT NOT NULL,
    rank_ms BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    attempts_max BIGINT NOT NULL,
    deadline_ms BIGINT NOT NULL,
    lease_number BIGINT NOT NULL,
    lease_worker TEXT,
    lease_until_ms BIGINT,
    is_cancel_wanted BOOLEAN NOT NULL,
    unique_key TEXT,
    is_replaced BOOLEAN NOT NULL,
    trace TEXT,
    progress TEXT,
    result TEXT,
    problem TEXT,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    started_ms BIGINT,
    finished_ms BIGINT
);
CREATE INDEX task_waiting ON task (rank_ms, id) WHERE state = 'waiting';
CREATE INDEX task_leased ON task (lease_until_ms) WHERE state = 'leased';
CREATE UNIQUE INDEX task_waiting_once ON task (unique_key) WHERE state = 'waiting';
CREATE INDEX task_of_organisation ON task (organisation_id, id);
CREATE INDEX task_by_state ON task (state, id);
CREATE INDEX task_finished ON task (finished_ms);

CREATE TABLE scheduled_task (
    name TEXT NOT NULL PRIMARY KEY,
    every_ms BIGINT NOT NULL,
    next_ms BIGINT NOT NULL,
    last_ms BIGINT,
    is_enabled BOOLEAN NOT NULL
);
