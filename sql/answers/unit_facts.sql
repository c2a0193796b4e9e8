-- unit_facts: what is known of one unit, from production and from use.
-- grain   one row; known is false for a unit that neither the factory nor a session names
-- reads   units, sessions
-- takes   $unit_id
-- units   sessions and faults in events
-- beware  a unit of another maker has sessions but no row in units.
WITH used AS (
    SELECT
        count(*) AS sessions,
        count(*) FILTER (WHERE faulty) AS faults,
        count(DISTINCT customer_id) AS customers,
        max(started_at) AS last_session_at,
        max(device_model) AS device_model
    FROM sessions
    WHERE unit_id = $unit_id
),

made AS (
    SELECT * FROM units WHERE unit_id = $unit_id
)

SELECT
    made.unit_id IS NOT NULL OR used.sessions > 0 AS known,
    coalesce(made.device_model, used.device_model) AS device_model,
    made.hardware_revision,
    made.lot,
    made.site,
    made.line,
    made.produced_at,
    made.shipped_at,
    made.in_service_at,
    made.disposition,
    used.sessions,
    used.faults,
    used.customers,
    used.last_session_at
FROM used
LEFT JOIN made ON true
