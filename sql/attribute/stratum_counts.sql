-- stratum_counts: sessions and faults by background stratum, hour of day and day.
-- grain   day, hour, stratum
-- reads   session
-- takes   @s (the stratum's column), $since and $until (half-open, on started_at)
-- units   sessions and faults in events
-- beware  add the rows of all strata for the exposure of an hour.
SELECT
    CAST(started_at AS DATE) AS day,
    CAST(EXTRACT(HOUR FROM started_at) AS BIGINT) AS hour,
    @s AS stratum,
    COUNT(*) AS sessions,
    COUNT(*) FILTER (WHERE faulty) AS faults
FROM session
WHERE started_at >= $since
  AND started_at < $until
GROUP BY CAST(started_at AS DATE), CAST(EXTRACT(HOUR FROM started_at) AS BIGINT), @s
