-- watched_days: sessions and faults of each day under the conditions of one fixed cause, since its end.
-- grain   day
-- reads   session
-- takes   @first, @second, @third columns of the conditions; $first_value, $second_value,
--         $third_value their values; $since
-- units   sessions and faults in events, day in UTC
-- beware  a cause with fewer than three conditions repeats its first one in the others' place.
SELECT
  CAST(started_at AS DATE) AS day,
  count(*) AS sessions,
  count(*) FILTER (WHERE faulty) AS faults
FROM session
WHERE started_at >= $since
  AND @first = $first_value
  AND @second = $second_value
  AND @third = $third_value
GROUP BY 1
ORDER BY 1
