-- field_spread: faults in the field by the transitions that their units went through
-- grain   from_step, step
-- reads   step_time (table step_times), field_fault (model field_faults, or what is left of it)
-- takes   nothing
-- units   faults
-- beware  a field fault is looked for at the steps of its unit, or of its lot when no step knows
--         the unit, and only at the line and station that its cause names, if any. It is divided
--         evenly among the steps found, so that the faults of the map add up to those that could
--         be joined.
WITH given AS (
  SELECT
    row_number() OVER (ORDER BY unit_id, lot, line, station) AS fault,
    unit_id, lot, line, station, faults
  FROM field_fault
),

known_unit AS (
  SELECT DISTINCT coalesce(unit_id, case_id) AS unit_id FROM step_time
),

blamed AS (
  SELECT given.fault, given.faults, step_time.from_step, step_time.step
  FROM given
  JOIN step_time
    ON coalesce(step_time.unit_id, step_time.case_id) = given.unit_id
    AND coalesce(given.line = step_time.line, given.line IS NULL)
    AND coalesce(given.station = step_time.resource, given.station IS NULL)
  UNION ALL
  SELECT given.fault, given.faults, step_time.from_step, step_time.step
  FROM given
  LEFT JOIN known_unit ON known_unit.unit_id = given.unit_id
  JOIN step_time
    ON step_time.lot = given.lot
    AND coalesce(given.line = step_time.line, given.line IS NULL)
    AND coalesce(given.station = step_time.resource, given.station IS NULL)
  WHERE known_unit.unit_id IS NULL
),

shared AS (
  SELECT from_step, step, faults / count(*) OVER (PARTITION BY fault) AS faults FROM blamed
)

SELECT from_step, step, CAST(sum(CAST(faults AS DECIMAL(24, 12))) AS DOUBLE) AS faults
FROM shared
GROUP BY from_step, step
ORDER BY step, from_step
