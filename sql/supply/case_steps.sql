-- case_steps: the events of each case in their order, and when its earlier steps had ended
-- grain   case_id, position
-- reads   event (rows of the feed production_events)
-- takes   nothing
-- units   _us: microseconds since 1970 UTC
-- beware  covered_us is the end of all earlier steps of the case; of its first step it is null.
--         resource_no, step_no and family_no stand for names, so that what follows compares
--         numbers; they mean nothing outside one computation. The family is the product, or the
--         lot where no product is given.
--         member: counts as one of those who start together; a case that starts twice at one
--         moment is one.
WITH resources AS (
  SELECT resource, CAST(row_number() OVER (ORDER BY resource) AS INTEGER) AS resource_no
  FROM (SELECT DISTINCT resource FROM event WHERE resource IS NOT NULL) AS named
),

steps AS (
  SELECT step, CAST(row_number() OVER (ORDER BY step) AS INTEGER) AS step_no
  FROM (SELECT DISTINCT step FROM event) AS named
),

families AS (
  SELECT family, CAST(row_number() OVER (ORDER BY family) AS INTEGER) AS family_no
  FROM (
    SELECT DISTINCT coalesce(product, lot) AS family FROM event
    WHERE product IS NOT NULL OR lot IS NOT NULL
  ) AS named
),

numbered AS (
  SELECT event.*, steps.step_no, resources.resource_no, families.family_no
  FROM event
  JOIN steps ON steps.step = event.step
  LEFT JOIN resources ON resources.resource = event.resource
  LEFT JOIN families ON families.family = coalesce(event.product, event.lot)
),

timed AS (
  SELECT
    case_id, step, resource, line, started_at, ended_at, unit_id, lot, product,
    quantity_completed, quantity_rejected, step_no, resource_no, family_no,
    epoch_us(started_at) AS start_us,
    epoch_us(ended_at) AS end_us,
    max(epoch_us(ended_at)) OVER (
      in_case ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS covered_us,
    lag(step_no) OVER in_case AS from_step_no,
    lag(started_at) OVER in_case AS from_started_at,
    row_number() OVER in_case AS position
  FROM numbered
  WINDOW in_case AS (
    PARTITION BY case_id
    ORDER BY started_at, ended_at, step_no, resource_no, unit_id, lot, event_id
  )
)

SELECT
  timed.case_id, timed.step, timed.resource, timed.line, timed.started_at, timed.ended_at,
  timed.unit_id, timed.lot, timed.product, timed.quantity_completed, timed.quantity_rejected,
  timed.start_us, timed.end_us, timed.covered_us, timed.position,
  timed.step_no, timed.from_step_no, timed.resource_no, timed.family_no,
  steps.step AS from_step,
  coalesce(timed.from_started_at < timed.started_at, TRUE) AS member,
  row_number() OVER (PARTITION BY timed.case_id, timed.step_no ORDER BY timed.position) > 1
    AND timed.from_step_no <> timed.step_no AS rework
FROM timed
LEFT JOIN steps ON steps.step_no = timed.from_step_no
