-- reopened_days: days whose sessions saw a unit or cell that has changed since they were joined.
-- grain   day
-- reads   session (lake), changed_key
-- takes   @key the column of session that refers to the key
-- units   day in UTC
-- beware  a change that holds from a time on re-opens only the days from then on.
SELECT DISTINCT CAST(session.started_at AS DATE) AS day
FROM session
JOIN changed_key ON session.@key = changed_key.key
WHERE changed_key.since IS NULL
  OR CAST(session.started_at AS DATE) >= CAST(changed_key.since AS DATE)
ORDER BY day
