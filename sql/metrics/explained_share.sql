-- explained_share: share of the faults that causes explain.
-- grain   one number
-- reads   fault_causes
-- takes   nothing
-- units   share
-- beware  the rest is background.
SELECT sum(share) FILTER (WHERE cause_id <> 'background') / sum(share) AS value FROM fault_causes
