-- value_customers: how many values of an attribute were met by how few customers.
-- grain   one row
-- reads   session
-- takes   @a (the attribute's column), $least (customers that a cause needs)
-- units   sessions in events
-- beware  missing values are no value. A pass over customers and values: asked for only where
--         value_sizes leaves it open.
WITH met AS (
  SELECT @a AS value, customer_id, count(*) AS sessions
  FROM session
  WHERE @a IS NOT NULL
  GROUP BY @a, customer_id
),
value_reach AS (
  SELECT value, count(*) AS customers, sum(sessions) AS sessions
  FROM met
  GROUP BY value
)
SELECT
  count(*) FILTER (WHERE customers = 1) AS values_with_one_customer,
  count(*) FILTER (WHERE customers < $least) AS values_with_few,
  CAST(coalesce(sum(sessions) FILTER (WHERE customers < $least), 0) AS BIGINT) AS sessions_with_few
FROM value_reach
