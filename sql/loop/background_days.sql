-- background_days: what the model expects of a day with no cause at work, over all sessions.
-- grain   day
-- reads   session, fault_cause
-- takes   $first_day, $last_day (both included)
-- units   sessions in events, faults in summed shares of background
-- beware  only its shape over the days is used; a fault that has no share yet counts as background.
--         Decimals add up to the same sum in any order.
WITH
  blamed AS (
    SELECT
      session_id,
      sum(CASE WHEN cause_id = 'background' THEN CAST(share AS DECIMAL(18, 12)) ELSE 0 END) AS share
    FROM fault_cause
    GROUP BY session_id
  )
SELECT
  CAST(session.started_at AS DATE) AS day,
  count(*) AS sessions,
  CAST(sum(CASE WHEN session.faulty THEN coalesce(blamed.share, 1) ELSE 0 END) AS DOUBLE) AS faults
FROM session
LEFT JOIN blamed ON blamed.session_id = session.session_id
WHERE session.started_at >= CAST($first_day AS DATE)
  AND session.started_at < CAST($last_day AS DATE) + INTERVAL '1' DAY
GROUP BY 1
