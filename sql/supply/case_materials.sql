-- case_materials: the lots of a case, and lots and suppliers of the components built into its units
-- grain   case_id, attribute, value
-- reads   case_pass (model case_passes), component (feed components; may be empty)
-- takes   nothing
-- units   none
-- beware  attribute is lot, <component>_lot or <component>_supplier.
SELECT DISTINCT case_id, 'lot' AS attribute, lot AS value
FROM case_pass
WHERE lot IS NOT NULL
UNION
SELECT units.case_id, component.component || '_lot', component.component_lot
FROM (SELECT DISTINCT case_id, unit_id FROM case_pass) AS units
JOIN component ON component.unit_id = units.unit_id
WHERE component.component_lot IS NOT NULL
UNION
SELECT units.case_id, component.component || '_supplier', component.supplier
FROM (SELECT DISTINCT case_id, unit_id FROM case_pass) AS units
JOIN component ON component.unit_id = units.unit_id
WHERE component.supplier IS NOT NULL
