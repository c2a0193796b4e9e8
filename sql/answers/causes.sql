-- causes: every cause as of the last day processed, open ones first, the costliest on top.
-- grain   cause_id
-- reads   causes
-- takes   nothing
-- units   faults in events, probability 0-1
-- beware  the excess of a fixed cause lies in the past.
SELECT
    cause_id,
    kind,
    domain,
    label,
    status,
    valid_from,
    valid_to,
    first_reported_on,
    sessions,
    faults,
    expected_faults,
    excess_faults,
    excess_low,
    excess_high,
    rate_ratio,
    rate_ratio_low,
    rate_ratio_high,
    probability,
    customers,
    units,
    evidence_sql
FROM causes
ORDER BY status = 'fixed', excess_faults DESC NULLS LAST, cause_id
