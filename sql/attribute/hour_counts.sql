-- hour_counts: sessions and faults by hour of day and day, where no stratum is known.
-- grain   day, hour
-- reads   session
-- takes   $since and $until (half-open, on started_at)
-- units   sessions and faults in events
-- beware  the same columns as stratum_counts, with one unnamed stratum.
SELECT
    CAST(started_at AS DATE) AS day,
    CAST(EXTRACT(HOUR FROM started_at) AS BIGINT) AS hour,
    CAST(NULL AS VARCHAR) AS stratum,
    COUNT(*) AS sessions,
    COUNT(*) FILTER (WHERE faulty) AS faults
FROM session
WHERE started_at >= $since
  AND started_at < $until
GROUP BY CAST(started_at AS DATE), CAST(EXTRACT(HOUR FROM started_at) AS BIGINT)
