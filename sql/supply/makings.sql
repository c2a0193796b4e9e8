-- makings: the ways in which work is done: step, machine, shift, line and operator group together
-- grain   making
-- reads   case_pass (model case_passes)
-- takes   nothing
-- units   none
-- beware  numbered in the order of their words, so that the same data give the same numbers.
SELECT
  row_number() OVER (ORDER BY step, machine, shift, line, operator_group) AS making,
  step, machine, shift, line, operator_group
FROM (
  SELECT DISTINCT step, machine, shift, line, operator_group
  FROM case_pass
  WHERE NOT inspection
) AS ways
