-- watched_version_days: as watched_days, on sessions of the versions that have the fix.
-- grain   day
-- reads   session, exposed_version
-- takes   @first, @second, @third columns of the other conditions; $first_value, $second_value,
--         $third_value their values, null where there is none; $since
-- units   sessions and faults in events, day in UTC
-- beware  a session that names no app is taken by its version alone.
SELECT
  CAST(session.started_at AS DATE) AS day,
  count(*) AS sessions,
  count(*) FILTER (WHERE session.faulty) AS faults
FROM session
WHERE session.started_at >= $since
  AND ($first_value IS NULL OR session.@first = $first_value)
  AND ($second_value IS NULL OR session.@second = $second_value)
  AND ($third_value IS NULL OR session.@third = $third_value)
  AND EXISTS (
    SELECT 1
    FROM exposed_version
    WHERE exposed_version.app_version = session.app_version
      AND exposed_version.app_name = coalesce(session.app_name, exposed_version.app_name)
  )
GROUP BY 1
ORDER BY 1
