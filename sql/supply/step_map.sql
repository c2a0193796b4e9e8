-- step_map: every transition between steps, added up over all cases; costs come later
-- grain   from_step, to_step
-- reads   step_time (table step_times), field_fault (model field_faults; may be empty)
-- takes   nothing
-- units   seconds; scrap in pieces; field_faults in faults
-- beware  a field fault is looked for at the steps of its unit, or of its lot when no step knows
--         the unit, and only at the line and station that its cause names, if any. It is divided
--         evenly among the steps found, so that the faults of the map add up to those that could
--         be joined. field_faults is null when no fault was given.
--         rework counts returns to a step that the case had passed and left.
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
),

traced AS (
  SELECT from_step, step, CAST(sum(CAST(faults AS DECIMAL(24, 12))) AS DOUBLE) AS faults
  FROM shared
  GROUP BY from_step, step
),

transition AS (
  SELECT
    from_step,
    step,
    count(DISTINCT case_id) AS cases,
    CAST(sum(CAST(work_s AS DECIMAL(18, 6))) AS DOUBLE) AS work_s,
    CAST(sum(CAST(wait_s AS DECIMAL(18, 6))) AS DOUBLE) AS wait_s,
    CAST(sum(CAST(batching_s AS DECIMAL(18, 6))) AS DOUBLE) AS batching_s,
    CAST(sum(CAST(contention_s AS DECIMAL(18, 6))) AS DOUBLE) AS contention_s,
    CAST(sum(CAST(prioritisation_s AS DECIMAL(18, 6))) AS DOUBLE) AS prioritisation_s,
    CAST(sum(CAST(resource_unavailable_s AS DECIMAL(18, 6))) AS DOUBLE) AS resource_unavailable_s,
    CAST(sum(CAST(setup_s AS DECIMAL(18, 6))) AS DOUBLE) AS setup_s,
    CAST(sum(CAST(other_s AS DECIMAL(18, 6))) AS DOUBLE) AS other_s,
    count(*) FILTER (WHERE rework) AS rework,
    sum(quantity_rejected) AS scrap
  FROM step_time
  GROUP BY from_step, step
)

SELECT
  transition.from_step,
  transition.step AS to_step,
  transition.cases,
  transition.work_s,
  transition.wait_s,
  transition.wait_s / nullif(transition.wait_s + transition.work_s, 0) AS idle_share,
  transition.rework,
  transition.scrap,
  transition.batching_s,
  transition.contention_s,
  transition.prioritisation_s,
  transition.resource_unavailable_s,
  transition.setup_s,
  transition.other_s,
  CASE
    WHEN (SELECT count(*) FROM given) > 0 THEN coalesce(traced.faults, 0)
  END AS field_faults
FROM transition
LEFT JOIN traced
  ON traced.step = transition.step
  AND traced.from_step IS NOT DISTINCT FROM transition.from_step
ORDER BY transition.wait_s DESC, transition.step, transition.from_step
