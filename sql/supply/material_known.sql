-- material_known: pieces looked at and rejected whose material of a kind is known, by who looked
-- grain   attribute, stratum
-- reads   look (model looks), material (model case_materials)
-- takes   nothing
-- units   pieces and rejects in pieces
-- beware  components are often known of shipped units only: what was scrapped has none.
SELECT
  known.attribute,
  look.stratum,
  CAST(sum(look.pieces) AS DOUBLE) AS pieces,
  CAST(sum(look.rejects) AS DOUBLE) AS rejects
FROM (SELECT DISTINCT case_no, attribute FROM material) AS known
JOIN look ON look.case_no = known.case_no
GROUP BY known.attribute, look.stratum
ORDER BY known.attribute, look.stratum
