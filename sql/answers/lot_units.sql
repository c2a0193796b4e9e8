-- lot_units: the units of a production lot, or with a component of a component lot.
-- grain   unit_id
-- reads   units, components
-- takes   $lot
-- units   times in UTC
-- beware  a production lot and a component lot may carry the same number: role tells them apart.
WITH members AS (
    SELECT unit_id, 'production' AS role, NULL AS component, NULL AS supplier
    FROM units
    WHERE lot = $lot
    UNION ALL
    SELECT DISTINCT unit_id, 'component' AS role, component, supplier
    FROM components
    WHERE component_lot = $lot
)

SELECT
    members.unit_id,
    members.role,
    members.component,
    members.supplier,
    units.device_model,
    units.hardware_revision,
    units.lot,
    units.site,
    units.line,
    units.produced_at,
    units.in_service_at,
    units.disposition
FROM members
LEFT JOIN units ON units.unit_id = members.unit_id
ORDER BY members.role, members.component, members.unit_id
