-- defect_ages: units at risk, failures and faults of one defect by months in service.
-- grain   months_in_service
-- reads   defect_ages
-- takes   $defect_id
-- units   units, unit_months in months, faults in events
-- beware  units of all months of production together: the table itself has them apart.
SELECT
    months_in_service,
    CAST(sum(units_at_risk) AS BIGINT) AS units_at_risk,
    sum(unit_months) AS unit_months,
    CAST(sum(units_failed) AS BIGINT) AS units_failed,
    sum(faults) AS faults
FROM defect_ages
WHERE defect_id = $defect_id
GROUP BY months_in_service
ORDER BY months_in_service
