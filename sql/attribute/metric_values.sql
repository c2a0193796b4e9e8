-- metric_values: values of an attribute in which a metric never varies, or cannot be true at all.
-- grain   value of the attribute
-- reads   session
-- takes   @m (the metric's column), @a (the attribute's column), $low and $high (what can be true,
--         inclusive; null = no bound), $least (readings below which a value tells nothing)
-- units   lowest and highest in the metric's own; readings and impossible in sessions
-- beware  sessions without a reading or without a value do not count. Customers are counted for
--         the values found only: that is the dear part.
WITH spread AS (
  SELECT
    @a AS value,
    count(*) AS readings,
    min(@m) AS lowest,
    max(@m) AS highest,
    count(*) FILTER (WHERE @m < CAST($low AS DOUBLE) OR @m > CAST($high AS DOUBLE)) AS impossible
  FROM session
  WHERE @a IS NOT NULL AND @m IS NOT NULL
  GROUP BY @a
),
odd AS (
  SELECT *
  FROM spread
  WHERE readings >= $least AND (lowest = highest OR impossible = readings)
),
reach AS (
  SELECT @a AS value, count(DISTINCT customer_id) AS customers
  FROM session
  WHERE @m IS NOT NULL AND @a IN (SELECT value FROM odd)
  GROUP BY @a
)
SELECT
  odd.value,
  odd.readings,
  reach.customers,
  CAST(odd.lowest AS DOUBLE) AS lowest,
  CAST(odd.highest AS DOUBLE) AS highest,
  odd.impossible
FROM odd
JOIN reach ON odd.value = reach.value
ORDER BY odd.readings DESC, odd.value
