-- customer_turns: each customer's own sessions and faults before and after an action reached them.
-- grain   customer_id
-- reads   action_day, subject_group
-- takes   $first, $left_from, $left_to, $last the days of the comparison (all included)
-- units   sessions and faults in events, reached_on in UTC days
-- beware  the day on which the action reached a subject is in neither.
WITH
  turned AS (
    SELECT
      action_day.customer_id,
      subject_group.first_after,
      action_day.day >= subject_group.first_after AS is_after,
      action_day.sessions,
      action_day.faults
    FROM action_day
    JOIN subject_group ON subject_group.subject = action_day.subject
    WHERE subject_group.first_after IS NOT NULL
      AND action_day.day >= $first
      AND action_day.day <= $last
      AND (
        action_day.day >= subject_group.first_after
        OR (
          (action_day.is_under OR NOT subject_group.met_before)
          AND action_day.day <= subject_group.last_before
          AND NOT coalesce(action_day.day >= $left_from AND action_day.day <= $left_to, FALSE)
        )
      )
  )
SELECT
  customer_id,
  min(first_after) AS reached_on,
  CAST(sum(CASE WHEN is_after THEN 0 ELSE sessions END) AS BIGINT) AS sessions_before,
  CAST(sum(CASE WHEN is_after THEN 0 ELSE faults END) AS BIGINT) AS faults_before,
  CAST(sum(CASE WHEN is_after THEN sessions ELSE 0 END) AS BIGINT) AS sessions_after,
  CAST(sum(CASE WHEN is_after THEN faults ELSE 0 END) AS BIGINT) AS faults_after
FROM turned
GROUP BY customer_id
