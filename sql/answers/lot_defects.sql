-- lot_defects: the defects whose lot, component lot or conditions name a lot.
-- grain   defect_id
-- reads   defects, causes
-- takes   $lot
-- units   faults in events, probability 0-1
-- beware  the rate ratio is adjusted for what else acts on these units.
SELECT
    defects.defect_id,
    causes.label,
    causes.status,
    defects.component,
    defects.supplier,
    defects.site,
    defects.line,
    defects.units_made,
    defects.units_in_field,
    defects.units_failed,
    defects.rate_ratio,
    defects.low,
    defects.high,
    defects.excess_faults,
    defects.forecast_faults_90d,
    defects.forecast_low,
    defects.forecast_high,
    defects.recommended_disposition,
    defects.probability
FROM defects
LEFT JOIN causes ON causes.cause_id = defects.cause_id
WHERE
    defects.lot = $lot
    OR defects.component_lot = $lot
    OR list_contains(map_values(defects.conditions), $lot)
ORDER BY defects.probability DESC, defects.defect_id
