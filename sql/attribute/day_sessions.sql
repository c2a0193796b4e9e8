-- day_sessions: sessions of each day, to count days in batches that fit into memory.
-- grain   day
-- reads   session
-- takes   $since and $until (half-open, on started_at)
-- units   sessions in events
-- beware  days without a session have no row.
SELECT
    CAST(started_at AS DATE) AS day,
    COUNT(*) AS sessions
FROM session
WHERE started_at >= $since
  AND started_at < $until
GROUP BY CAST(started_at AS DATE)
