-- holds: holds on one unit or on one lot, the latest first.
-- grain   hold
-- reads   unit_holds
-- takes   $unit_id, $lot (null leaves one of them out)
-- units   times in UTC
-- beware  a released or expired hold stays in the list: its state says so.
SELECT unit_id, lot, state, reason, defect_id, set_by, set_at, expires_at, released_at
FROM unit_holds
WHERE unit_id = $unit_id OR lot = $lot
ORDER BY set_at DESC, unit_id, lot
