-- customer_weights: the customers with the most sessions and the most faults, beside all of them.
-- grain   customer (one or two)
-- reads   session
-- takes   nothing
-- units   sessions and faults in events, times in UTC
-- beware  one row when one customer is first in both; which one it is stays untold. No row
--         without a session.
WITH customer AS (
  SELECT
    customer_id,
    count(*) AS sessions,
    count(*) FILTER (WHERE faulty) AS faults,
    min(started_at) AS first_at,
    max(started_at) AS last_at
  FROM session
  GROUP BY customer_id
),
placed AS (
  SELECT
    sessions,
    faults,
    row_number() OVER (ORDER BY sessions DESC, faults DESC, customer_id) AS by_sessions,
    row_number() OVER (ORDER BY faults DESC, sessions DESC, customer_id) AS by_faults
  FROM customer
),
everybody AS (
  SELECT
    count(*) AS customers,
    CAST(sum(sessions) AS BIGINT) AS all_sessions,
    CAST(sum(faults) AS BIGINT) AS all_faults,
    min(first_at) AS first_at,
    max(last_at) AS last_at
  FROM customer
)
SELECT
  placed.sessions,
  placed.faults,
  everybody.customers,
  everybody.all_sessions,
  everybody.all_faults,
  everybody.first_at,
  everybody.last_at
FROM placed
CROSS JOIN everybody
WHERE placed.by_sessions = 1 OR placed.by_faults = 1
ORDER BY placed.by_sessions
