-- case_steps: the events of each case in their order, and when its earlier steps had ended
-- grain   case_no, position
-- reads   event (rows of the feed production_events), word (model words), case_id (model case_ids)
-- takes   nothing
-- units   _us: microseconds since 1970 UTC
-- beware  covered_us is the end of all earlier steps of the case; of its first step it is null.
--         _no stands for a name (step_no, resource_no, line_no and product_no of word; case_no,
--         unit_no and lot_no of case_id). A row is as narrow as that, since it is sorted and joined
--         again and again; and put in order here, not once it has its words back.
--         member: counts as one of those who start together; a case that starts twice at one
--         moment is one.
WITH numbered AS (
  SELECT
    cases.id_no AS case_no, units.id_no AS unit_no, lots.id_no AS lot_no,
    steps.word_no AS step_no, resources.word_no AS resource_no,
    lines.word_no AS line_no, products.word_no AS product_no,
    event.started_at, event.ended_at, event.event_id,
    event.quantity_completed, event.quantity_rejected
  FROM event
  JOIN case_id AS cases ON cases.id = event.case_id
  LEFT JOIN case_id AS units ON units.id = event.unit_id
  LEFT JOIN case_id AS lots ON lots.id = event.lot
  JOIN word AS steps ON steps.word = event.step
  LEFT JOIN word AS resources ON resources.word = event.resource
  LEFT JOIN word AS lines ON lines.word = event.line
  LEFT JOIN word AS products ON products.word = event.product
)

SELECT
  case_no, unit_no, lot_no, step_no, resource_no, line_no, product_no,
  started_at, ended_at, quantity_completed, quantity_rejected,
  max(epoch_us(ended_at)) OVER (
    in_case ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ) AS covered_us,
  lag(step_no) OVER in_case AS from_step_no,
  coalesce(lag(started_at) OVER in_case < started_at, TRUE) AS member,
  CAST(row_number() OVER in_case AS INTEGER) AS position
FROM numbered
WINDOW in_case AS (
  PARTITION BY case_no
  ORDER BY started_at, ended_at, step_no, resource_no, unit_no, lot_no, event_id
)
ORDER BY case_no, position
