-- Work that was accepted and is not lost. A task without an organisation is the
-- platform's own.

CREATE TABLE task (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB REFERENCES organisation (id),
    kind TEXT NOT NULL,
    capability TEXT NOT NULL,
    payload TEXT NOT NULL,
    payload_version INTEGER NOT NULL,
    priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 3),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'leased', 'done', 'dead', 'superseded', 'cancelled')),
    ready_ms INTEGER NOT NULL,
    rank_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    attempts_max INTEGER NOT NULL,
    deadline_ms INTEGER NOT NULL,
    lease_number INTEGER NOT NULL,
    lease_worker TEXT,
    lease_until_ms INTEGER,
    is_cancel_wanted INTEGER NOT NULL,
    unique_key TEXT,
    is_replaced INTEGER NOT NULL,
    trace TEXT,
    progress TEXT,
    result TEXT,
    problem TEXT,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    started_ms INTEGER,
    finished_ms INTEGER
) STRICT;
CREATE INDEX task_waiting ON task (rank_ms, id) WHERE state = 'waiting';
CREATE INDEX task_leased ON task (lease_until_ms) WHERE state = 'leased';
CREATE UNIQUE INDEX task_waiting_once ON task (unique_key) WHERE state = 'waiting';
CREATE INDEX task_of_organisation ON task (organisation_id, id);
CREATE INDEX task_by_state ON task (state, id);
CREATE INDEX task_finished ON task (finished_ms);

CREATE TABLE scheduled_task (
    name TEXT NOT NULL PRIMARY KEY,
    every_ms INTEGER NOT NULL,
    next_ms INTEGER NOT NULL,
    last_ms INTEGER,
    is_enabled INTEGER NOT NULL
) STRICT;
