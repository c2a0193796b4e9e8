-- defect_units: every unit under a defect, with its use and its faults by the defect.
-- grain   defect_id, unit_id
-- reads   matched_unit, defect_condition, unit, session, unit_month (unit_months), unit_fault
-- takes   $window_from, $window_to the window of the sessions (half-open)
-- units   sessions in events, faults in summed shares, times in UTC
-- beware  sessions and faults count only in the window while the cause holds; faults_ever and
--         first_seen count at all times.
WITH
  term AS (
    SELECT DISTINCT
      defect_id,
      cause_id,
      valid_from,
      valid_to,
      greatest(coalesce(valid_from, $window_from), $window_from) AS counted_from,
      least(coalesce(valid_to, $window_to), $window_to) AS counted_to
    FROM defect_condition
  ),
  first_use AS (
    SELECT unit_month.unit_id, min(unit_month.first_seen) AS first_seen
    FROM unit_month
    WHERE unit_month.unit_id IN (SELECT unit_id FROM matched_unit)
    GROUP BY unit_month.unit_id
  ),
  usage AS (
    SELECT matched_unit.defect_id, matched_unit.unit_id, count(*) AS sessions
    FROM matched_unit
    JOIN term ON term.defect_id = matched_unit.defect_id
    JOIN session
      ON session.unit_id = matched_unit.unit_id
      AND session.started_at >= term.counted_from
      AND session.started_at < term.counted_to
    GROUP BY matched_unit.defect_id, matched_unit.unit_id
  ),
  blame AS (
    SELECT
      unit_fault.defect_id,
      unit_fault.unit_id,
      CAST(
        sum(
          CASE
            WHEN
              unit_fault.started_at >= term.counted_from
              AND unit_fault.started_at < term.counted_to
            THEN unit_fault.share ELSE 0
          END
        ) AS DOUBLE
      ) AS faults,
      CAST(sum(unit_fault.share) AS DOUBLE) AS faults_ever
    FROM unit_fault
    JOIN term ON term.defect_id = unit_fault.defect_id
    GROUP BY unit_fault.defect_id, unit_fault.unit_id
  )
SELECT
  matched_unit.defect_id,
  matched_unit.unit_id,
  unit.unit_id IS NOT NULL AS made,
  unit.device_model,
  unit.hardware_revision,
  unit.lot,
  unit.site,
  unit.line,
  unit.gtin,
  unit.produced_at,
  unit.shipped_at,
  unit.in_service_at,
  first_use.first_seen,
  CAST(coalesce(usage.sessions, 0) AS BIGINT) AS sessions,
  CAST(coalesce(blame.faults, 0) AS DOUBLE) AS faults,
  CAST(coalesce(blame.faults_ever, 0) AS DOUBLE) AS faults_ever,
  term.valid_from,
  term.valid_to
FROM matched_unit
JOIN term ON term.defect_id = matched_unit.defect_id
LEFT JOIN unit ON unit.unit_id = matched_unit.unit_id
LEFT JOIN first_use ON first_use.unit_id = matched_unit.unit_id
LEFT JOIN usage
  ON usage.defect_id = matched_unit.defect_id AND usage.unit_id = matched_unit.unit_id
LEFT JOIN blame
  ON blame.defect_id = matched_unit.defect_id AND blame.unit_id = matched_unit.unit_id
ORDER BY matched_unit.defect_id, matched_unit.unit_id
