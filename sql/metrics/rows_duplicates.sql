-- rows_duplicates: rows whose id was known already, over all feeds.
-- grain   one number
-- reads   runs
-- takes   nothing
-- units   rows
-- beware  the latest arrival of an id is the one that stays.
SELECT coalesce(sum(duplicates), 0) AS value FROM runs
