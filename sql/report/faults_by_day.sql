-- faults_by_day: how many faults of each day each shared cause explains.
-- grain   day, cause
-- reads   fault_causes, sessions, causes
-- units   faults in faults (shares of faults, so not whole)
-- beware  individual causes stand together: a picture names no customer and no unit.
SELECT
    CAST(s.started_at AS DATE) AS day,
    CASE
        WHEN f.cause_id = 'background' THEN 'background'
        WHEN c.kind = 'individual' THEN 'individual causes'
        ELSE COALESCE(c.label, f.cause_id)
    END AS cause,
    SUM(f.share) AS faults
FROM fault_causes AS f
INNER JOIN sessions AS s ON s.session_id = f.session_id
LEFT JOIN causes AS c ON c.cause_id = f.cause_id
GROUP BY 1, 2
ORDER BY day, cause
