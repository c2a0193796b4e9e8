-- limits: what the sessions cannot answer, the most misleading first.
-- grain   rank
-- reads   data_limits
-- takes   nothing
-- units   sessions in events, share 0-1
-- beware  of the window that the causes rest on, not of all sessions.
SELECT
    rank,
    subject,
    kind,
    conditions,
    statement,
    sessions,
    share
FROM data_limits
ORDER BY rank
