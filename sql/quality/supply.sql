-- supply: how far the rejects of the tables are from adding up.
-- grain   one row
-- reads   step_times, step_defects, reject_causes
-- units   rows in steps, deviations in pieces
-- beware  made and booked are held against the events themselves, not against each other.
WITH event AS (
    SELECT COALESCE(SUM(quantity_rejected), 0) AS booked FROM step_times
),

step AS (
    SELECT
        COUNT(*) AS rows,
        COALESCE(SUM(booked), 0) AS booked,
        COALESCE(SUM(made), 0) AS made,
        COALESCE(SUM(made_by_causes), 0) AS explained,
        COALESCE(SUM(made_by_causes + made_background), 0) AS parts,
        COALESCE(SUM(CASE WHEN inspection THEN made ELSE 0 END), 0) AS blamed
    FROM step_defects
),

cause AS (
    SELECT COALESCE(SUM(excess_rejects), 0) AS explained FROM reject_causes
)

SELECT
    'all' AS partition,
    step.rows,
    GREATEST(
        ABS(step.booked - event.booked),
        ABS(step.made - event.booked),
        ABS(step.parts - step.made),
        ABS(step.explained - cause.explained)
    ) / GREATEST(event.booked, 1) AS largest_deviation,
    step.blamed AS made_by_inspections
FROM step
CROSS JOIN event
CROSS JOIN cause
