-- watched_unit_days: as watched_days, on sessions of the units made since production was changed.
-- grain   day
-- reads   session, exposed_unit
-- takes   @first, @second, @third columns of the other conditions; $first_value, $second_value,
--         $third_value their values, null where there is none; $since
-- units   sessions and faults in events, day in UTC
-- beware  sessions that name no unit are never exposed.
SELECT
  CAST(session.started_at AS DATE) AS day,
  count(*) AS sessions,
  count(*) FILTER (WHERE session.faulty) AS faults
FROM session
WHERE session.started_at >= $since
  AND ($first_value IS NULL OR session.@first = $first_value)
  AND ($second_value IS NULL OR session.@second = $second_value)
  AND ($third_value IS NULL OR session.@third = $third_value)
  AND session.unit_id IN (SELECT unit_id FROM exposed_unit)
GROUP BY 1
ORDER BY 1
