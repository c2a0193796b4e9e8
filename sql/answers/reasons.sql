-- reasons: what explains the faults of one customer or one unit, the largest share first.
-- grain   cause_id
-- reads   sessions, fault_causes, causes
-- takes   $id, @who (customer_id or unit_id)
-- units   faults in events (shares of faults added up), share 0-1
-- beware  a fault without shares yet counts as background.
WITH met AS (
    SELECT
        sessions.session_id,
        sessions.started_at,
        coalesce(fault_causes.cause_id, 'background') AS cause_id,
        coalesce(fault_causes.share, 1.0) AS share
    FROM sessions
    LEFT JOIN fault_causes ON fault_causes.session_id = sessions.session_id
    WHERE sessions.@who = $id AND sessions.faulty
),

total AS (
    SELECT sum(share) AS faults FROM met
)

SELECT
    met.cause_id,
    causes.label,
    causes.kind,
    causes.domain,
    causes.status,
    causes.valid_from,
    causes.valid_to,
    causes.probability,
    sum(met.share) AS faults,
    sum(met.share) / any_value(total.faults) AS share,
    max(met.started_at) AS last_at
FROM met
CROSS JOIN total
LEFT JOIN causes ON causes.cause_id = met.cause_id
GROUP BY ALL
ORDER BY share DESC, met.cause_id
