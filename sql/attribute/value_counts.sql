-- value_counts: sessions and faults of every value of one attribute, by day.
-- grain   day, value
-- reads   session
-- takes   @a (the attribute's column), $since and $until (half-open, on started_at), $wide
-- units   sessions and faults in events
-- beware  the missing value has a row of its own (value is null): its exposure counts. A day
--         with more than $wide values is left out: such an attribute is counted on request.
--         Materialized, since DuckDB would count value_day twice: once for the rows, once for their breadth.
WITH value_day AS MATERIALIZED (
    SELECT
        CAST(started_at AS DATE) AS day,
        @a AS value,
        COUNT(*) AS sessions,
        COUNT(*) FILTER (WHERE faulty) AS faults
    FROM session
    WHERE started_at >= $since
      AND started_at < $until
    GROUP BY CAST(started_at AS DATE), @a
),

measured AS (
    SELECT
        day,
        value,
        sessions,
        faults,
        COUNT(*) OVER (PARTITION BY day) AS breadth
    FROM value_day
)

SELECT
    day,
    value,
    sessions,
    faults
FROM measured
WHERE breadth <= $wide
