-- reasons: how far a day's indices are from its sessions, and reasons from what an index lost.
-- grain   day (named in `partition`)
-- reads   customer_experience, sessions
-- units   rows in customer-days; largest_deviation in points; uncounted_sessions and
--         uncounted_faults in events; faults_beyond_sessions and scores_outside in customer-days
-- beware  a missing reason counts as nothing: it shows as a deviation. A day that stands on one
--         side only is there, with all that the other side lacks.
WITH indices AS (
    SELECT
        day,
        COUNT(*) AS rows,
        SUM(sessions) AS sessions,
        SUM(faults) AS faults,
        MAX(
            ABS(
                100 - score - COALESCE(lost_to_device, 0) - COALESCE(lost_to_app, 0)
                - COALESCE(lost_to_network, 0) - COALESCE(lost_to_individual, 0)
                - COALESCE(lost_to_background, 0)
            )
        ) AS largest_deviation,
        COUNT(*) FILTER (WHERE faults > sessions) AS faults_beyond_sessions,
        COUNT(*) FILTER (WHERE score < score_low OR score > score_high) AS scores_outside
    FROM customer_experience
    GROUP BY day
),

days AS (
    SELECT
        CAST(started_at AS DATE) AS day,
        COUNT(*) AS sessions,
        COUNT(*) FILTER (WHERE faulty) AS faults
    FROM sessions
    GROUP BY CAST(started_at AS DATE)
)

SELECT
    CAST(COALESCE(indices.day, days.day) AS VARCHAR) AS partition,
    COALESCE(indices.rows, 0) AS rows,
    indices.largest_deviation,
    ABS(COALESCE(days.sessions, 0) - COALESCE(indices.sessions, 0)) AS uncounted_sessions,
    ABS(COALESCE(days.faults, 0) - COALESCE(indices.faults, 0)) AS uncounted_faults,
    COALESCE(indices.faults_beyond_sessions, 0) AS faults_beyond_sessions,
    COALESCE(indices.scores_outside, 0) AS scores_outside
FROM indices
FULL JOIN days ON days.day = indices.day
ORDER BY partition
