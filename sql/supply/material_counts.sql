-- material_counts: pieces looked at and rejected that hold a material, by who looked
-- grain   condition, stratum, cluster
-- reads   look (model looks), material (model case_materials), material_condition (attribute,
--         value, condition)
-- takes   @cluster    column of look to count by: plant, day or batch
-- units   pieces and rejects in pieces; squares in pieces squared, a look at a time
-- beware  conditions overlap: never add them up.
SELECT
  material_condition.condition,
  look.stratum,
  look.@cluster AS cluster,
  CAST(sum(look.pieces) AS DOUBLE) AS pieces,
  CAST(sum(CAST(look.pieces AS DOUBLE) * look.pieces) AS DOUBLE) AS squares,
  CAST(sum(look.rejects) AS DOUBLE) AS rejects
FROM material_condition
JOIN material
  ON material.attribute = material_condition.attribute
  AND material.value = material_condition.value
JOIN look ON look.case_no = material.case_no
GROUP BY material_condition.condition, look.stratum, look.@cluster
ORDER BY material_condition.condition, look.stratum, cluster
