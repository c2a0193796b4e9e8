-- sessions: sessions on record.
-- grain   one number
-- reads   sessions
-- takes   nothing
-- units   sessions
-- beware  one row a session id.
SELECT count(*) AS value FROM sessions
