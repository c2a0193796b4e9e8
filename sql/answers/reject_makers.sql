-- reject_makers: what makes the rejects, the most first.
-- grain   reject_cause_id
-- reads   reject_causes
-- takes   $step (null = all steps)
-- units   pieces, money
-- beware  what no row explains is in step_defects.made_background.
SELECT
    label, step, found_at, pieces, rejects, excess_rejects, excess_low, excess_high,
    rate_ratio, rate_ratio_low, rate_ratio_high, probability, rivals, cost
FROM reject_causes
WHERE $step IS NULL OR step = $step
ORDER BY rank
