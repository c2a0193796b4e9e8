-- pair_exposure: exposure of the wanted pairs of values of two attributes, by day.
-- grain   day, value_1, value_2
-- reads   keyed_session (day, hour, a key per attribute), wanted_cell (value_1, key_1, …)
-- takes   @a and @b (the attributes' columns of keys)
-- units   sessions in events
-- beware  never a raw cube: only the wanted pairs are grouped, whatever the cardinalities.
SELECT
    keyed_session.day,
    wanted_cell.value_1,
    wanted_cell.value_2,
    COUNT(*) AS sessions
FROM keyed_session
JOIN wanted_cell
  ON keyed_session.@a = wanted_cell.key_1
 AND keyed_session.@b = wanted_cell.key_2
GROUP BY keyed_session.day, wanted_cell.value_1, wanted_cell.value_2
