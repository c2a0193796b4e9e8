-- reached_customers: the customers whose units an action replaced, and when.
-- grain   subject (a customer)
-- reads   session, reached
-- takes   nothing
-- units   time in UTC
-- beware  only who used the unit before it was replaced; a replaced unit has no days after.
SELECT session.customer_id AS subject, min(reached.reached_at) AS reached_at
FROM session
JOIN reached ON reached.subject = session.unit_id
WHERE session.started_at < reached.reached_at
GROUP BY session.customer_id
