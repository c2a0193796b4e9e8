-- customer_days: sessions, faults and lost points of each customer and day, ready to be added up.
-- grain   customer_id, day
-- reads   sessions
-- takes   nothing
-- units   lost in points (100 - experience_score, summed over sessions); lost_squares in points²
-- beware  Sums only, so that any history is a sum of days. A session without a score counts as
--         flawless: nobody measured a loss.
SELECT
  customer_id,
  CAST(started_at AS DATE) AS day,
  count(*) AS sessions,
  count(*) FILTER (WHERE faulty) AS faults,
  CAST(sum(CAST(100 - coalesce(experience_score, 100) AS DECIMAL(18, 12))) AS DOUBLE) AS lost,
  CAST(
    sum(
      CAST(
        (100 - coalesce(experience_score, 100)) * (100 - coalesce(experience_score, 100))
        AS DECIMAL(18, 12)
      )
    ) AS DOUBLE
  ) AS lost_squares
FROM sessions
GROUP BY customer_id, CAST(started_at AS DATE)
ORDER BY day, customer_id
