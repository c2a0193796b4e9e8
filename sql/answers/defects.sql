-- defects: what the factory is told, the surest and costliest first.
-- grain   defect_id
-- reads   defects, causes
-- takes   nothing
-- units   faults in events, probability 0-1
-- beware  a defect of a component has no production lot of its own.
SELECT
    defects.defect_id,
    defects.cause_id,
    causes.label,
    defects.lot,
    defects.line,
    defects.site,
    defects.component,
    defects.supplier,
    defects.component_lot,
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
ORDER BY defects.excess_faults DESC NULLS LAST, defects.defect_id
