-- step_map: every transition between steps, added up over all cases; costs come later
-- grain   from_step, to_step
-- reads   step_time (table step_times)
-- takes   nothing
-- units   seconds; scrap in pieces
-- beware  rework counts returns to a step that the case had passed and left. A case that never comes
--         to a step again takes each transition once: only those that do are told apart by name.
WITH coming_again AS (
  SELECT DISTINCT case_id FROM step_time WHERE rework OR from_step = step
),

transition AS (
  SELECT
    from_step,
    step,
    count(*) FILTER (WHERE coming_again.case_id IS NULL) + count(DISTINCT coming_again.case_id)
      AS cases,
    CAST(sum(CAST(work_s AS DECIMAL(18, 6))) AS DOUBLE) AS work_s,
    CAST(sum(CAST(wait_s AS DECIMAL(18, 6))) AS DOUBLE) AS wait_s,
    CAST(sum(CAST(batching_s AS DECIMAL(18, 6))) AS DOUBLE) AS batching_s,
    CAST(sum(CAST(contention_s AS DECIMAL(18, 6))) AS DOUBLE) AS contention_s,
    CAST(sum(CAST(prioritisation_s AS DECIMAL(18, 6))) AS DOUBLE) AS prioritisation_s,
    CAST(sum(CAST(resource_unavailable_s AS DECIMAL(18, 6))) AS DOUBLE) AS resource_unavailable_s,
    CAST(sum(CAST(setup_s AS DECIMAL(18, 6))) AS DOUBLE) AS setup_s,
    CAST(sum(CAST(other_s AS DECIMAL(18, 6))) AS DOUBLE) AS other_s,
    count(*) FILTER (WHERE rework) AS rework,
    sum(quantity_rejected) AS scrap
  FROM step_time
  LEFT JOIN coming_again ON coming_again.case_id = step_time.case_id
  GROUP BY from_step, step
)

SELECT
  transition.from_step,
  transition.step AS to_step,
  transition.cases,
  transition.work_s,
  transition.wait_s,
  transition.wait_s / nullif(transition.wait_s + transition.work_s, 0) AS idle_share,
  transition.rework,
  transition.scrap,
  transition.batching_s,
  transition.contention_s,
  transition.prioritisation_s,
  transition.resource_unavailable_s,
  transition.setup_s,
  transition.other_s
FROM transition
ORDER BY transition.wait_s DESC, transition.step, transition.from_step
