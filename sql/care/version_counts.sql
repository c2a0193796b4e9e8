-- version_counts: sessions and faults of each app version on each device model.
-- grain   app_name, app_version, device_model
-- reads   sessions
-- takes   nothing
-- units   sessions and faults in events
-- beware  Raw counts, all faults whatever their cause. An unknown app_name or device_model is a
--         row of its own (null). Additive over days.
SELECT
  app_name,
  app_version,
  device_model,
  count(*) AS sessions,
  count(*) FILTER (WHERE faulty) AS faults
FROM sessions
WHERE app_version IS NOT NULL
GROUP BY app_name, app_version, device_model
ORDER BY app_name, app_version, device_model
