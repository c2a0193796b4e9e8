-- rows_kept: distinct rows that the lake took, over all feeds.
-- grain   one number
-- reads   runs
-- takes   nothing
-- units   rows
-- beware  a row that replaced an older one of the same id counts as a duplicate.
SELECT coalesce(sum(kept), 0) AS value FROM runs
