-- reasons: how far the reasons of the worst customer-day are from what its index lost.
-- grain   day (named in `partition`)
-- reads   customer_experience
-- units   rows in customer-days, largest_deviation in points, faults_beyond_sessions in customer-days
-- beware  a missing reason counts as nothing: it shows as a deviation.
WITH days AS (
    SELECT
        day,
        faults > sessions AS too_many_faults,
        ABS(
            100 - score - COALESCE(lost_to_device, 0) - COALESCE(lost_to_app, 0)
            - COALESCE(lost_to_network, 0) - COALESCE(lost_to_individual, 0)
            - COALESCE(lost_to_background, 0)
        ) AS deviation
    FROM customer_experience
)

SELECT
    CAST(day AS VARCHAR) AS partition,
    COUNT(*) AS rows,
    MAX(deviation) AS largest_deviation,
    COUNT(*) FILTER (WHERE too_many_faults) AS faults_beyond_sessions
FROM days
GROUP BY day
ORDER BY day
