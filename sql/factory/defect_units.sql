-- defect_units: every unit under a defect, with its use and its faults by the defect.
-- grain   defect_id, unit_id
-- reads   matched_unit, defect_condition, unit, session, fault_cause
-- takes   $window_from, $window_to the window of the sessions (half-open)
-- units   sessions in events, faults in summed shares, times in UTC
-- beware  sessions and faults count only while the cause holds; first_seen counts at all times.
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
  usage AS (
    SELECT
      matched_unit.defect_id,
      matched_unit.unit_id,
      min(session.started_at) AS first_seen,
      sum(
        CASE
          WHEN session.started_at >= term.counted_from AND session.started_at < term.counted_to
          THEN 1 ELSE 0
        END
      ) AS sessions
    FROM matched_unit
    JOIN term ON term.defect_id = matched_unit.defect_id
    JOIN session ON session.unit_id = matched_unit.unit_id
    GROUP BY matched_unit.defect_id, matched_unit.unit_id
  ),
  blame AS (
    SELECT
      term.defect_id,
      session.unit_id,
      CAST(sum(CAST(fault_cause.share AS DECIMAL(18, 12))) AS DOUBLE) AS faults
    FROM fault_cause
    JOIN term ON term.cause_id = fault_cause.cause_id
    JOIN session ON session.session_id = fault_cause.session_id
    WHERE session.unit_id IS NOT NULL
    GROUP BY term.defect_id, session.unit_id
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
  usage.first_seen,
  CAST(coalesce(usage.sessions, 0) AS BIGINT) AS sessions,
  CAST(coalesce(blame.faults, 0) AS DOUBLE) AS faults,
  term.valid_from,
  term.valid_to
FROM matched_unit
JOIN term ON term.defect_id = matched_unit.defect_id
LEFT JOIN unit ON unit.unit_id = matched_unit.unit_id
LEFT JOIN usage
  ON usage.defect_id = matched_unit.defect_id AND usage.unit_id = matched_unit.unit_id
LEFT JOIN blame
  ON blame.defect_id = matched_unit.defect_id AND blame.unit_id = matched_unit.unit_id
ORDER BY matched_unit.defect_id, matched_unit.unit_id
