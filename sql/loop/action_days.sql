-- action_days: sessions and faults that an action is judged by, each day of each of its subjects.
-- grain   day, subject, customer_id, is_under
-- reads   session, incident_fault
-- takes   @subject; up to three conditions @first, @second, @third with $first_value,
--         $second_value, $third_value and whether each moves: $first_moves, $second_moves,
--         $third_moves; @stratum, @second_stratum; $first_day, $last_day (both included)
-- units   sessions and faults in events, day in UTC
-- beware  a condition whose value is null asks for nothing; one that moves is met or not
--         (is_under), the others must be met. Strata are those of the subject on that day. Faults
--         of short incidents are sessions without a fault here.
WITH
  judged AS (
    SELECT
      CAST(session.started_at AS DATE) AS day,
      CAST(@subject AS VARCHAR) AS subject,
      customer_id,
      $first_value IS NULL OR coalesce(CAST(@first AS VARCHAR) = $first_value, FALSE) AS meets_first,
      $second_value IS NULL OR coalesce(CAST(@second AS VARCHAR) = $second_value, FALSE)
        AS meets_second,
      $third_value IS NULL OR coalesce(CAST(@third AS VARCHAR) = $third_value, FALSE) AS meets_third,
      CAST(@stratum AS VARCHAR) AS stratum,
      CAST(@second_stratum AS VARCHAR) AS second_stratum,
      session.faulty AND incident_fault.session_id IS NULL AS faulty
    FROM session
    LEFT JOIN incident_fault ON incident_fault.session_id = session.session_id
    WHERE started_at >= CAST($first_day AS DATE)
      AND started_at < CAST($last_day AS DATE) + INTERVAL '1' DAY
      AND @subject IS NOT NULL
  )
SELECT
  day,
  subject,
  customer_id,
  meets_first AND meets_second AND meets_third AS is_under,
  min(stratum) AS stratum,
  min(second_stratum) AS second_stratum,
  count(*) AS sessions,
  count(*) FILTER (WHERE faulty) AS faults
FROM judged
WHERE (meets_first OR $first_moves)
  AND (meets_second OR $second_moves)
  AND (meets_third OR $third_moves)
GROUP BY 1, 2, 3, 4
