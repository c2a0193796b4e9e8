-- made_like_component_lot: units finished since production was changed with a component of the old
--   component lot's supplier, in models that had that lot, but not of that lot.
-- grain   unit_id
-- reads   unit, component
-- takes   $component its kind, $lot the old component lot, $made_since
-- units   times in UTC
-- beware  a lot of which no supplier is known has none.
WITH old_lot AS (
  SELECT DISTINCT component.supplier, unit.device_model
  FROM component
  INNER JOIN unit ON unit.unit_id = component.unit_id
  WHERE component.component = $component AND component.component_lot = $lot
)
SELECT DISTINCT unit.unit_id
FROM unit
INNER JOIN component ON component.unit_id = unit.unit_id
INNER JOIN old_lot
  ON old_lot.supplier = component.supplier AND old_lot.device_model = unit.device_model
WHERE unit.produced_at >= $made_since
  AND component.component = $component
  AND unit.unit_id NOT IN (
    SELECT unit_id FROM component WHERE component = $component AND component_lot = $lot
  )
