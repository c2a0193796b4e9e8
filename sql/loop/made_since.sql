-- made_since: units finished since production was changed.
-- grain   unit_id
-- reads   unit
-- takes   $made_since
-- units   times in UTC
-- beware  a unit without a time of making is none.
SELECT DISTINCT unit_id
FROM unit
WHERE produced_at >= $made_since
