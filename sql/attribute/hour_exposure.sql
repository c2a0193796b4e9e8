-- hour_exposure: exposure by hour of the wanted values of one attribute.
-- grain   day, hour, value_1
-- reads   keyed_session (day, hour, a key per attribute), wanted_cell (value_1, key_1)
-- takes   @a (the attribute's column of keys)
-- units   sessions in events
-- beware  hours without a session have no row.
SELECT
    keyed_session.day,
    keyed_session.hour,
    wanted_cell.value_1,
    COUNT(*) AS sessions
FROM keyed_session
JOIN wanted_cell
  ON keyed_session.@a = wanted_cell.key_1
GROUP BY keyed_session.day, keyed_session.hour, wanted_cell.value_1
