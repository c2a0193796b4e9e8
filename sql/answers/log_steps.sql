-- log_steps: the steps of all cases, as an event log takes them.
-- grain   case_id, position
-- reads   step_times
-- takes   nothing
-- units   seconds, pieces
-- beware  a resource may be a person: who hands it on leaves persons out.
SELECT
    step,
    started_at,
    case_id,
    unit_id,
    lot,
    resource,
    product,
    ended_at,
    position,
    work_s,
    wait_s,
    wait_cause,
    rework,
    line,
    quantity_completed,
    quantity_rejected
FROM step_times
ORDER BY started_at, ended_at, case_id, position, step
