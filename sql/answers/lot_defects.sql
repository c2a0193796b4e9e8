-- lot_defects: the defects whose lot, component lot or conditions name a lot.
-- grain   defect_id
-- reads   defects, causes, defect_life
-- takes   $lot
-- units   faults in events, returns in units, probability 0-1, lives in days of service
-- beware  the rate ratio is adjusted for what else acts on these units; failures are first faults
--         within the window, units_failed are those of all time.
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
    defects.forecast_low_80,
    defects.forecast_high_80,
    defects.forecast_low_95,
    defects.forecast_high_95,
    defects.forecast_returns_90d,
    defects.returns_low_80,
    defects.returns_high_80,
    defects.returns_low_95,
    defects.returns_high_95,
    defects.cannot_separate,
    defects.recommended_disposition,
    defects.probability,
    defect_life.pattern,
    defect_life.units_failed AS failures,
    defect_life.shape,
    defect_life.shape_low,
    defect_life.shape_high,
    defect_life.b10_days,
    defect_life.b10_low,
    defect_life.b10_high
FROM defects
LEFT JOIN causes ON causes.cause_id = defects.cause_id
LEFT JOIN defect_life ON defect_life.defect_id = defects.defect_id
WHERE
    defects.lot = $lot
    OR defects.component_lot = $lot
    OR list_contains(map_values(defects.conditions), $lot)
ORDER BY defects.probability DESC, defects.defect_id
