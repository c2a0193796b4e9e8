-- coverage: what the published warehouse covers, and how much of its faults is explained.
-- grain   one row
-- reads   sessions, fault_causes
-- takes   nothing
-- units   sessions and faults in events
-- beware  a fault counts once: its shares over causes and background add up to 1.
WITH exposure AS (
    SELECT
        min(started_at) AS first_at,
        max(started_at) AS last_at,
        count(*) AS sessions,
        count(*) FILTER (WHERE faulty) AS faults
    FROM sessions
),

unexplained AS (
    SELECT coalesce(sum(share), 0) AS faults
    FROM fault_causes
    WHERE cause_id = 'background'
)

SELECT
    exposure.first_at,
    exposure.last_at,
    exposure.sessions,
    exposure.faults,
    unexplained.faults AS unexplained_faults
FROM exposure
CROSS JOIN unexplained
