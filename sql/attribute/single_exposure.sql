-- single_exposure: exposure of the wanted values of one attribute, by day.
-- grain   day, value_1
-- reads   keyed_session (day, hour, a key per attribute), wanted_cell (value_1, key_1)
-- takes   @a (the attribute's column of keys)
-- units   sessions in events
-- beware  a wanted value without a session on a day has no row: the caller fills in zero.
SELECT
    keyed_session.day,
    wanted_cell.value_1,
    COUNT(*) AS sessions
FROM keyed_session
JOIN wanted_cell
  ON keyed_session.@a = wanted_cell.key_1
GROUP BY keyed_session.day, wanted_cell.value_1
