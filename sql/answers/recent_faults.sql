-- recent_faults: the last faults of one customer or one unit, each with its main cause.
-- grain   session_id
-- reads   sessions, fault_causes, causes
-- takes   $id, $most (how many), @who (customer_id or unit_id)
-- units   share 0-1
-- beware  the main cause is the one with the largest share; the rest is in fault_causes.
WITH latest AS (
    SELECT session_id, started_at, fault_code, unit_id, device_model, app_version, cell_id
    FROM sessions
    WHERE @who = $id AND faulty
    ORDER BY started_at DESC, session_id
    LIMIT $most
),

explained AS (
    SELECT
        latest.session_id,
        fault_causes.cause_id,
        fault_causes.share,
        row_number() OVER (
            PARTITION BY latest.session_id ORDER BY fault_causes.share DESC, fault_causes.cause_id
        ) AS place
    FROM latest
    INNER JOIN fault_causes ON fault_causes.session_id = latest.session_id
)

SELECT
    latest.session_id,
    latest.started_at,
    latest.fault_code,
    latest.unit_id,
    latest.device_model,
    latest.app_version,
    latest.cell_id,
    coalesce(explained.cause_id, 'background') AS cause_id,
    causes.label,
    causes.kind,
    coalesce(explained.share, 1.0) AS share
FROM latest
LEFT JOIN explained ON explained.session_id = latest.session_id AND explained.place = 1
LEFT JOIN causes ON causes.cause_id = explained.cause_id
ORDER BY latest.started_at DESC, latest.session_id
