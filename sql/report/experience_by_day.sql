-- experience_by_day: the mean experience index of the customers of each day, and what it lacks.
-- grain   day
-- reads   customer_experience
-- units   score, low and high 0-100 (90 % interval of the mean), customers in customers, lost_to_*
--         in points, which add up to 100 - score
-- beware  each customer counts once a day, however many sessions; one customer has no interval.
WITH days AS (
    SELECT
        day,
        COUNT(*) AS customers,
        AVG(score) AS score,
        1.6449 * STDDEV_SAMP(score) / SQRT(COUNT(*)) AS half_width,
        AVG(lost_to_device) AS lost_to_device,
        AVG(lost_to_app) AS lost_to_app,
        AVG(lost_to_network) AS lost_to_network,
        AVG(lost_to_individual) AS lost_to_individual,
        AVG(lost_to_background) AS lost_to_background
    FROM customer_experience
    GROUP BY day
)

SELECT
    day,
    customers,
    score,
    CASE WHEN score < half_width THEN 0 ELSE score - half_width END AS low,
    CASE WHEN score + half_width > 100 THEN 100 ELSE score + half_width END AS high,
    lost_to_device,
    lost_to_app,
    lost_to_network,
    lost_to_individual,
    lost_to_background
FROM days
ORDER BY day
