-- pair_inside: sessions of a condition by the keys of two other attributes and day.
-- grain   day, key_1, key_2
-- reads   anchored_session (the sessions of one condition: day, hour, a key per attribute)
-- takes   @a and @b (the other attributes' columns of keys)
-- units   sessions in events
-- beware  a missing value has a null key; the caller picks the values that it wants.
SELECT
    day,
    @a AS key_1,
    @b AS key_2,
    COUNT(*) AS sessions
FROM anchored_session
GROUP BY day, @a, @b
