-- step_totals: passes, pieces and rejects of every step
-- grain   step
-- reads   step_time (table step_times)
-- takes   nothing
-- units   passes and rework in times, pieces and rejects in pieces
-- beware  a pass without any quantity is one piece.
SELECT
  step,
  count(*) AS passes,
  CAST(sum(CASE
    WHEN quantity_completed IS NULL AND quantity_rejected IS NULL THEN 1
    ELSE coalesce(quantity_completed, 0) + coalesce(quantity_rejected, 0)
  END) AS DOUBLE) AS pieces,
  CAST(sum(coalesce(quantity_rejected, 0)) AS DOUBLE) AS rejects
FROM step_time
GROUP BY step
ORDER BY step
