-- History by month: reviews with what was found, measured and told of them, and what
-- calls of models took. A month is a range of identifiers, which begin with the time
-- they were made at, so that an identifier names one row in all months still, and what
-- belongs to a review is in the review's month.
--
-- Rows of before become the first partition of each table as they are: none is copied.
-- The program before runs on it: the tables keep their names and what makes rows unique.

ALTER TABLE review RENAME TO review_before;
ALTER TABLE finding RENAME TO finding_before;
ALTER TABLE metric RENAME TO metric_before;
ALTER TABLE review_event RENAME TO review_event_before;
ALTER TABLE model_usage RENAME TO model_usage_before;

ALTER INDEX review_of_organisation RENAME TO review_before_of_organisation;
ALTER INDEX review_of_repository RENAME TO review_before_of_repository;
ALTER INDEX review_finished RENAME TO review_before_finished;
ALTER INDEX finding_of_organisation RENAME TO finding_before_of_organisation;
ALTER INDEX model_usage_of_organisation RENAME TO model_usage_before_of_organisation;

CREATE TABLE review (LIKE review_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
    PARTITION BY RANGE (id);
CREATE TABLE finding (LIKE finding_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
    PARTITION BY RANGE (review_id);
CREATE TABLE metric (LIKE metric_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
    PARTITION BY RANGE (review_id);
CREATE TABLE review_event (LIKE review_event_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
    PARTITION BY RANGE (review_id);
CREATE TABLE model_usage (LIKE model_usage_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
    PARTITION BY RANGE (id);

DO $$
DECLARE
    tied RECORD;
    again TEXT[] := '{}';
    newest UUID;
    before_ms BIGINT;
    bound UUID;
    one TEXT;
BEGIN
    -- What refers to reviews refers to the table of all months.
    FOR tied IN SELECT conrelid::regclass AS place, conname, pg_get_constraintdef(oid) AS text
        FROM pg_constraint WHERE contype = 'f' AND confrelid = 'review_before'::regclass
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', tied.place, tied.conname);
        IF tied.place::text NOT IN ('finding_before', 'metric_before', 'review_event_before') THEN
            again := again || format('ALTER TABLE %s ADD CONSTRAINT %I %s', tied.place, tied.conname,
                replace(tied.text, 'review_before', 'review'));
        END IF;
    END LOOP;

    -- An index has the column by which rows are spread over months in it.
    ALTER TABLE finding_before DROP CONSTRAINT finding_pkey;

    -- Up to the end of the month after the newest row, which may be of a clock that is
    -- ahead; months from there on are made as they come.
    FOREACH one IN ARRAY ARRAY['review', 'model_usage'] LOOP
        newest := NULL;
        EXECUTE format('SELECT id FROM %I ORDER BY id DESC LIMIT 1', one || '_before') INTO newest;
        IF newest IS NULL THEN
            EXECUTE format('DROP TABLE %I', one || '_before');
            IF one = 'review' THEN
                DROP TABLE finding_before, metric_before, review_event_before;
            END IF;
            CONTINUE;
        END IF;
        before_ms := ('x' || substr(replace(newest::text, '-', ''), 1, 12))::bit(48)::bigint;
        before_ms := greatest(before_ms, (extract(epoch FROM now()) * 1000)::bigint);
        before_ms := (extract(epoch FROM date_trunc('month',
            to_timestamp(before_ms / 1000.0) AT TIME ZONE 'UTC') + INTERVAL '1 month') * 1000)::bigint;
        bound := (lpad(to_hex(before_ms), 12, '0') || '00000000000000000000')::uuid;
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)',
            one, one || '_before', bound);
        IF one = 'review' THEN
            EXECUTE format('ALTER TABLE finding ATTACH PARTITION finding_before FOR VALUES FROM (MINVALUE) TO (%L)', bound);
            EXECUTE format('ALTER TABLE metric ATTACH PARTITION metric_before FOR VALUES FROM (MINVALUE) TO (%L)', bound);
            EXECUTE format('ALTER TABLE review_event ATTACH PARTITION review_event_before FOR VALUES FROM (MINVALUE) TO (%L)', bound);
        END IF;
    END LOOP;

    ALTER TABLE review ADD PRIMARY KEY (id), ADD UNIQUE (organisation_id, id),
        ADD FOREIGN KEY (organisation_id) REFERENCES organisation (id),
        ADD FOREIGN KEY (organisation_id, repository_id) REFERENCES repository (organisation_id, id);
    ALTER TABLE finding ADD PRIMARY KEY (id, review_id), ADD UNIQUE (review_id, fingerprint),
        ADD FOREIGN KEY (organisation_id, review_id) REFERENCES review (organisation_id, id) ON DELETE CASCADE;
    ALTER TABLE metric ADD PRIMARY KEY (review_id, name),
        ADD FOREIGN KEY (organisation_id, review_id) REFERENCES review (organisation_id, id) ON DELETE CASCADE;
    ALTER TABLE review_event ADD PRIMARY KEY (review_id, number),
        ADD FOREIGN KEY (organisation_id, review_id) REFERENCES review (organisation_id, id) ON DELETE CASCADE;
    ALTER TABLE model_usage ADD PRIMARY KEY (id),
        ADD FOREIGN KEY (organisation_id) REFERENCES organisation (id);
    FOREACH one IN ARRAY again LOOP
        EXECUTE one;
    END LOOP;
END $$;

CREATE INDEX review_of_organisation ON review (organisation_id, id);
CREATE INDEX review_of_repository ON review (repository_id, pull_request, id);
CREATE INDEX review_finished ON review (finished_ms);
CREATE INDEX finding_of_organisation ON finding (organisation_id, rule, id);
CREATE INDEX model_usage_of_organisation ON model_usage (organisation_id, created_ms);

-- What belongs to no month that was made: nothing is refused because a clock is wrong.
CREATE TABLE review_other PARTITION OF review DEFAULT;
CREATE TABLE finding_other PARTITION OF finding DEFAULT;
CREATE TABLE metric_other PARTITION OF metric DEFAULT;
CREATE TABLE review_event_other PARTITION OF review_event DEFAULT;
CREATE TABLE model_usage_other PARTITION OF model_usage DEFAULT;
