-- units_made: how many units production has made.
-- grain   one row
-- reads   units
-- takes   nothing
-- units   units
-- beware  counts what the feed names, sold or not.
SELECT count(*) AS units FROM units
