-- work_passes: the working passes of each case, coded
-- grain   case_id, work_index
-- reads   case_pass (model case_passes), making (model makings)
-- takes   nothing
-- units   worked in pieces
-- beware  again says that the case went through the step more than once: only such passes can
--         give one look the same condition twice.
SELECT
  case_pass.case_id,
  case_pass.work_index,
  case_pass.position,
  case_pass.from_step,
  making.making,
  CAST(case_pass.pieces AS DOUBLE) AS worked,
  count(*) OVER (PARTITION BY case_pass.case_id, case_pass.step) > 1 AS again
FROM case_pass
JOIN making
  ON making.step = case_pass.step
  AND making.machine IS NOT DISTINCT FROM case_pass.machine
  AND making.shift IS NOT DISTINCT FROM case_pass.shift
  AND making.line IS NOT DISTINCT FROM case_pass.line
  AND making.operator_group IS NOT DISTINCT FROM case_pass.operator_group
WHERE NOT case_pass.inspection
