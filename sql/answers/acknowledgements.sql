-- acknowledgements: what receivers of our messages have said, by the action_id that each was given.
-- grain   action_id
-- reads   actions
-- takes   nothing
-- units   none
-- beware  others may use such ids too: match whole ones. The status is the receiver's own word; any row means that the message arrived.
SELECT action_id, coalesce(status, 'acknowledged') AS status, effective_from
FROM actions
WHERE starts_with(action_id, 'ack-')
ORDER BY action_id
