-- rows_quarantined: rows that broke a rule, over all feeds.
-- grain   one number
-- reads   runs
-- takes   nothing
-- units   rows
-- beware  files refused as a whole have no line and are in quarantine as well.
SELECT coalesce(sum(quarantined), 0) AS value FROM runs
