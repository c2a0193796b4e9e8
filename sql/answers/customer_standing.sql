-- customer_standing: a customer's experience over the days that are published.
-- grain   one row; sessions is null for a customer that is not there
-- reads   customer_experience
-- takes   $customer_id
-- units   score and points lost 0-100, weighted by the sessions of each day
-- beware  a day without a session says nothing and weighs nothing.
SELECT
    min(day) AS first_day,
    max(day) AS last_day,
    sum(sessions) AS sessions,
    sum(faults) AS faults,
    sum(score * sessions) / sum(sessions) AS score,
    sum(lost_to_device * sessions) / sum(sessions) AS lost_to_device,
    sum(lost_to_app * sessions) / sum(sessions) AS lost_to_app,
    sum(lost_to_network * sessions) / sum(sessions) AS lost_to_network,
    sum(lost_to_individual * sessions) / sum(sessions) AS lost_to_individual,
    sum(lost_to_background * sessions) / sum(sessions) AS lost_to_background
FROM customer_experience
WHERE customer_id = $customer_id
