-- step_flow: how early or late cases come to each step.
-- grain   step
-- reads   step_times
-- takes   nothing
-- units   place: 0 = first step of its case, 1 = last; the mean over all times it was taken
-- beware  a step that is taken again counts each time. A case of one step has it first.
WITH placed AS (
    SELECT
        step,
        coalesce(
            (position - 1) / nullif(max(position) OVER (PARTITION BY case_id) - 1, 0), 0
        ) AS place
    FROM step_times
)

SELECT step, CAST(round(avg(place), 9) AS DOUBLE) AS place
FROM placed
GROUP BY step
ORDER BY step
