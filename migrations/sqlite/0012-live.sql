-- What people and agents say to each other about a review, and who is looking at it now.

CREATE TABLE live_message (
    organisation_id BLOB NOT NULL,
    review_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    author TEXT NOT NULL,
    author_name TEXT NOT NULL,
    fingerprint TEXT,
    text TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (review_id, number),
    UNIQUE (review_id, author, id),
    FOREIGN KEY (organisation_id, review_id) REFERENCES review (organisation_id, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE live_presence (
    connection_id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL,
    review_id BLOB NOT NULL,
    node_id BLOB NOT NULL,
    author TEXT NOT NULL,
    author_name TEXT NOT NULL,
    fingerprint TEXT,
    joined_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL,
    FOREIGN KEY (organisation_id, review_id) REFERENCES review (organisation_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX live_presence_of_review ON live_presence (review_id, joined_ms);
CREATE INDEX live_presence_of_node ON live_presence (node_id);
