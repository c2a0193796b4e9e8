-- first_passes: where a case came first to a step that it came to more than once
-- grain   case_no, step_no
-- reads   case_step (model case_steps)
-- takes   nothing
-- units   none
-- beware  a later pass of the case through the step is rework, unless it comes from the same step
--         (model step_times).
SELECT case_no, step_no, min(position) AS first_position
FROM case_step
GROUP BY case_no, step_no
HAVING count(*) > 1
