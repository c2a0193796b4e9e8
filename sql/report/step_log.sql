-- step_log: the log of production in one row: how long its cases took, and what of it was waiting.
-- grain   one row
-- reads   step_times
-- takes   nothing
-- units   seconds over all cases
-- beware  times are null without any case.
WITH spans AS (
    SELECT
        case_id,
        min(started_at) AS first_at,
        max(ended_at) AS last_at,
        sum(wait_s) AS wait_s
    FROM step_times
    GROUP BY case_id
)

SELECT
    count(*) AS cases,
    coalesce(sum(epoch(last_at) - epoch(first_at)), 0) AS span_s,
    coalesce(sum(wait_s), 0) AS wait_s,
    CAST(max(last_at) AS DATE) AS last_day
FROM spans
