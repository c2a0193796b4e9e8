-- faults: sessions that met a fault.
-- grain   one number
-- reads   sessions
-- takes   nothing
-- units   faults
-- beware  a session counts once, whatever it met.
SELECT count(*) AS value FROM sessions WHERE faulty
