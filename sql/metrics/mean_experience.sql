-- mean_experience: mean experience index over customer-days.
-- grain   one number
-- reads   customer_experience
-- takes   nothing
-- units   0-100
-- beware  every customer-day counts once, whatever its number of sessions.
SELECT avg(score) AS value FROM customer_experience
