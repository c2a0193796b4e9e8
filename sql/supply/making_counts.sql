-- making_counts: pieces looked at and rejected that were made under a condition, by who looked
-- grain   condition, stratum, cluster
-- reads   look (model looks), work_pass (model work_passes), making_condition (making, condition)
-- takes   @cluster    column of look to count by: plant, day or batch
-- units   pieces and rejects in pieces; squares in pieces squared, a look at a time
-- beware  a look counts once for a condition, however often its case was worked on under it.
--         Conditions overlap: never add them up.
WITH once AS (
  SELECT
    look.stratum,
    look.@cluster AS cluster,
    work_pass.making,
    sum(look.pieces) AS pieces,
    sum(CAST(look.pieces AS DOUBLE) * look.pieces) AS squares,
    sum(look.rejects) AS rejects
  FROM look
  JOIN work_pass
    ON work_pass.case_id = look.case_id
    AND work_pass.work_index > look.work_from
    AND work_pass.work_index <= look.work_to
  WHERE NOT work_pass.again
    AND work_pass.making IN (SELECT making FROM making_condition)
  GROUP BY look.stratum, look.@cluster, work_pass.making
),

repeated AS (
  SELECT DISTINCT
    look.look, look.stratum, look.@cluster AS cluster, look.pieces, look.rejects,
    making_condition.condition
  FROM look
  JOIN work_pass
    ON work_pass.case_id = look.case_id
    AND work_pass.work_index > look.work_from
    AND work_pass.work_index <= look.work_to
  JOIN making_condition ON making_condition.making = work_pass.making
  WHERE work_pass.again
),

counted AS (
  SELECT
    making_condition.condition, once.stratum, once.cluster,
    once.pieces, once.squares, once.rejects
  FROM once
  JOIN making_condition ON making_condition.making = once.making
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
