-- action_proposal: one thing that could be done, as the last run proposed it.
-- grain   at most one row
-- reads   action_proposals
-- takes   $action_id
-- units   units, production_share and chance_wrong 0-1
-- beware  what is in the ledger already may stand here as well.
SELECT
    kind,
    subject,
    cause_id,
    defect_id,
    reason,
    units,
    production_share,
    1 - chance_wrong AS probability
FROM action_proposals
WHERE action_id = $action_id
