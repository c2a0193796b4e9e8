-- units_supplied: how many units have a component of a supplier.
-- grain   one row
-- reads   components
-- takes   $component, $supplier
-- units   units
-- beware  counts what the feed names, sold or not.
SELECT count(DISTINCT unit_id) AS units
FROM components
WHERE component = $component AND supplier = $supplier
