-- experience_by_day: the mean experience index of the customers of each day.
-- grain   day
-- reads   customer_experience
-- units   score, low and high 0-100 (90 % interval of the mean), customers in customers
-- beware  each customer counts once a day, however many sessions; one customer has no interval.
WITH days AS (
    SELECT
        day,
        COUNT(*) AS customers,
        AVG(score) AS score,
        1.6449 * STDDEV_SAMP(score) / SQRT(COUNT(*)) AS half_width
    FROM customer_experience
    GROUP BY day
)

SELECT
    day,
    customers,
    score,
    CASE WHEN score < half_width THEN 0 ELSE score - half_width END AS low,
    CASE WHEN score + half_width > 100 THEN 100 ELSE score + half_width END AS high
FROM days
ORDER BY day
