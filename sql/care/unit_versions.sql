-- unit_versions: sessions and faults of each firmware and system on each device model.
-- grain   attribute (firmware_version or os_version), version, device_model
-- reads   sessions, fault_causes, causes
-- takes   nothing
-- units   as in version_counts
-- beware  own_faults are the faults less what causes without the attribute in their conditions
--         explain. sessions_squared adds up n² over units (over customers where no unit is named).
WITH elsewhere AS (
  SELECT
    fault_causes.session_id,
    sum(CAST(fault_causes.share AS DECIMAL(18, 12)))
      FILTER (WHERE NOT map_contains(causes.conditions, 'firmware_version')) AS firmware_share,
    sum(CAST(fault_causes.share AS DECIMAL(18, 12)))
      FILTER (WHERE NOT map_contains(causes.conditions, 'os_version')) AS os_share
  FROM fault_causes
  JOIN causes ON fault_causes.cause_id = causes.cause_id
  GROUP BY fault_causes.session_id
),
unit_use AS (
  SELECT
    sessions.device_model,
    sessions.firmware_version,
    sessions.os_version,
    coalesce(sessions.unit_id, sessions.customer_id) AS individual,
    count(*) AS sessions,
    count(*) FILTER (WHERE sessions.faulty) AS faults,
    sum(1 - least(coalesce(elsewhere.firmware_share, 0), 1))
      FILTER (WHERE sessions.faulty) AS firmware_faults,
    sum(1 - least(coalesce(elsewhere.os_share, 0), 1))
      FILTER (WHERE sessions.faulty) AS os_faults
  FROM sessions
  LEFT JOIN elsewhere ON sessions.session_id = elsewhere.session_id
  GROUP BY
    sessions.device_model, sessions.firmware_version, sessions.os_version,
    coalesce(sessions.unit_id, sessions.customer_id)
),
unit_version AS (
  SELECT
    'firmware_version' AS attribute,
    firmware_version AS version,
    device_model,
    individual,
    sum(sessions) AS sessions,
    sum(faults) AS faults,
    sum(firmware_faults) AS own_faults
  FROM unit_use
  GROUP BY firmware_version, device_model, individual
  UNION ALL
  SELECT
    'os_version' AS attribute,
    os_version AS version,
    device_model,
    individual,
    sum(sessions) AS sessions,
    sum(faults) AS faults,
    sum(os_faults) AS own_faults
  FROM unit_use
  GROUP BY os_version, device_model, individual
)
SELECT
  attribute,
  version,
  device_model,
  CAST(sum(sessions) AS BIGINT) AS sessions,
  CAST(sum(faults) AS BIGINT) AS faults,
  coalesce(CAST(sum(own_faults) AS DOUBLE), 0) AS own_faults,
  CAST(sum(sessions * sessions) AS BIGINT) AS sessions_squared
FROM unit_version
WHERE version IS NOT NULL
GROUP BY attribute, version, device_model
ORDER BY attribute, version, device_model
