-- wait_parts: what the waits before a step are made of.
-- grain   one row
-- reads   step_times
-- takes   $step (null = all steps)
-- units   seconds over all cases
-- beware  null when there is no such step. The parts add up to wait_s.
SELECT
    sum(wait_s) AS wait_s,
    sum(batching_s) AS batching_s,
    sum(contention_s) AS contention_s,
    sum(prioritisation_s) AS prioritisation_s,
    sum(resource_unavailable_s) AS resource_unavailable_s,
    sum(setup_s) AS setup_s,
    sum(other_s) AS other_s
FROM step_times
WHERE $step IS NULL OR step = $step
