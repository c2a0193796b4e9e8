-- words: a number for each step, resource, line and product
-- grain   word
-- reads   event (rows of the feed production_events)
-- takes   nothing
-- units   none
-- beware  numbers follow the words' order, so that sorting by one is sorting by the other; they
--         mean nothing outside one computation. What follows compares numbers and not words, and
--         the words come back at the end.
SELECT word, CAST(row_number() OVER (ORDER BY word) AS INTEGER) AS word_no
FROM (
  SELECT step AS word FROM event
  UNION
  SELECT resource FROM event
  UNION
  SELECT line FROM event
  UNION
  SELECT product FROM event
) AS used
WHERE word IS NOT NULL
