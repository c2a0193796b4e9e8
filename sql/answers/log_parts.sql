-- log_parts: the component lots that were built into units.
-- grain   unit_id, component, component_lot
-- reads   components
-- takes   nothing
-- units   none
-- beware  a lot that was built in twice stands once.
SELECT DISTINCT unit_id, component, component_lot
FROM components
ORDER BY unit_id, component, component_lot
