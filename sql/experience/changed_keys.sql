-- changed_keys: units or cells whose rows differ between two states of a feed, and since when.
-- grain   key
-- reads   reference_now, reference_before
-- takes   @key the identity column, @since the column from which on a row holds
-- units   since in UTC; null = a change that holds at all times
-- beware  both states must have the same columns in the same order.
WITH
  arrived AS (SELECT * FROM reference_now EXCEPT SELECT * FROM reference_before),
  gone AS (SELECT * FROM reference_before EXCEPT SELECT * FROM reference_now),
  changed AS (SELECT * FROM arrived UNION ALL SELECT * FROM gone)
SELECT
  CAST(@key AS VARCHAR) AS key,
  CASE WHEN count(@since) = count(*) THEN min(@since) END AS since
FROM changed
GROUP BY 1
