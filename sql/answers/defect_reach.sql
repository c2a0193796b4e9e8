-- defect_reach: what a hold against one defect would touch.
-- grain   at most one row
-- reads   defects, units
-- takes   $defect_id
-- units   units, production_share 0-1, probability 0-1
-- beware  production_share is of all units ever made, not of those still in the factory.
WITH production AS (
    SELECT count(*) AS units FROM units
)

SELECT
    defects.defect_id,
    defects.cause_id,
    defects.lot,
    defects.component,
    defects.component_lot,
    defects.units_made AS units,
    defects.units_made / nullif(production.units, 0) AS production_share,
    defects.probability
FROM defects
CROSS JOIN production
WHERE defects.defect_id = $defect_id
