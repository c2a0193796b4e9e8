-- step_time_issues: what is odd about the times of production, one row an oddity
-- grain   issue, case_id, step, started_at; for a row that was refused: file, line
-- reads   step_time (table step_times), refused (table quarantine)
-- takes   $enough      passages between two resources that are judged, at least
--         $skew_share  share of them that seem to begin before the step before has ended, above
--         which the clocks of the two resources are said to differ
-- units   seconds
-- beware  nothing here is counted as work or wait: the time that an overlap shares with earlier
--         steps is counted once, and a row without a start or an end is in no case at all.
--         clock_skew stands for two resources, at the first step that shows it; seconds_off is the
--         mean overlap of their passages. Passages are looked at only in cases that were at a
--         resource where begins are early often enough for any pair to be judged.
WITH flagged AS (
  SELECT
    case_id, step, resource, started_at,
    flag LIKE '%overlap%' AS begins_early,
    flag LIKE '%zero_duration%' AS lasts_nothing,
    (epoch_us(ended_at) - epoch_us(started_at)) / 1e6 - work_s AS shared_s
  FROM step_time
  WHERE flag IS NOT NULL
),

suspect AS (
  SELECT resource
  FROM flagged
  WHERE begins_early
  GROUP BY resource
  HAVING count(*) > $skew_share * $enough
),

watched AS (
  SELECT DISTINCT step_time.case_id
  FROM step_time
  JOIN suspect ON suspect.resource = step_time.resource
),

passed AS (
  SELECT
    resource, started_at,
    coalesce(flag LIKE '%overlap%', FALSE) AS begins_early,
    (epoch_us(ended_at) - epoch_us(started_at)) / 1e6 - work_s AS shared_s,
    lag(resource) OVER (PARTITION BY step_time.case_id ORDER BY position) AS from_resource
  FROM step_time
  JOIN watched ON watched.case_id = step_time.case_id
),

passage AS (
  SELECT
    from_resource, resource,
    min(started_at) FILTER (WHERE begins_early) AS first_at,
    avg(shared_s) FILTER (WHERE begins_early) AS shared_s
  FROM passed
  WHERE from_resource <> resource
  GROUP BY from_resource, resource
  HAVING count(*) >= $enough AND count(*) FILTER (WHERE begins_early) > $skew_share * count(*)
)

SELECT
  'overlap' AS issue, case_id, step, resource, started_at, shared_s AS seconds_off,
  'it begins before earlier steps of its case have ended' AS detail,
  NULL AS file, CAST(NULL AS BIGINT) AS line
FROM flagged
WHERE begins_early
UNION ALL
SELECT
  'zero_duration', case_id, step, resource, started_at, 0,
  'it ends when it begins: a moment, not work', NULL, NULL
FROM flagged
WHERE lasts_nothing
UNION ALL
SELECT
  'clock_skew', NULL, NULL, resource, first_at, shared_s,
  'most of what comes from ' || from_resource || ' seems to begin before it has ended there',
  NULL, NULL
FROM passage
UNION ALL
SELECT
  CASE rule
    WHEN 'missing_started_at' THEN 'missing_start'
    WHEN 'missing_ended_at' THEN 'missing_end'
    ELSE 'end_before_start'
  END,
  NULL, NULL, NULL, NULL, NULL, reason, file, line
FROM refused
WHERE feed = 'production_events'
  AND rule IN ('missing_started_at', 'missing_ended_at', 'ended_at_before_started_at')
ORDER BY issue, case_id, started_at, step, resource, file, line
