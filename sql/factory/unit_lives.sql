-- unit_lives: for how long each unit under a defect was watched in service, and whether it failed.
-- grain   defect_id, unit_id
-- reads   matched_unit, defect_condition, unit, unit_month (unit_months), unit_fault
-- takes   $window_from, $window_to the window (half-open), $failed_share when a unit has failed
-- units   times in UTC
-- beware  a unit in service before the window is watched from the window on (left-truncated); one
--         that failed before is watched no more, and has no row. Failed is who reaches
--         $failed_share of responsibility, at the session that reaches it.
WITH
  term AS (SELECT DISTINCT defect_id, valid_from, valid_to FROM defect_condition),
  first_use AS (
    SELECT unit_id, min(first_seen) AS first_seen
    FROM unit_month
    GROUP BY unit_id
  ),
  running AS (
    SELECT
      defect_id,
      unit_id,
      started_at,
      sum(share) OVER (
        PARTITION BY defect_id, unit_id
        ORDER BY started_at, session_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS shares
    FROM unit_fault
  ),
  failure AS (
    SELECT defect_id, unit_id, min(started_at) AS failed_at
    FROM running
    WHERE shares >= $failed_share
    GROUP BY defect_id, unit_id
  ),
  life AS (
    SELECT
      matched_unit.defect_id,
      matched_unit.unit_id,
      unit.produced_at,
      least(unit.in_service_at, first_use.first_seen) AS service_from,
      greatest(
        least(unit.in_service_at, first_use.first_seen), term.valid_from, $window_from
      ) AS entered_at,
      least(term.valid_to, $window_to) AS watched_to,
      failure.failed_at
    FROM matched_unit
    JOIN term ON term.defect_id = matched_unit.defect_id
    LEFT JOIN unit ON unit.unit_id = matched_unit.unit_id
    LEFT JOIN first_use ON first_use.unit_id = matched_unit.unit_id
    LEFT JOIN failure
      ON failure.defect_id = matched_unit.defect_id AND failure.unit_id = matched_unit.unit_id
  )
SELECT
  defect_id,
  unit_id,
  CAST(date_trunc('month', coalesce(produced_at, service_from)) AS DATE) AS cohort_month,
  service_from,
  entered_at,
  least(failed_at, watched_to) AS left_at,
  coalesce(failed_at < watched_to, false) AS failed
FROM life
WHERE
  service_from IS NOT NULL
  AND entered_at < watched_to
  AND (failed_at IS NULL OR failed_at >= entered_at)
ORDER BY defect_id, unit_id
