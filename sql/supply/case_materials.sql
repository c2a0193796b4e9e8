-- case_materials: the lots of a case, and lots and suppliers of the components built into its units
-- grain   case_no, attribute, value
-- reads   case_pass (model case_passes), pass_id (model pass_ids), component (feed components; may be
--         empty)
-- takes   nothing
-- units   none
-- beware  attribute is lot, <component>_lot or <component>_supplier.
WITH lots AS (
  SELECT DISTINCT case_no, lot_no FROM case_pass WHERE lot_no IS NOT NULL
),

built AS (
  SELECT pass_id.id_no AS unit_no, pass_id.id AS unit_id
  FROM (SELECT DISTINCT unit_id FROM component) AS units
  JOIN pass_id ON pass_id.id = units.unit_id
),

units AS (
  SELECT DISTINCT case_pass.case_no, built.unit_id
  FROM built
  JOIN case_pass ON case_pass.unit_no = built.unit_no
)

SELECT lots.case_no, 'lot' AS attribute, pass_id.id AS value
FROM lots
JOIN pass_id ON pass_id.id_no = lots.lot_no
UNION ALL
SELECT case_no, attribute, value
FROM (
  SELECT units.case_no, component.component || '_lot' AS attribute, component.component_lot AS value
  FROM units
  JOIN component ON component.unit_id = units.unit_id
  WHERE component.component_lot IS NOT NULL
  UNION
  SELECT units.case_no, component.component || '_supplier', component.supplier
  FROM units
  JOIN component ON component.unit_id = units.unit_id
  WHERE component.supplier IS NOT NULL
) AS of_components
