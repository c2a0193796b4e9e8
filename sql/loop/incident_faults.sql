-- incident_faults: faults that a short incident explains, and that tell nothing about an action.
-- grain   session_id
-- reads   fault_cause, incident
-- takes   $least_share from which on a fault is the incident's
-- units   none
-- beware  the cause that an action is against must not be among the incidents.
SELECT fault_cause.session_id
FROM fault_cause
JOIN incident ON incident.cause_id = fault_cause.cause_id
GROUP BY fault_cause.session_id
HAVING sum(CAST(fault_cause.share AS DECIMAL(18, 12))) >= $least_share
