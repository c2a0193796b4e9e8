-- defect_components: component lots and suppliers inside the units of each defect.
-- grain   defect_id, component, component_lot, supplier
-- reads   matched_unit, component
-- takes   nothing
-- units   units
-- beware  a unit with two components of one kind counts in each of their lots.
SELECT
  matched_unit.defect_id,
  component.component,
  component.component_lot,
  component.supplier,
  count(DISTINCT component.unit_id) AS units
FROM matched_unit
JOIN component ON component.unit_id = matched_unit.unit_id
GROUP BY
  matched_unit.defect_id,
  component.component,
  component.component_lot,
  component.supplier
ORDER BY 1, 2, 3, 4
