-- Stations and their readings.
/* The schema
   of the archive */

CREATE SCHEMA IF NOT EXISTS weather;

CREATE TABLE weather.station (
  id BIGINT PRIMARY KEY,
  name VARCHAR(40) NOT NULL DEFAULT 'it''s new',
  "limit" NUMERIC(6, 2) CHECK ("limit" > 0 AND "limit" <= 60.5),
  active BOOLEAN DEFAULT TRUE,
  parent_id BIGINT REFERENCES weather.station (id)
);

CREATE UNIQUE INDEX station_name ON weather.station (name);

CREATE OR REPLACE FUNCTION weather.grade(value NUMERIC, scale INT)
RETURNS TEXT
LANGUAGE plpgsql
AS $$
BEGIN
  RETURN value::TEXT;
END;
$$;

CREATE FUNCTION add_one(x INT) RETURNS INT
LANGUAGE SQL
IMMUTABLE
AS $$ SELECT x + 1 $$;

CREATE FUNCTION hottest() RETURNS INT
LANGUAGE SQL
BEGIN ATOMIC
  SELECT MAX(value) FROM reading WHERE value < 100 OR value IS NULL;
  RETURN 1;
END;

INSERT INTO weather.station (id, name, "limit")
VALUES (1, 'north', 60.5), (2, N'south', NULL);

WITH RECURSIVE latest AS (
  SELECT station_id, MAX(at) AS at
  FROM reading
  WHERE at >= '2024-01-01' AND NOT deleted
  GROUP BY station_id
  HAVING COUNT(*) > 1
), warm (id) AS (
  SELECT station_id FROM latest WHERE station_id IN (1, 2, 3)
)
SELECT
  s.name,
  COALESCE(r.value, 0) + 1.5e0 AS value,
  CASE
    WHEN r.value > 30 OR r.value = 100 THEN 'hot'
    WHEN r.value BETWEEN 10 AND 30 THEN 'mild'
    ELSE 'cold'
  END AS grade,
  CASE s.id WHEN 1 THEN 'first' END,
  ROW_NUMBER() OVER (PARTITION BY s.id ORDER BY r.at DESC) AS position,
  r.value % 2 - 1,
  r.tags[1],
  CAST(r.value AS INT),
  s.name || '!'
FROM weather.station AS s
INNER JOIN reading r ON r.station_id = s.id AND r.value <> 0
LEFT JOIN latest l USING (station_id)
CROSS JOIN warm
WHERE s.name LIKE 'n%'
  AND s.parent_id IS NOT NULL
  AND EXISTS (SELECT 1 FROM warm w WHERE w.id = s.id)
ORDER BY s.name ASC, value
LIMIT 10 OFFSET 5;

SELECT DISTINCT ARRAY[1, 2], !active, $1
FROM a
RIGHT JOIN b ON a.id = b.id
FULL JOIN c ON a.id = c.id
WHERE a.id = ANY (SELECT id FROM b) AND a.name SIMILAR TO 'n%' AND 7 != 8 / 2 ^ 1
EXCEPT SELECT id FROM b
INTERSECT SELECT id FROM c;

TRUNCATE TABLE old_reading;

INSERT INTO a (id) VALUES (1) RETURNING id;

CREATE TYPE unit AS ENUM ('m', 'km');

CREATE MATERIALIZED VIEW daily AS SELECT id FROM a;

SELECT id FROM a UNION ALL SELECT id FROM b;

UPDATE weather.station SET name = UPPER(name), active = FALSE WHERE id = 7;

DELETE FROM reading WHERE at < NOW();

CREATE VIEW warm_station AS SELECT * FROM weather.station WHERE "limit" > 20;

ALTER TABLE reading ADD COLUMN note TEXT;

DROP TABLE IF EXISTS old_reading;


MERGE INTO reading AS r USING latest AS l ON r.station_id = l.station_id
WHEN MATCHED THEN UPDATE SET value = l.value
WHEN NOT MATCHED THEN INSERT (station_id) VALUES (l.station_id);
