-- wastes: what production wastes, the dearest first.
-- grain   step, waste, detail
-- reads   step_waste
-- takes   $step (null = all steps)
-- units   money; amounts in the unit of the row
-- beware  without rates in cx.toml there is no cost and no order.
SELECT
    rank, step, waste, detail, amount, amount_low, amount_high, unit,
    cost, cost_low, cost_high, saving, saving_low, saving_high
FROM step_waste
WHERE $step IS NULL OR step = $step
ORDER BY rank NULLS LAST, waste, amount DESC, step, detail
