-- step_waits: why cases wait before a step, at which resource.
-- grain   wait_cause, resource
-- reads   step_times
-- takes   $step (null = all steps)
-- units   seconds, pieces
-- beware  odd times are counted in flagged and named in step_times.flag.
SELECT
    wait_cause,
    resource,
    count(*) AS times,
    sum(wait_s) AS wait_s,
    sum(work_s) AS work_s,
    sum(quantity_rejected) AS rejected,
    count(flag) AS flagged
FROM step_times
WHERE $step IS NULL OR step = $step
GROUP BY wait_cause, resource
ORDER BY wait_s DESC NULLS LAST, wait_cause, resource
