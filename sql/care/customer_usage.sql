-- customer_usage: what each customer with a fault uses now, by the latest session that says it.
-- grain   customer_id
-- reads   sessions
-- takes   $lately (time from which sessions count as late ones)
-- units   sessions in events
-- beware  Customers without a fault are left out: no fix is looked for. Each column is taken from
--         the latest session in which it is known, so two columns may come from two sessions;
--         app_version belongs to app_name (the latest session with a version). main_unit_sessions
--         are those of the unit that most of the unit_sessions (they name a unit) were on.
WITH faulty_customer AS (
  SELECT DISTINCT customer_id FROM sessions WHERE faulty
),
used AS (
  SELECT
    *,
    row_number() OVER (PARTITION BY customer_id ORDER BY started_at, session_id) AS place
  FROM sessions
  WHERE customer_id IN (SELECT customer_id FROM faulty_customer)
),
by_unit AS (
  SELECT customer_id, count(*) AS sessions
  FROM used
  WHERE unit_id IS NOT NULL
  GROUP BY customer_id, unit_id
),
carried AS (
  SELECT
    customer_id,
    max(sessions) AS main_unit_sessions,
    CAST(sum(sessions) AS BIGINT) AS unit_sessions
  FROM by_unit
  GROUP BY customer_id
)
SELECT
  used.customer_id,
  count(*) AS sessions,
  count(*) FILTER (WHERE started_at >= $lately) AS late_sessions,
  count(*) FILTER (WHERE faulty) AS faults,
  max_by(unit_id, place) FILTER (WHERE unit_id IS NOT NULL) AS unit_id,
  max_by(device_model, place) FILTER (WHERE device_model IS NOT NULL) AS device_model,
  max_by(app_name, place) FILTER (WHERE app_version IS NOT NULL) AS app_name,
  max_by(app_version, place) FILTER (WHERE app_version IS NOT NULL) AS app_version,
  coalesce(max(carried.unit_sessions), 0) AS unit_sessions,
  coalesce(max(carried.main_unit_sessions), 0) AS main_unit_sessions
FROM used
LEFT JOIN carried ON carried.customer_id = used.customer_id
GROUP BY used.customer_id
ORDER BY used.customer_id
