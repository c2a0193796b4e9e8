-- seen_again: the makings that looks saw of steps that their case had been to more than once
-- grain   look, making
-- reads   look (model looks), work_pass (model work_passes)
-- takes   nothing
-- units   pieces and rejects in pieces
-- beware  kept apart from seen_work, because several of them may belong to one condition and a look
--         counts once for it.
SELECT DISTINCT
  look.look, look.stratum, 1 AS plant, look.day, look.batch, look.pieces, look.rejects,
  work_pass.making
FROM look
JOIN work_pass
  ON work_pass.case_no = look.case_no
  AND work_pass.position > look.work_from
  AND work_pass.position <= look.work_to
WHERE work_pass.again
