-- On whose change a review is, as the forge calls them: what a team's figures are of.

ALTER TABLE review ADD COLUMN author_login TEXT;
