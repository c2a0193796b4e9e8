-- repeated_faults: a customer's faults that came although something had been done against them.
-- grain   action_id
-- reads   sessions, fault_causes, causes, actions
-- takes   $customer_id
-- units   faults in events, times in UTC
-- beware  A fault counts under its main cause only. Where the sender lists whom an action reached,
--         the session's customer, unit or cell must be named there. Holds and changes of a process
--         act on units still to be made: no fault in the field comes after them. An update that
--         names the version it replaces says nothing of a fault on that version: not_updated.
WITH explained AS (
    SELECT
        sessions.session_id,
        sessions.started_at,
        sessions.customer_id,
        sessions.unit_id,
        sessions.cell_id,
        fault_causes.cause_id,
        row_number() OVER (
            PARTITION BY sessions.session_id
            ORDER BY fault_causes.share DESC, fault_causes.cause_id
        ) AS place
    FROM sessions
    INNER JOIN fault_causes ON fault_causes.session_id = sessions.session_id
    WHERE sessions.customer_id = $customer_id AND sessions.faulty
),

acts AS (
    SELECT
        action_id,
        cause_id,
        kind,
        effective_from,
        exposed,
        array_to_string(
            list_sort(list_transform(string_split(conditions, '&'), lambda part: trim(part))),
            ' & '
        ) AS label
    FROM actions
    WHERE kind NOT IN ('lot_hold', 'process_change')
),

acted AS (
    SELECT
        acts.action_id,
        acts.kind,
        acts.effective_from,
        acts.exposed,
        causes.cause_id,
        causes.label,
        (acts.kind = 'app_update' AND map_contains(causes.conditions, 'app_version'))
        OR (
            acts.kind = 'firmware_update'
            AND (
                map_contains(causes.conditions, 'firmware_version')
                OR map_contains(causes.conditions, 'os_version')
            )
        ) AS not_updated
    FROM acts
    INNER JOIN causes
        ON acts.cause_id = causes.cause_id OR (acts.cause_id IS NULL AND acts.label = causes.label)
)

SELECT
    acted.action_id,
    acted.kind,
    acted.effective_from,
    acted.cause_id,
    acted.label,
    acted.not_updated,
    count(*) AS faults,
    max(explained.started_at) AS last_at
FROM explained
INNER JOIN acted
    ON
        acted.cause_id = explained.cause_id
        AND acted.effective_from <= explained.started_at
        AND (
            acted.exposed IS NULL
            OR contains(acted.exposed, '"' || explained.customer_id || '"')
            OR contains(acted.exposed, '"' || explained.unit_id || '"')
            OR contains(acted.exposed, '"' || explained.cell_id || '"')
        )
WHERE explained.place = 1
GROUP BY ALL
ORDER BY last_at DESC, acted.action_id
