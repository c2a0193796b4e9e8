-- shares: how far the shares of the worst fault are from 1.
-- grain   one row
-- reads   fault_causes
-- units   rows in faults, largest_deviation in shares
-- beware  a missing share counts as nothing: it shows as a deviation.
WITH faults AS (
    SELECT session_id, ABS(SUM(COALESCE(share, 0)) - 1) AS deviation
    FROM fault_causes
    GROUP BY session_id
)

SELECT
    'all' AS partition,
    COUNT(*) AS rows,
    MAX(deviation) AS largest_deviation
FROM faults
