-- What models were asked and answered in a review goes with the review.

DELETE FROM model_transcript AS t WHERE NOT EXISTS
    (SELECT 1 FROM review AS r WHERE r.organisation_id = t.organisation_id AND r.id = t.review_id);
ALTER TABLE model_transcript ADD FOREIGN KEY (organisation_id, review_id)
    REFERENCES review (organisation_id, id) ON DELETE CASCADE;
