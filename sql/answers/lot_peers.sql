-- lot_peers: fault rates of a lot and of the healthy and sick lots beside it.
-- grain   role, component, lot
-- reads   units, components, sessions
-- takes   $lot
-- units   sessions and faults in events, faults_per_1000 per 1,000 sessions
-- beware  raw rates, not adjusted for models, apps and cells: the adjusted view is defects.
WITH genealogy AS (
    SELECT unit_id, 'production' AS role, '' AS component, lot
    FROM units
    WHERE lot IS NOT NULL
    UNION ALL
    SELECT DISTINCT unit_id, 'component' AS role, component, component_lot AS lot
    FROM components
),

asked AS (
    SELECT DISTINCT role, component
    FROM genealogy
    WHERE lot = $lot
),

used AS (
    SELECT unit_id, count(*) AS sessions, count(*) FILTER (WHERE faulty) AS faults
    FROM sessions
    WHERE unit_id IS NOT NULL
    GROUP BY unit_id
)

SELECT
    genealogy.role,
    genealogy.component,
    genealogy.lot,
    count(*) AS units,
    count(*) FILTER (WHERE used.faults > 0) AS units_failed,
    coalesce(sum(used.sessions), 0) AS sessions,
    coalesce(sum(used.faults), 0) AS faults,
    1000.0 * sum(used.faults) / sum(used.sessions) AS faults_per_1000
FROM genealogy
INNER JOIN asked ON asked.role = genealogy.role AND asked.component = genealogy.component
LEFT JOIN used ON used.unit_id = genealogy.unit_id
GROUP BY genealogy.role, genealogy.component, genealogy.lot
ORDER BY faults_per_1000 DESC NULLS LAST, genealogy.lot
