-- matched_units: the units that meet every genealogy condition of a defect.
-- grain   defect_id, unit_id
-- reads   unit_attribute, defect_condition
-- takes   nothing
-- units   none
-- beware  conditions on software are none of genealogy and do not narrow the units.
SELECT defect_condition.defect_id, unit_attribute.unit_id
FROM unit_attribute
JOIN defect_condition
  ON defect_condition.attribute = unit_attribute.attribute
  AND defect_condition.value = unit_attribute.value
GROUP BY defect_condition.defect_id, unit_attribute.unit_id
HAVING count(DISTINCT defect_condition.attribute) = max(defect_condition.conditions)
