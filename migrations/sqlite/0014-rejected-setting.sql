-- Findings that were rejected in comments are feedback since the step 0010, which copied
-- what settings had. Nothing reads those settings any more.

DELETE FROM setting WHERE name LIKE 'rejected/%';
