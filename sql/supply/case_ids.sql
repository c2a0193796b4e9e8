-- case_ids: a number for each id of a case, a unit or a lot
-- grain   id
-- reads   event (rows of the feed production_events)
-- takes   nothing
-- units   none
-- beware  numbers follow the ids' order and mean nothing outside one computation (model words).
SELECT id, CAST(row_number() OVER (ORDER BY id) AS INTEGER) AS id_no
FROM (
  SELECT case_id AS id FROM event
  UNION
  SELECT unit_id FROM event
  UNION
  SELECT lot FROM event
) AS used
WHERE id IS NOT NULL
