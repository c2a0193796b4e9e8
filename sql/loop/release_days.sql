-- release_days: user-days of each release in its stage, and those with a crash, by device model.
-- grain   stage, device_model (null where sessions name none)
-- reads   session, release_stage, crash_code
-- takes   nothing
-- units   user-days, customers, units; the sums of squares are over customers
-- beware  a user-day is a customer on a day in UTC; one who changes the model that day counts twice.
WITH
  used AS (
    SELECT
      release_stage.stage,
      session.device_model,
      session.customer_id,
      session.unit_id,
      CAST(session.started_at AS DATE) AS day,
      CASE WHEN crash_code.fault_code IS NULL THEN 0 ELSE 1 END AS crashed
    FROM session
    JOIN release_stage
      ON release_stage.app_version = session.app_version
      AND release_stage.app_name = session.app_name
      AND session.started_at >= release_stage.stage_from
      AND session.started_at < release_stage.stage_to
    LEFT JOIN crash_code ON crash_code.fault_code = session.fault_code
  ),
  user_day AS (
    SELECT stage, device_model, customer_id, day, max(crashed) AS crashed
    FROM used
    GROUP BY stage, device_model, customer_id, day
  ),
  customer AS (
    SELECT stage, device_model, customer_id, count(*) AS days, sum(crashed) AS crashes
    FROM user_day
    GROUP BY stage, device_model, customer_id
  ),
  device AS (
    SELECT stage, device_model, count(DISTINCT unit_id) AS units
    FROM used
    GROUP BY stage, device_model
  )
SELECT
  customer.stage,
  customer.device_model,
  count(*) AS customers,
  max(device.units) AS units,
  CAST(sum(customer.days) AS BIGINT) AS user_days,
  CAST(sum(customer.crashes) AS BIGINT) AS crash_days,
  CAST(sum(customer.days * customer.days) AS DOUBLE) AS days_squared,
  CAST(sum(customer.days * customer.crashes) AS DOUBLE) AS days_crashes,
  CAST(sum(customer.crashes * customer.crashes) AS DOUBLE) AS crashes_squared
FROM customer
JOIN device
  ON device.stage = customer.stage
  AND (
    device.device_model = customer.device_model
    OR (device.device_model IS NULL AND customer.device_model IS NULL)
  )
GROUP BY customer.stage, customer.device_model
ORDER BY customer.stage, customer.device_model
