-- triple_exposure: exposure of the wanted triples of values of three attributes, by day.
-- grain   day, value_1, value_2, value_3
-- reads   keyed_session (day, hour, a key per attribute), wanted_cell (value_1, key_1, …)
-- takes   @a, @b and @c (the attributes' columns of keys)
-- units   sessions in events
-- beware  never a raw cube: only the wanted triples are grouped, whatever the cardinalities.
SELECT
    keyed_session.day,
    wanted_cell.value_1,
    wanted_cell.value_2,
    wanted_cell.value_3,
    COUNT(*) AS sessions
FROM keyed_session
JOIN wanted_cell
  ON keyed_session.@a = wanted_cell.key_1
 AND keyed_session.@b = wanted_cell.key_2
 AND keyed_session.@c = wanted_cell.key_3
GROUP BY keyed_session.day, wanted_cell.value_1, wanted_cell.value_2, wanted_cell.value_3
