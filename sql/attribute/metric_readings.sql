-- metric_readings: how the readings of a metric spread, and how many cannot be true.
-- grain   one row
-- reads   session
-- takes   @m (the metric's column), $low and $high (what can be true, inclusive; null = no bound)
-- units   lowest and highest in the metric's own; the rest in sessions
-- beware  sessions without a reading do not count.
WITH reading AS (
  SELECT @m AS reading, count(*) AS sessions
  FROM session
  WHERE @m IS NOT NULL
  GROUP BY @m
)
SELECT
  count(*) AS "values",
  CAST(coalesce(sum(sessions), 0) AS BIGINT) AS readings,
  CAST(coalesce(max(sessions), 0) AS BIGINT) AS most_alike,
  CAST(min(reading) AS DOUBLE) AS lowest,
  CAST(max(reading) AS DOUBLE) AS highest,
  CAST(
    coalesce(
      sum(sessions) FILTER (
        WHERE reading < CAST($low AS DOUBLE) OR reading > CAST($high AS DOUBLE)
      ),
      0
    ) AS BIGINT
  ) AS impossible
FROM reading
