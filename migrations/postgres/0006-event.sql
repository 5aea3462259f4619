-- What happens to a review while somebody looks on; whose a judgement of a finding
-- is; and since when an address that wants to be told does not answer.

CREATE TABLE review_event (
    organisation_id UUID NOT NULL,
    review_id UUID NOT NULL,
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (review_id, number),
    FOREIGN KEY (organisation_id, review_id) REFERENCES review (organisation_id, id) ON DELETE CASCADE
);

ALTER TABLE feedback ADD COLUMN repository_id UUID;
CREATE INDEX feedback_of_repository ON feedback (repository_id, fingerprint);

ALTER TABLE outgoing_webhook ADD COLUMN failing_since_ms BIGINT;
ALTER TABLE outgoing_webhook ADD COLUMN problem TEXT;
ALTER TABLE outgoing_webhook_attempt ADD COLUMN message_id UUID;
