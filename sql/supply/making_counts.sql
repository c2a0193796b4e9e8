-- making_counts: pieces looked at and rejected that were made under a condition, by who looked
-- grain   condition, stratum, cluster
-- reads   seen_work (model seen_work), seen_again (model seen_again), making_condition (making,
--         condition)
-- takes   @cluster    column of looks to count by: plant, day or batch
-- units   pieces and rejects in pieces; squares in pieces squared, a look at a time
-- beware  a look counts once for a condition, however often its case was worked on under it.
--         Conditions overlap: never add them up.
WITH repeated AS (
  SELECT DISTINCT
    seen_again.look, seen_again.stratum, seen_again.@cluster AS cluster,
    seen_again.pieces, seen_again.rejects, making_condition.condition
  FROM seen_again
  JOIN making_condition ON making_condition.making = seen_again.making
),

counted AS (
  SELECT
    making_condition.condition, seen_work.stratum, seen_work.@cluster AS cluster,
    seen_work.pieces, seen_work.squares, seen_work.rejects
  FROM seen_work
  JOIN making_condition ON making_condition.making = seen_work.making
  UNION ALL
  SELECT condition, stratum, cluster, pieces, CAST(pieces AS DOUBLE) * pieces, rejects
  FROM repeated
)

SELECT
  condition,
  stratum,
  cluster,
  CAST(sum(pieces) AS DOUBLE) AS pieces,
  CAST(sum(squares) AS DOUBLE) AS squares,
  CAST(sum(rejects) AS DOUBLE) AS rejects
FROM counted
GROUP BY condition, stratum, cluster
ORDER BY condition, stratum, cluster
