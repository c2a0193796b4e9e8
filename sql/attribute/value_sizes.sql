-- value_sizes: how an attribute divides the sessions, and how many lie in its large values.
-- grain   one row
-- reads   session
-- takes   @a (the attribute's column), $large (sessions above which a value is large)
-- units   sessions in events; squares in sessions times sessions
-- beware  missing values are no value. The sum of squares tells divisions apart: two attributes
--         that divide the sessions alike have the same one, but not the other way round.
WITH value_size AS (
  SELECT @a AS value, count(*) AS sessions
  FROM session
  WHERE @a IS NOT NULL
  GROUP BY @a
)
SELECT
  count(*) AS "values",
  CAST(coalesce(sum(sessions), 0) AS BIGINT) AS sessions,
  CAST(coalesce(sum(sessions) FILTER (WHERE sessions > $large), 0) AS BIGINT) AS large_sessions,
  CAST(coalesce(sum(sessions * sessions), 0) AS DOUBLE) AS squares
FROM value_size
