-- customer_fixes: what to do for a customer, best first, with the cause that it acts against.
-- grain   rank
-- reads   customer_fixes, causes
-- takes   $customer_id
-- units   share 0-1, faults in events
-- beware  a fix against 'background' has no cause: its label is null. Every column of the table is
--         given, so that one that a later version adds (such as the day of a verdict) comes along.
SELECT
    customer_fixes.* EXCLUDE (customer_id),
    causes.label,
    causes.domain,
    causes.status,
    causes.probability
FROM customer_fixes
LEFT JOIN causes ON causes.cause_id = customer_fixes.cause_id
WHERE customer_fixes.customer_id = $customer_id
ORDER BY customer_fixes.rank
