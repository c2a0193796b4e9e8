-- customer_days: a customer's experience day by day, with its interval.
-- grain   day
-- reads   customer_experience
-- takes   $customer_id
-- units   score 0-100 (90 % interval), sessions and faults in events
-- beware  a day without a session has no row.
SELECT day, sessions, faults, score, score_low, score_high
FROM customer_experience
WHERE customer_id = $customer_id
ORDER BY day
