-- customer_fixes: what to do for a customer, best first, with the cause that it acts against.
-- grain   rank
-- reads   customer_fixes, causes
-- takes   $customer_id
-- units   share 0-1, faults in events
-- beware  a fix against 'background' has no cause: its label is null.
SELECT
    customer_fixes.rank,
    customer_fixes.cause_id,
    causes.label,
    causes.domain,
    causes.status,
    causes.probability,
    customer_fixes.fix_code,
    customer_fixes.fix,
    customer_fixes.avoid,
    customer_fixes.share,
    customer_fixes.faults_avoided_30d,
    customer_fixes.low,
    customer_fixes.high,
    customer_fixes.confidence,
    customer_fixes.verdict
FROM customer_fixes
LEFT JOIN causes ON causes.cause_id = customer_fixes.cause_id
WHERE customer_fixes.customer_id = $customer_id
ORDER BY customer_fixes.rank
