-- group_days: sessions and faults of each day of the treated and of each group of controls.
-- grain   name, day
-- reads   action_day, subject_group
-- takes   nothing
-- units   sessions and faults in events, day in UTC
-- beware  where the treated met the condition that the action moves, only that counts before.
SELECT
  subject_group.name,
  action_day.day,
  CAST(sum(action_day.sessions) AS BIGINT) AS sessions,
  CAST(sum(action_day.faults) AS BIGINT) AS faults
FROM action_day
JOIN subject_group ON subject_group.subject = action_day.subject
WHERE subject_group.last_before IS NULL
  OR NOT subject_group.met_before
  OR action_day.is_under
  OR action_day.day > subject_group.last_before
GROUP BY subject_group.name, action_day.day
