-- replay_steps: the steps that a what-if replays, those of the cases that began last.
-- grain   case_id, position
-- reads   step_times
-- takes   $most (steps at most)
-- units   pieces
-- beware  whole cases only. Cases that began before them are not in the replay: what they kept busy
--         is free there.
WITH begun AS (
    SELECT case_id, min(started_at) AS first_at, count(*) AS steps
    FROM step_times
    GROUP BY case_id
),

latest AS (
    SELECT
        case_id,
        sum(steps) OVER (
            ORDER BY first_at DESC, case_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS steps_so_far
    FROM begun
)

SELECT
    step_times.case_id,
    step_times.position,
    step_times.step,
    step_times.resource,
    step_times.line,
    step_times.from_step,
    step_times.started_at,
    step_times.ended_at,
    step_times.unit_id,
    step_times.lot,
    step_times.quantity_completed
FROM step_times
JOIN latest ON latest.case_id = step_times.case_id
WHERE latest.steps_so_far <= $most
ORDER BY step_times.case_id, step_times.position
