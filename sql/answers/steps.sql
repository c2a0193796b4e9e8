-- steps: the map of production, the longest waits first.
-- grain   from_step, to_step
-- reads   step_map
-- takes   $step (null = all steps, else transitions into or out of it)
-- units   seconds over all cases, shares 0-1, pieces, faults, money
-- beware  from_step is null at the start of a case.
SELECT
    from_step,
    to_step,
    cases,
    work_s,
    wait_s,
    idle_share,
    batching_s,
    contention_s,
    prioritisation_s,
    resource_unavailable_s,
    setup_s,
    other_s,
    rework,
    scrap,
    scrap_made,
    field_faults,
    cost
FROM step_map
WHERE $step IS NULL OR from_step = $step OR to_step = $step
ORDER BY wait_s DESC NULLS LAST, from_step, to_step
