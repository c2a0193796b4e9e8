-- case_passes: every pass of a case through a step, with where and when in words that may be said
-- grain   case_id, position
-- reads   step_time (table step_times), step_role (step, inspection, books), place (resource,
--         machine, operator_group), shift_minute (minute, shift)
-- takes   nothing
-- units   pieces and rejects in pieces; work_index counts the working passes of the case so far
-- beware  inspector is the resource at an inspection, person or not: it is compared with others
--         there and never told. A pass without any quantity is one piece.
SELECT
  step_time.case_id,
  step_time.position,
  step_time.from_step,
  step_time.step,
  step_role.inspection,
  step_role.books,
  place.machine,
  place.operator_group,
  shift_minute.shift,
  step_time.line,
  CASE WHEN step_role.inspection THEN step_time.resource END AS inspector,
  step_time.lot,
  coalesce(step_time.unit_id, step_time.case_id) AS unit_id,
  CAST(step_time.started_at AS DATE) AS day,
  CASE
    WHEN step_time.quantity_completed IS NULL AND step_time.quantity_rejected IS NULL THEN 1
    ELSE coalesce(step_time.quantity_completed, 0) + coalesce(step_time.quantity_rejected, 0)
  END AS pieces,
  coalesce(step_time.quantity_rejected, 0) AS rejects,
  CAST(sum(CASE WHEN step_role.inspection THEN 0 ELSE 1 END) OVER (
    PARTITION BY step_time.case_id
    ORDER BY step_time.position
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS BIGINT) AS work_index
FROM step_time
JOIN step_role ON step_role.step = step_time.step
LEFT JOIN place ON place.resource = step_time.resource
LEFT JOIN shift_minute
  ON shift_minute.minute
    = extract(hour FROM step_time.started_at) * 60 + extract(minute FROM step_time.started_at)
