-- version_counts: sessions and faults of each app version on each device model, raw and adjusted.
-- grain   app_name, app_version, device_model
-- reads   sessions, fault_causes, causes
-- takes   nothing
-- units   sessions and faults in events; own_faults in faults (a sum of shares, not whole);
--         sessions_squared in sessions²
-- beware  own_faults are the faults less what causes without app_version in their conditions
--         explain: what a bad cell, lot or unit did is not held against the version that ran
--         there. sessions_squared adds up n² over customers, so it is not additive over days. An
--         unknown app_name or device_model is a row of its own (null).
WITH elsewhere AS (
  SELECT
    fault_causes.session_id,
    sum(CAST(fault_causes.share AS DECIMAL(18, 12))) AS share
  FROM fault_causes
  JOIN causes ON fault_causes.cause_id = causes.cause_id
  WHERE NOT map_contains(causes.conditions, 'app_version')
  GROUP BY fault_causes.session_id
),
customer_version AS (
  SELECT
    sessions.app_name,
    sessions.app_version,
    sessions.device_model,
    count(*) AS sessions,
    count(*) FILTER (WHERE sessions.faulty) AS faults,
    sum(1 - least(coalesce(elsewhere.share, 0), 1)) FILTER (WHERE sessions.faulty) AS own_faults
  FROM sessions
  LEFT JOIN elsewhere ON sessions.session_id = elsewhere.session_id
  WHERE sessions.app_version IS NOT NULL
  GROUP BY
    sessions.app_name, sessions.app_version, sessions.device_model, sessions.customer_id
)
SELECT
  app_name,
  app_version,
  device_model,
  CAST(sum(sessions) AS BIGINT) AS sessions,
  CAST(sum(faults) AS BIGINT) AS faults,
  coalesce(CAST(sum(own_faults) AS DOUBLE), 0) AS own_faults,
  CAST(sum(sessions * sessions) AS BIGINT) AS sessions_squared
FROM customer_version
GROUP BY app_name, app_version, device_model
ORDER BY app_name, app_version, device_model
