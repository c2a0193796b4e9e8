-- single_inside: sessions of a condition by the key of one other attribute and day.
-- grain   day, key_1
-- reads   anchored_session (the sessions of one condition: day, hour, a key per attribute)
-- takes   @a (the other attribute's column of keys)
-- units   sessions in events
-- beware  a missing value has a null key; the caller picks the values that it wants.
SELECT
    day,
    @a AS key_1,
    COUNT(*) AS sessions
FROM anchored_session
GROUP BY day, @a
