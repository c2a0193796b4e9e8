-- made_like_lot: units finished since production was changed where the old lot came from: of the
--   same model, line and site, but of another lot.
-- grain   unit_id
-- reads   unit
-- takes   $lot the old lot, $made_since
-- units   times in UTC
-- beware  a lot of which neither line nor site is known has none.
WITH old_lot AS (
  SELECT DISTINCT device_model, line, site
  FROM unit
  WHERE lot = $lot AND (line IS NOT NULL OR site IS NOT NULL)
)
SELECT DISTINCT unit.unit_id
FROM unit
INNER JOIN old_lot
  ON old_lot.device_model = unit.device_model
  AND old_lot.line IS NOT DISTINCT FROM unit.line
  AND old_lot.site IS NOT DISTINCT FROM unit.site
WHERE unit.produced_at >= $made_since AND unit.lot IS DISTINCT FROM $lot
