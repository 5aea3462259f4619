-- How many of a task's attempts ended without a word of their worker: it was killed, or
-- its machine was. They count like others.

ALTER TABLE task ADD COLUMN attempts_lost BIGINT NOT NULL DEFAULT 0;
