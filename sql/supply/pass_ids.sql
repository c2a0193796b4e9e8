-- pass_ids: a number for each id of a case, a unit or a lot that steps know
-- grain   id
-- reads   step_time (table step_times)
-- takes   nothing
-- units   none
-- beware  numbers follow the ids' order and mean nothing outside one computation.
SELECT id, CAST(row_number() OVER (ORDER BY id) AS INTEGER) AS id_no
FROM (
  SELECT case_id AS id FROM step_time
  UNION
  SELECT unit_id FROM step_time
  UNION
  SELECT lot FROM step_time
) AS used
WHERE id IS NOT NULL
