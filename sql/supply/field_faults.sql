-- field_faults: faults in the field that causes of the device domain explain, by unit and lot
-- grain   unit_id, lot, line, station
-- reads   cause (causes), fault_cause (fault_causes), session (sessions)
-- takes   nothing
-- units   faults: the shares of responsibility, added up
-- beware  line and station are those that the cause names, not where the unit went: they narrow
--         down which of its steps can be to blame. No customer is named.
SELECT
  session.unit_id,
  session.lot,
  cause.conditions['line'] AS line,
  cause.conditions['station'] AS station,
  CAST(sum(CAST(fault_cause.share AS DECIMAL(18, 12))) AS DOUBLE) AS faults
FROM fault_cause
JOIN cause ON cause.cause_id = fault_cause.cause_id
JOIN session ON session.session_id = fault_cause.session_id
WHERE cause.domain = 'device'
  AND (session.unit_id IS NOT NULL OR session.lot IS NOT NULL)
GROUP BY session.unit_id, session.lot, cause.conditions['line'], cause.conditions['station']
ORDER BY session.unit_id, session.lot, line, station
