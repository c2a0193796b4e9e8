-- rejected_work: the working passes behind each look that rejected pieces
-- grain   look, position
-- reads   look (model looks), work_pass (model work_passes)
-- takes   nothing
-- units   pieces and rejects in pieces, of the look: they repeat on each of its rows; worked in
--         pieces of the pass
-- beware  a look with no work before it has one row without a position.
SELECT
  look.look,
  look.stratum,
  look.step AS booked_at,
  look.inspection,
  look.day,
  look.batch,
  CAST(look.pieces AS DOUBLE) AS pieces,
  CAST(look.rejects AS DOUBLE) AS rejects,
  work_pass.position,
  work_pass.from_step,
  work_pass.making,
  work_pass.worked,
  coalesce(
    work_pass.position = max(work_pass.position) OVER (PARTITION BY look.look), FALSE
  ) AS last_work
FROM look
LEFT JOIN work_pass
  ON work_pass.case_no = look.case_no
  AND work_pass.position > look.work_from
  AND work_pass.position <= look.work_to
WHERE look.rejects > 0
ORDER BY look.look, work_pass.position
