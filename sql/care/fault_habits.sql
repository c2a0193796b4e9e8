-- fault_habits: where and with what each customer's unexplained faults happen, beside all sessions.
-- grain   customer_id, attribute (cell_id, unit_id or app_name)
-- reads   sessions, fault_causes
-- takes   nothing
-- units   faults in faults (sum of the background's shares); sessions in events
-- beware  Customers with an unexplained fault only. One row an attribute: its value with most
--         unexplained faults, and the customer's totals over sessions that name the attribute.
--         Ties go to the value with fewer sessions, then to the first by name.
WITH unexplained AS (
  SELECT session_id, sum(CAST(share AS DECIMAL(18, 12))) AS share
  FROM fault_causes
  WHERE cause_id = 'background'
  GROUP BY session_id
),
asked AS (
  SELECT DISTINCT sessions.customer_id
  FROM sessions JOIN unexplained ON sessions.session_id = unexplained.session_id
),
used AS (
  SELECT
    sessions.customer_id,
    coalesce(unexplained.share, 0) AS share,
    unnest([
      {'attribute': 'cell_id', 'value': sessions.cell_id},
      {'attribute': 'unit_id', 'value': sessions.unit_id},
      {'attribute': 'app_name', 'value': sessions.app_name}
    ]) AS one
  FROM sessions
  JOIN asked ON sessions.customer_id = asked.customer_id
  LEFT JOIN unexplained ON sessions.session_id = unexplained.session_id AND sessions.faulty
),
by_value AS (
  SELECT
    customer_id,
    one.attribute AS attribute,
    one.value AS value,
    count(*) AS sessions,
    sum(share) AS faults
  FROM used
  WHERE one.value IS NOT NULL
  GROUP BY customer_id, one.attribute, one.value
),
placed AS (
  SELECT
    *,
    sum(sessions) OVER (PARTITION BY customer_id, attribute) AS all_sessions,
    sum(faults) OVER (PARTITION BY customer_id, attribute) AS all_faults,
    row_number()
      OVER (PARTITION BY customer_id, attribute ORDER BY faults DESC, sessions, value) AS place
  FROM by_value
)
SELECT
  customer_id,
  attribute,
  value,
  sessions,
  CAST(faults AS DOUBLE) AS faults,
  CAST(all_sessions AS BIGINT) AS all_sessions,
  CAST(all_faults AS DOUBLE) AS all_faults
FROM placed
WHERE place = 1
ORDER BY customer_id, attribute
