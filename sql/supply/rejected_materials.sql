-- rejected_materials: the materials of each look that rejected pieces
-- grain   look, attribute, value
-- reads   look (model looks), material (model case_materials)
-- takes   nothing
-- units   none
-- beware  nothing
SELECT look.look, material.attribute, material.value
FROM look
JOIN material ON material.case_no = look.case_no
WHERE look.rejects > 0
ORDER BY look.look, material.attribute, material.value
