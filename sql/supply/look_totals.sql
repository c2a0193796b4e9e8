-- look_totals: pieces looked at and rejected, by who looked
-- grain   stratum, cluster
-- reads   look (model looks)
-- takes   @cluster    column of look to count by: plant, day or batch
-- units   pieces and rejects in pieces; squares in pieces squared, a look at a time
-- beware  a stratum is of one step
SELECT
  stratum,
  step,
  @cluster AS cluster,
  CAST(sum(pieces) AS DOUBLE) AS pieces,
  CAST(sum(CAST(pieces AS DOUBLE) * pieces) AS DOUBLE) AS squares,
  CAST(sum(rejects) AS DOUBLE) AS rejects
FROM look
GROUP BY stratum, step, @cluster
ORDER BY stratum, cluster
