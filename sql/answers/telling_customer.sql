-- telling_customer: the customer whose best fix is worth most.
-- grain   at most one row
-- reads   customer_fixes
-- takes   nothing
-- units   faults in events
-- beware  leaves out customers whose faults nothing explains.
SELECT customer_id
FROM customer_fixes
WHERE rank = 1 AND cause_id <> 'background'
ORDER BY faults_avoided_30d DESC NULLS LAST, customer_id
LIMIT 1
