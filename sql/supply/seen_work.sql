-- seen_work: what looks saw of each making, added up by who looked, day and batch
-- grain   stratum, day, batch, making
-- reads   look (model looks), work_pass (model work_passes)
-- takes   nothing
-- units   pieces and rejects in pieces; squares in pieces squared, a look at a time
-- beware  only makings that a case met once (again is false): the others are in seen_again.
SELECT
  look.stratum,
  1 AS plant,
  look.day,
  look.batch,
  work_pass.making,
  sum(look.pieces) AS pieces,
  sum(CAST(look.pieces AS DOUBLE) * look.pieces) AS squares,
  sum(look.rejects) AS rejects
FROM look
JOIN work_pass
  ON work_pass.case_no = look.case_no
  AND work_pass.position > look.work_from
  AND work_pass.position <= look.work_to
WHERE NOT work_pass.again
GROUP BY look.stratum, look.day, look.batch, work_pass.making
