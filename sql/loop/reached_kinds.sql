-- reached_kinds: which column of the sessions the ids of an action's list are found in.
-- grain   attribute
-- reads   session, reached
-- takes   nothing
-- units   sessions in events
-- beware  an id may be found in several columns; the one with the most sessions is meant.
SELECT 'unit_id' AS attribute, count(*) AS sessions
FROM session WHERE unit_id IN (SELECT subject FROM reached)
UNION ALL
SELECT 'customer_id' AS attribute, count(*) AS sessions
FROM session WHERE customer_id IN (SELECT subject FROM reached)
UNION ALL
SELECT 'cell_id' AS attribute, count(*) AS sessions
FROM session WHERE cell_id IN (SELECT subject FROM reached)
