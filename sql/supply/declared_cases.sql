-- declared_cases: production events, each booked on the kind of case that cx.toml declares
-- grain   rows of the feed
-- reads   landed (rows of the feed production_events that stand, model standing_events)
-- takes   @declared  unit_id, lot, order_id or shipment_id: the column that names the case
-- units   as in the feed
-- beware  moved_id is the case as the feed gives it, what moved. Where all that is known of it names
--         one declared case, its other rows belong to that as well; a row of which none is known
--         stays with what moved. What moved as part of another case is a unit, when no other is
--         given: so its components and its use in the field are still found.
WITH known AS (
  SELECT case_id, min(@declared) AS declared_id
  FROM landed
  WHERE @declared IS NOT NULL
  GROUP BY case_id
  HAVING min(@declared) = max(@declared)
),

booked AS (
  SELECT
    landed.*,
    coalesce(landed.@declared, known.declared_id, landed.case_id) AS declared_id
  FROM landed
  LEFT JOIN known ON known.case_id = landed.case_id
)

SELECT
  declared_id AS case_id, step, started_at, ended_at, resource, line,
  quantity_completed, quantity_rejected,
  CASE WHEN declared_id <> case_id THEN coalesce(unit_id, case_id) ELSE unit_id END AS unit_id,
  lot, product, parent_id, input_ids, event_id,
  case_id AS moved_id
FROM booked
