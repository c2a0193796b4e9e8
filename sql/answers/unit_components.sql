-- unit_components: what was built into one unit.
-- grain   component, component_lot, component_serial
-- reads   components
-- takes   $unit_id
-- units   none
-- beware  a repaired unit may have two rows of a component.
SELECT component, component_lot, supplier, component_serial, station, installed_at
FROM components
WHERE unit_id = $unit_id
ORDER BY component, installed_at, component_lot, component_serial
