-- customer_causes: faults and lost points of each customer, day and cause, by responsibility.
-- grain   customer_id, day, cause_id
-- reads   sessions, fault_causes
-- takes   nothing
-- units   faults in faults (sum of shares, not whole numbers); faults_squared in faults² (sum of
--         squared shares: the chance scatter of `faults`); lost in points
-- beware  Faulty sessions only. What sessions without a fault lose belongs to no cause; it is the
--         difference to customer_days. Additive over days.
SELECT
  sessions.customer_id,
  CAST(sessions.started_at AS DATE) AS day,
  fault_causes.cause_id,
  CAST(sum(CAST(fault_causes.share AS DECIMAL(18, 12))) AS DOUBLE) AS faults,
  CAST(
    sum(CAST(fault_causes.share * fault_causes.share AS DECIMAL(18, 12))) AS DOUBLE
  ) AS faults_squared,
  CAST(
    sum(
      CAST(
        fault_causes.share * (100 - coalesce(sessions.experience_score, 100)) AS DECIMAL(18, 12)
      )
    ) AS DOUBLE
  ) AS lost
FROM sessions
JOIN fault_causes ON sessions.session_id = fault_causes.session_id
WHERE sessions.faulty
GROUP BY sessions.customer_id, CAST(sessions.started_at AS DATE), fault_causes.cause_id
ORDER BY day, sessions.customer_id, fault_causes.cause_id
