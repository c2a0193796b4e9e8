-- intake: whether each batch accounts for its rows, how much it rejected, what it did not know.
-- grain   batch, feed (named together in `partition`)
-- reads   runs
-- units   unaccounted_rows and drift_columns in counts, quarantine_share 0-1
-- beware  a feed without rows has no share: null, which no check judges.
SELECT
    batch || ' ' || feed AS partition,
    rows_in AS rows,
    rows_in - kept - COALESCE(duplicates, 0) - quarantined AS unaccounted_rows,
    quarantined / NULLIF(CAST(rows_in AS DOUBLE), 0) AS quarantine_share,
    COALESCE(json_array_length(drift), 0) AS drift_columns
FROM runs
ORDER BY partition
