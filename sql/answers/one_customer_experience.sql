-- one_customer_experience: the days of one customer in the experience index.
-- grain   customer_id, day
-- reads   customer_experience
-- takes   $customer_id
-- units   those of customer_experience
-- beware  read once and kept, as one_customer_faults.
SELECT *
FROM customer_experience
WHERE customer_id = $customer_id
