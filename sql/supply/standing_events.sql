-- standing_events: production events but for those that an error declaration took back
-- grain   rows of the feed
-- reads   received (rows of the feed production_events), retracted (event_id)
-- takes   nothing
-- units   as in the feed
-- beware  a declaration takes back all records of its event, wherever they came from; the right one
--         is an event of its own.
SELECT received.*
FROM received
LEFT JOIN retracted ON retracted.event_id = received.event_id
WHERE retracted.event_id IS NULL
