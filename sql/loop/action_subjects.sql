-- action_subjects: each subject of an action, with its use before the action began.
-- grain   subject
-- reads   action_day
-- takes   $last_before the last whole day before the action
-- units   sessions and faults in events, days in UTC
-- beware  faults must not decide who is a control: they tell only whether there are enough.
SELECT
  subject,
  min(stratum) AS stratum,
  min(second_stratum) AS second_stratum,
  CAST(coalesce(sum(CASE WHEN day <= $last_before THEN sessions END), 0) AS BIGINT) AS sessions,
  CAST(coalesce(sum(CASE WHEN day <= $last_before AND is_under THEN sessions END), 0) AS BIGINT)
    AS under_sessions,
  CAST(coalesce(sum(CASE WHEN day <= $last_before THEN faults END), 0) AS BIGINT) AS faults,
  min(CASE WHEN is_under THEN day END) AS first_under
FROM action_day
GROUP BY subject
