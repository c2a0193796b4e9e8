-- first_passes: where a case came first to a step that it came to more than once
-- grain   case_no, step_no
-- reads   case_step (model case_steps)
-- takes   nothing
-- units   none
-- beware  a later pass of the case through the step is rework, unless it comes from the same step
--         (model step_times).
--         Steps are put in their usual order. A case that only ever goes on in it comes to no step
--         twice: few cases are left, and only their steps are counted.
WITH usual AS (
  SELECT step_no, avg(position) AS place FROM case_step GROUP BY step_no
),

gone_back AS (
  SELECT DISTINCT case_step.case_no
  FROM case_step
  JOIN usual AS before ON before.step_no = case_step.from_step_no
  JOIN usual AS here ON here.step_no = case_step.step_no
  WHERE before.place >= here.place
)

SELECT case_step.case_no, case_step.step_no, min(case_step.position) AS first_position
FROM case_step
JOIN gone_back ON gone_back.case_no = case_step.case_no
GROUP BY case_step.case_no, case_step.step_no
HAVING count(*) > 1
