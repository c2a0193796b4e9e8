-- active_causes: causes that act as of the last day processed.
-- grain   one number
-- reads   causes
-- takes   nothing
-- units   causes
-- beware  suspected ones count; see their probability.
SELECT count(*) AS value FROM causes WHERE status <> 'fixed'
