-- step_days: waiting by its causes and rework of every step, day by day
-- grain   step, day
-- reads   step_time (table step_times)
-- takes   nothing
-- units   hours; passes and rework in times
-- beware  a day is that of the start of the work (UTC). The parts of the waits add up to all of it.
SELECT
  step,
  CAST(started_at AS DATE) AS day,
  count(*) AS passes,
  CAST(sum(CAST(batching_s AS DECIMAL(18, 6))) AS DOUBLE) / 3600 AS batching,
  CAST(sum(CAST(contention_s AS DECIMAL(18, 6))) AS DOUBLE) / 3600 AS contention,
  CAST(sum(CAST(prioritisation_s AS DECIMAL(18, 6))) AS DOUBLE) / 3600 AS prioritisation,
  CAST(sum(CAST(resource_unavailable_s AS DECIMAL(18, 6))) AS DOUBLE) / 3600 AS resource_unavailable,
  CAST(sum(CAST(setup_s AS DECIMAL(18, 6))) AS DOUBLE) / 3600 AS setup,
  CAST(sum(CAST(other_s AS DECIMAL(18, 6))) AS DOUBLE) / 3600 AS other,
  count(*) FILTER (WHERE rework) AS rework,
  coalesce(CAST(sum(CAST(work_s AS DECIMAL(18, 6))) FILTER (WHERE rework) AS DOUBLE), 0) / 3600
    AS rework_hours
FROM step_time
GROUP BY step, CAST(started_at AS DATE)
ORDER BY step, day
