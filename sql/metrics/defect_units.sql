-- defect_units: units in the field under a defect.
-- grain   one number
-- reads   unit_risk
-- takes   nothing
-- units   units
-- beware  a unit under two defects counts once.
SELECT count(DISTINCT unit_id) AS value FROM unit_risk
