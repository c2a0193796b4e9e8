-- declared_events: what declared cases went through: their parts together, pass by pass
-- grain   case_id, step, pass (the first, second, … of each part at the step)
-- reads   declared (model declared_cases)
-- takes   nothing
-- units   pieces
-- beware  a lot is at a step from the first of its units there to the last, and comes again when
--         units come again: the second pass of each unit is the second of the lot. A row that stands
--         alone stays as it is. Of several, each row without any quantity is one piece; resource,
--         line, unit, lot and product are those that all have: of a lot that several machines share
--         no resource is known.
WITH passed AS (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY case_id, step, moved_id, unit_id
      ORDER BY started_at, ended_at, resource, lot, event_id
    ) AS pass
  FROM declared
)

SELECT
  case_id, step, min(started_at) AS started_at, max(ended_at) AS ended_at,
  CASE
    WHEN count(resource) = count(*) AND min(resource) = max(resource) THEN min(resource)
  END AS resource,
  CASE WHEN min(line) = max(line) THEN min(line) END AS line,
  CASE
    WHEN count(*) = 1 THEN max(quantity_completed)
    ELSE sum(CASE
      WHEN quantity_completed IS NULL AND quantity_rejected IS NULL THEN 1
      ELSE coalesce(quantity_completed, 0)
    END)
  END AS quantity_completed,
  CASE
    WHEN count(*) = 1 THEN max(quantity_rejected) ELSE sum(coalesce(quantity_rejected, 0))
  END AS quantity_rejected,
  CASE WHEN min(unit_id) = max(unit_id) THEN min(unit_id) END AS unit_id,
  CASE WHEN min(lot) = max(lot) THEN min(lot) END AS lot,
  CASE WHEN min(product) = max(product) THEN min(product) END AS product,
  min(event_id) AS event_id
FROM passed
GROUP BY case_id, step, pass
