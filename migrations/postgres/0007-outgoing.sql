-- The secret that an address was told with before it got another: for a while
-- messages are signed with both, so that none is refused meanwhile.

ALTER TABLE outgoing_webhook ADD COLUMN secret_before_sealed BYTEA;
ALTER TABLE outgoing_webhook ADD COLUMN secret_before_until_ms BIGINT;
