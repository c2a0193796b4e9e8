-- watched_days: sessions and faults of each day that meet the conditions of one fixed cause, since its end.
-- grain   day
-- reads   session
-- takes   @first, @second, @third columns of the conditions; $first_value, $second_value,
--         $third_value their values, null where there is none; $since
-- units   sessions and faults in events, day in UTC
-- beware  where there is no condition, any column stands for it.
SELECT
  CAST(started_at AS DATE) AS day,
  count(*) AS sessions,
  count(*) FILTER (WHERE faulty) AS faults
FROM session
WHERE started_at >= $since
  AND ($first_value IS NULL OR @first = $first_value)
  AND ($second_value IS NULL OR @second = $second_value)
  AND ($third_value IS NULL OR @third = $third_value)
GROUP BY 1
ORDER BY 1
