-- action_effect: what is known of one action: its estimate, and the watch on the cause it is against.
-- grain   at most one row
-- reads   actions, action_effects, recurrences, causes_history
-- takes   $action_id
-- units   estimate, low and high as ratios, faults in events
-- beware  of an action on what is still to come only the watch can tell.
WITH last_cause AS (
    SELECT cause_id, arg_max(rate_ratio, as_of) AS rate_ratio
    FROM causes_history
    GROUP BY cause_id
)

SELECT
    actions.action_id,
    actions.kind,
    action_effects.estimate,
    action_effects.low,
    action_effects.high,
    action_effects.verdict,
    action_effects.method,
    recurrences.watched_since,
    recurrences.faults,
    recurrences.expected_faults,
    recurrences.alarmed_at,
    last_cause.rate_ratio
FROM actions
LEFT JOIN action_effects ON action_effects.action_id = actions.action_id
LEFT JOIN recurrences ON recurrences.cause_id = actions.cause_id
LEFT JOIN last_cause ON last_cause.cause_id = actions.cause_id
WHERE actions.action_id = $action_id
