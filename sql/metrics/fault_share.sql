-- fault_share: share of sessions that met a fault.
-- grain   one number
-- reads   sessions
-- takes   nothing
-- units   share
-- beware  null without sessions.
SELECT avg(CAST(faulty AS INTEGER)) AS value FROM sessions
