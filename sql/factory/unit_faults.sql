-- unit_faults: every fault of a unit that its defect's cause answers for.
-- grain   defect_id, unit_id, session_id
-- reads   matched_unit, defect_condition, faulty_session, fault_cause
-- takes   nothing
-- units   share in faults (responsibility), time in UTC
-- beware  at all times: whoever counts within a window says so.
WITH
  term AS (SELECT DISTINCT defect_id, cause_id FROM defect_condition)
SELECT
  matched_unit.defect_id,
  matched_unit.unit_id,
  faulty_session.session_id,
  faulty_session.started_at,
  CAST(fault_cause.share AS DECIMAL(18, 12)) AS share
FROM term
JOIN fault_cause ON fault_cause.cause_id = term.cause_id
JOIN faulty_session ON faulty_session.session_id = fault_cause.session_id
JOIN matched_unit
  ON matched_unit.defect_id = term.defect_id AND matched_unit.unit_id = faulty_session.unit_id
