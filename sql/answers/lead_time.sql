-- lead_time: how long the cases took from end to end, and what of it was work.
-- grain   one row
-- reads   step_times
-- takes   nothing
-- units   seconds over all cases
-- beware  work and wait of a case add up to its span, always: work counts uncovered time only.
WITH spans AS (
    SELECT
        case_id,
        epoch(max(ended_at)) - epoch(min(started_at)) AS span_s,
        sum(work_s) AS work_s,
        sum(wait_s) AS wait_s,
        count(flag) AS flagged
    FROM step_times
    GROUP BY case_id
)

SELECT
    count(*) AS cases,
    coalesce(sum(span_s), 0) AS span_s,
    coalesce(sum(work_s), 0) AS work_s,
    coalesce(sum(wait_s), 0) AS wait_s,
    coalesce(sum(flagged), 0) AS flagged
FROM spans
