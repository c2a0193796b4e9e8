-- unit_months: since when, and how much, each unit was used in some days, and what it was said to be.
-- grain   unit_id, device_model, hardware_revision, lot, site, line
-- reads   session
-- takes   nothing
-- units   sessions in events, first_seen in UTC
-- beware  a unit has several rows when its sessions say different things of it. Over months, sessions
--         add up and the least first_seen counts.
SELECT
  unit_id,
  device_model,
  hardware_revision,
  lot,
  site,
  line,
  min(started_at) AS first_seen,
  count(*) AS sessions
FROM session
WHERE unit_id IS NOT NULL
GROUP BY unit_id, device_model, hardware_revision, lot, site, line
ORDER BY
  unit_id,
  device_model NULLS FIRST,
  hardware_revision NULLS FIRST,
  lot NULLS FIRST,
  site NULLS FIRST,
  line NULLS FIRST
