-- rows_in: rows met in landing files so far, over all feeds.
-- grain   one number
-- reads   runs
-- takes   nothing
-- units   rows
-- beware  rows_in = rows_kept + rows_duplicates + rows_quarantined, always.
SELECT coalesce(sum(rows_in), 0) AS value FROM runs
