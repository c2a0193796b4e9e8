-- changes: what is new for somebody to act on, as of the last day processed.
-- grain   change
-- reads   causes, causes_history, recurrences, action_ledger, unit_holds
-- takes   $soon_days within how many days the end of a hold is told
-- units   times in UTC
-- beware  an action stands here until somebody closes or reopens it, a cause on one day only.
WITH days AS (
    SELECT DISTINCT as_of FROM causes_history
),

last_day AS (
    SELECT max(as_of) AS day FROM days
),

before AS (
    SELECT cause_id
    FROM causes_history
    WHERE
        status = 'recurred'
        AND as_of = (SELECT max(as_of) FROM days WHERE as_of < (SELECT day FROM last_day))
),

last_entry AS (
    SELECT * FROM action_ledger
    QUALIFY row_number() OVER (PARTITION BY action_id ORDER BY entry DESC) = 1
)

SELECT 'new' AS change, causes.cause_id AS id, causes.label AS what, NULL AS detail
FROM causes
CROSS JOIN last_day
WHERE causes.first_reported_on = last_day.day AND causes.status != 'recurred'
UNION ALL
SELECT 'recurred', causes.cause_id, causes.label, NULL
FROM causes
CROSS JOIN last_day
LEFT JOIN recurrences ON recurrences.cause_id = causes.cause_id
WHERE
    causes.status = 'recurred'
    AND CASE
        WHEN recurrences.alarmed_at IS NOT NULL THEN recurrences.alarmed_at >= last_day.day
        ELSE causes.cause_id NOT IN (SELECT cause_id FROM before)
    END
UNION ALL
SELECT event, action_id, subject, coalesce(verdict, reason)
FROM last_entry
WHERE event IN ('effect_known', 'reopen_proposed')
UNION ALL
SELECT
    'hold_ends',
    unit_holds.action_id,
    coalesce(unit_holds.component || '_lot=' || unit_holds.lot, 'lot=' || unit_holds.lot, 'unit_id=' || unit_holds.unit_id),
    strftime(unit_holds.expires_at, '%Y-%m-%d')
FROM unit_holds
CROSS JOIN last_day
WHERE
    unit_holds.state = 'held'
    AND unit_holds.expires_at <= last_day.day + to_days(CAST($soon_days + 1 AS INTEGER))
ORDER BY change, id
