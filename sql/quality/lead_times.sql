-- lead_times: how far work and wait are from the lead time, in the case that is off most.
-- grain   one row
-- reads   step_times
-- units   rows in steps, deviations in seconds
-- beware  lead time is last end minus first start. The parts of a wait are held against the wait.
WITH cases AS (
    SELECT
        ABS(
            SUM(work_s + wait_s)
            - (EPOCH_US(MAX(ended_at)) - EPOCH_US(MIN(started_at))) / 1e6
        ) AS deviation,
        MAX(ABS(
            batching_s + contention_s + prioritisation_s + resource_unavailable_s + setup_s
            + other_s - wait_s
        )) AS part_deviation
    FROM step_times
    GROUP BY case_id
)

SELECT
    'all' AS partition,
    (SELECT COUNT(*) FROM step_times) AS rows,
    COALESCE(MAX(deviation), 0) AS largest_deviation_s,
    COALESCE(MAX(part_deviation), 0) AS largest_part_deviation_s
FROM cases
