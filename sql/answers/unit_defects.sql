-- unit_defects: the defects that one unit falls under, and how likely each is to strike.
-- grain   defect_id
-- reads   unit_risk, defects, causes
-- takes   $unit_id
-- units   probability 0-1 within 90 days
-- beware  rank is among all units at risk, 1 = highest.
SELECT
    unit_risk.defect_id,
    causes.label,
    defects.lot,
    defects.component,
    defects.component_lot,
    unit_risk.probability_90d,
    unit_risk.low,
    unit_risk.high,
    unit_risk.rank,
    defects.recommended_disposition,
    defects.probability
FROM unit_risk
INNER JOIN defects ON defects.defect_id = unit_risk.defect_id
LEFT JOIN causes ON causes.cause_id = defects.cause_id
WHERE unit_risk.unit_id = $unit_id
ORDER BY unit_risk.probability_90d DESC, unit_risk.defect_id
