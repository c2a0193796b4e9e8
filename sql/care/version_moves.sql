-- version_moves: how many units run a version now that ran another one before.
-- grain   attribute (firmware_version or os_version), from_version, to_version
-- reads   sessions
-- takes   nothing
-- units   units in units
-- beware  No feed lists releases of firmware or systems: what units move to is the only order
--         there is. A unit that went back counts for the version it went back to. Ties of time
--         are broken by the version's name.
WITH seen AS (
  SELECT
    one.attribute,
    one.version,
    unit_id,
    max(started_at) AS last_at
  FROM (
    SELECT
      unit_id,
      started_at,
      unnest([
        {'attribute': 'firmware_version', 'version': firmware_version},
        {'attribute': 'os_version', 'version': os_version}
      ]) AS one
    FROM sessions
    WHERE unit_id IS NOT NULL
  ) AS used
  WHERE one.version IS NOT NULL
  GROUP BY one.attribute, one.version, unit_id
),
ordered AS (
  SELECT
    *,
    first_value(version)
      OVER (PARTITION BY attribute, unit_id ORDER BY last_at DESC, version DESC) AS now_version
  FROM seen
)
SELECT attribute, version AS from_version, now_version AS to_version, count(*) AS units
FROM ordered
WHERE version <> now_version
GROUP BY attribute, version, now_version
ORDER BY attribute, from_version, to_version
