-- defect_use: use and faults of the units under each defect, day by day.
-- grain   defect_id, day
-- reads   matched_unit, defect_condition, session, unit_fault
-- takes   $window_from, $window_to the window of the sessions (half-open)
-- units   sessions in events, faults in summed shares
-- beware  only while the cause holds, and only days on which its units were used.
WITH
  term AS (
    SELECT DISTINCT
      defect_id,
      greatest(coalesce(valid_from, $window_from), $window_from) AS counted_from,
      least(coalesce(valid_to, $window_to), $window_to) AS counted_to
    FROM defect_condition
  ),
  usage AS (
    SELECT matched_unit.defect_id, CAST(session.started_at AS DATE) AS day, count(*) AS sessions
    FROM matched_unit
    JOIN term ON term.defect_id = matched_unit.defect_id
    JOIN session
      ON session.unit_id = matched_unit.unit_id
      AND session.started_at >= term.counted_from
      AND session.started_at < term.counted_to
    GROUP BY matched_unit.defect_id, day
  ),
  blame AS (
    SELECT unit_fault.defect_id, CAST(unit_fault.started_at AS DATE) AS day, sum(share) AS faults
    FROM unit_fault
    JOIN term ON term.defect_id = unit_fault.defect_id
    WHERE
      unit_fault.started_at >= term.counted_from AND unit_fault.started_at < term.counted_to
    GROUP BY unit_fault.defect_id, day
  )
SELECT
  usage.defect_id,
  usage.day,
  usage.sessions,
  CAST(coalesce(blame.faults, 0) AS DOUBLE) AS faults
FROM usage
LEFT JOIN blame ON blame.defect_id = usage.defect_id AND blame.day = usage.day
ORDER BY usage.defect_id, usage.day
