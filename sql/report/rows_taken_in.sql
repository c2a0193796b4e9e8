-- rows_taken_in: what became of the rows of each feed, over all batches.
-- grain   feed
-- reads   runs
-- units   rows_in, kept, duplicates and quarantined in rows
SELECT
    feed,
    CAST(SUM(rows_in) AS BIGINT) AS rows_in,
    CAST(SUM(kept) AS BIGINT) AS kept,
    CAST(SUM(COALESCE(duplicates, 0)) AS BIGINT) AS duplicates,
    CAST(SUM(quarantined) AS BIGINT) AS quarantined
FROM runs
GROUP BY feed
ORDER BY rows_in DESC, feed
