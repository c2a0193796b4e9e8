-- case_passes: every pass of a case through a step, with where and when in words that may be said
-- grain   case_no, position
-- reads   step_time (table step_times), pass_id (model pass_ids), step_role (step, inspection,
--         books), place (resource, machine, operator_group), line_name (line), shift_minute (minute,
--         shift)
-- takes   nothing
-- units   pieces and rejects in pieces
-- beware  inspector is the resource at an inspection, person or not: it is compared with others
--         there and never told. A pass without any quantity is one piece.
--         case_no, unit_no and lot_no are numbers of pass_id. Words come from the short tables, which
--         an engine may hold as enumerations. again: the case came to the step a second or a
--         later time.
SELECT
  cases.id_no AS case_no,
  step_time.position,
  before.step AS from_step,
  step_role.step,
  step_role.inspection,
  step_role.books,
  place.machine,
  place.operator_group,
  shift_minute.shift,
  line_name.line,
  CASE WHEN step_role.inspection THEN place.resource END AS inspector,
  lots.id_no AS lot_no,
  coalesce(units.id_no, cases.id_no) AS unit_no,
  CAST(step_time.started_at AS DATE) AS day,
  CASE
    WHEN step_time.quantity_completed IS NULL AND step_time.quantity_rejected IS NULL THEN 1
    ELSE coalesce(step_time.quantity_completed, 0) + coalesce(step_time.quantity_rejected, 0)
  END AS pieces,
  coalesce(step_time.quantity_rejected, 0) AS rejects,
  coalesce(step_time.rework OR step_time.from_step = step_time.step, FALSE) AS again
FROM step_time
JOIN pass_id AS cases ON cases.id = step_time.case_id
JOIN step_role ON step_role.step = step_time.step
LEFT JOIN step_role AS before ON before.step = step_time.from_step
LEFT JOIN place ON place.resource = step_time.resource
LEFT JOIN line_name ON line_name.line = step_time.line
LEFT JOIN pass_id AS lots ON lots.id = step_time.lot
LEFT JOIN pass_id AS units ON units.id = nullif(step_time.unit_id, step_time.case_id)
LEFT JOIN shift_minute
  ON shift_minute.minute
    = extract(hour FROM step_time.started_at) * 60 + extract(minute FROM step_time.started_at)
