-- unit_attributes: what each unit is made of, one row a value, for the attributes that defects ask for.
-- grain   unit_id, attribute, value
-- reads   unit, component, unit_month (unit_months), defect_condition
-- takes   nothing
-- units   none
-- beware  a unit that only sessions know (no row in unit) counts with what its sessions say.
WITH
  asked AS (SELECT DISTINCT attribute FROM defect_condition),
  seen AS (
    SELECT DISTINCT
      unit_month.unit_id,
      unit_month.device_model,
      unit_month.hardware_revision,
      unit_month.lot,
      unit_month.site,
      unit_month.line
    FROM unit_month
    LEFT JOIN unit ON unit.unit_id = unit_month.unit_id
    WHERE unit.unit_id IS NULL
  ),
  body AS (
    SELECT unit_id, device_model, hardware_revision, lot, site, line FROM unit
    UNION ALL
    SELECT unit_id, device_model, hardware_revision, lot, site, line FROM seen
  ),
  attribute AS (
    SELECT unit_id, 'device_model' AS attribute, device_model AS value FROM body
    UNION ALL
    SELECT unit_id, 'hardware_revision' AS attribute, hardware_revision AS value FROM body
    UNION ALL
    SELECT unit_id, 'lot' AS attribute, lot AS value FROM body
    UNION ALL
    SELECT unit_id, 'site' AS attribute, site AS value FROM body
    UNION ALL
    SELECT unit_id, 'line' AS attribute, line AS value FROM body
    UNION ALL
    SELECT unit_id, component || '_lot' AS attribute, component_lot AS value FROM component
    UNION ALL
    SELECT unit_id, component || '_supplier' AS attribute, supplier AS value FROM component
  )
SELECT DISTINCT attribute.unit_id, attribute.attribute, attribute.value
FROM attribute
JOIN asked ON asked.attribute = attribute.attribute
WHERE attribute.value IS NOT NULL
