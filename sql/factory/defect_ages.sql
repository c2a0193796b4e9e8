-- defect_ages: units at risk, failures and faults of each defect by month made and months in service.
-- grain   defect_id, cohort_month, months_in_service
-- reads   unit_life, unit_fault, defect_condition
-- takes   $window_from, $window_to the window (half-open)
-- units   units, faults in summed shares, unit_months in months of 30.4375 days
-- beware  an age shows only for as long as the window watched units of it: young lots have no old
--         age yet, and old lots no young age any more.
WITH
  term AS (
    SELECT DISTINCT
      defect_id,
      greatest(coalesce(valid_from, $window_from), $window_from) AS counted_from,
      least(coalesce(valid_to, $window_to), $window_to) AS counted_to
    FROM defect_condition
  ),
  age AS (
    SELECT
      defect_id,
      unit_id,
      cohort_month,
      failed,
      epoch(entered_at - service_from) / 2629800 AS entered,
      epoch(left_at - service_from) / 2629800 AS parted
    FROM unit_life
  ),
  cell AS (
    SELECT
      defect_id,
      cohort_month,
      unit_id,
      failed,
      entered,
      parted,
      unnest(range(CAST(floor(entered) AS BIGINT), CAST(floor(parted) AS BIGINT) + 1)) AS month
    FROM age
  ),
  risk AS (
    SELECT
      defect_id,
      cohort_month,
      month,
      count(*) AS units_at_risk,
      sum(CAST(least(parted, month + 1) - greatest(entered, month) AS DECIMAL(18, 9)))
        AS unit_months,
      sum(CASE WHEN failed AND floor(parted) = month THEN 1 ELSE 0 END) AS units_failed
    FROM cell
    -- Who leaves without a fault at the very start of a month was never watched in it.
    WHERE failed OR parted > month
    GROUP BY defect_id, cohort_month, month
  ),
  fault AS (
    SELECT
      unit_fault.defect_id,
      unit_life.cohort_month,
      CAST(
        floor(epoch(unit_fault.started_at - unit_life.service_from) / 2629800) AS BIGINT
      ) AS month,
      sum(unit_fault.share) AS faults
    FROM unit_fault
    JOIN term ON term.defect_id = unit_fault.defect_id
    JOIN unit_life
      ON unit_life.defect_id = unit_fault.defect_id AND unit_life.unit_id = unit_fault.unit_id
    WHERE
      unit_fault.started_at >= term.counted_from AND unit_fault.started_at < term.counted_to
    GROUP BY unit_fault.defect_id, unit_life.cohort_month, month
  )
SELECT
  defect_id,
  cohort_month,
  month AS months_in_service,
  CAST(coalesce(risk.units_at_risk, 0) AS BIGINT) AS units_at_risk,
  CAST(coalesce(risk.unit_months, 0) AS DOUBLE) AS unit_months,
  CAST(coalesce(risk.units_failed, 0) AS BIGINT) AS units_failed,
  CAST(coalesce(fault.faults, 0) AS DOUBLE) AS faults
FROM risk
FULL JOIN fault USING (defect_id, cohort_month, month)
ORDER BY defect_id, cohort_month, months_in_service
