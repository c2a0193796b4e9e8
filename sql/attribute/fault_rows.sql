-- fault_rows: the faulty sessions, whole; the caller keeps the columns it needs.
-- grain   session_id
-- reads   session
-- takes   $since and $until (half-open, on started_at)
-- units   one row a fault
-- beware  fault_code may be null although the session is faulty: the caller names it.
SELECT *
FROM session
WHERE faulty
  AND started_at >= $since
  AND started_at < $until
