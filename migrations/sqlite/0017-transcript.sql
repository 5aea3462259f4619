-- What models were asked and answered in a review goes with the review. A table of SQLite
-- gets no further foreign key, so another takes its place, with the rows that have a review.

CREATE TABLE model_transcript_of_review (
    organisation_id BLOB NOT NULL,
    review_id BLOB NOT NULL PRIMARY KEY,
    body BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    FOREIGN KEY (organisation_id, review_id) REFERENCES review (organisation_id, id) ON DELETE CASCADE
) STRICT;
INSERT INTO model_transcript_of_review (organisation_id, review_id, body, created_ms)
    SELECT t.organisation_id, t.review_id, t.body, t.created_ms FROM model_transcript AS t
    JOIN review AS r ON r.organisation_id = t.organisation_id AND r.id = t.review_id;
DROP TABLE model_transcript;
ALTER TABLE model_transcript_of_review RENAME TO model_transcript;
