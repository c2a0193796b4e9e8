-- waste: how far the wastes are from all waiting, rework, rejects and faults there are.
-- grain   one row
-- reads   step_times, step_field_faults, step_waste
-- units   rows in wastes, largest_deviation in shares of what the events say
-- beware  savings are estimates: they add up to nothing.
WITH event AS (
    SELECT
        COALESCE(SUM(wait_s), 0) / 3600 AS waiting,
        COUNT(*) FILTER (WHERE rework) AS rework,
        COALESCE(SUM(quantity_rejected), 0) AS rejects
    FROM step_times
),

field AS (
    SELECT COALESCE(SUM(faults), 0) AS faults FROM step_field_faults
),

waste AS (
    SELECT
        COUNT(*) AS rows,
        COALESCE(SUM(amount) FILTER (WHERE waste = 'waiting'), 0) AS waiting,
        COALESCE(SUM(amount) FILTER (WHERE waste = 'rework'), 0) AS rework,
        COALESCE(SUM(amount) FILTER (WHERE waste = 'rejects'), 0) AS rejects,
        COALESCE(SUM(amount) FILTER (WHERE waste = 'field_faults'), 0) AS faults
    FROM step_waste
)

SELECT
    'all' AS partition,
    waste.rows,
    GREATEST(
        ABS(waste.waiting - event.waiting) / GREATEST(event.waiting, 1),
        ABS(waste.rework - event.rework) / GREATEST(event.rework, 1),
        ABS(waste.rejects - event.rejects) / GREATEST(event.rejects, 1),
        ABS(waste.faults - field.faults) / GREATEST(field.faults, 1)
    ) AS largest_deviation
FROM event
CROSS JOIN field
CROSS JOIN waste
