-- work_passes: the working passes of each case, coded
-- grain   case_no, position
-- reads   case_pass (model case_passes), making (model makings)
-- takes   nothing
-- units   worked in pieces
-- beware  again says that the case went through the step more than once: only such passes can
--         give one look the same condition twice. Few cases do, so they are looked up.
WITH repeated AS (
  SELECT DISTINCT case_no, step FROM case_pass WHERE again AND NOT inspection
)

SELECT
  case_pass.case_no,
  case_pass.position,
  case_pass.from_step,
  making.making,
  CAST(case_pass.pieces AS DOUBLE) AS worked,
  repeated.case_no IS NOT NULL AS again
FROM case_pass
JOIN making
  ON making.step = case_pass.step
  AND making.machine IS NOT DISTINCT FROM case_pass.machine
  AND making.shift IS NOT DISTINCT FROM case_pass.shift
  AND making.line IS NOT DISTINCT FROM case_pass.line
  AND making.operator_group IS NOT DISTINCT FROM case_pass.operator_group
LEFT JOIN repeated
  ON repeated.case_no = case_pass.case_no AND repeated.step = case_pass.step
WHERE NOT case_pass.inspection
