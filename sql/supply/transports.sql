-- transports: the time from one step to the next that no case has ever saved
-- grain   from_step_no, step_no
-- reads   case_step (model case_steps)
-- takes   $enough     a transition that fewer cases took than this is not judged
--         $longest_s  nor one whose shortest wait is longer: it may be a night
-- units   _us: microseconds
-- beware  it is the shortest wait of the transition, when a second case comes within a tenth of it.
--         A resource cannot be what the case waits for in it: transport, cooling, drying. Only
--         then does the case arrive.
WITH passed AS (
  SELECT from_step_no, step_no, epoch_us(started_at) - covered_us AS wait_us
  FROM case_step
  WHERE covered_us <= epoch_us(started_at)
),

shortest AS (
  SELECT from_step_no, step_no, min(wait_us) AS transport_us
  FROM passed
  GROUP BY from_step_no, step_no
  HAVING count(*) >= $enough AND min(wait_us) > 0 AND min(wait_us) / 1e6 <= $longest_s
)

SELECT shortest.from_step_no, shortest.step_no, shortest.transport_us
FROM shortest
JOIN passed
  ON passed.from_step_no = shortest.from_step_no
  AND passed.step_no = shortest.step_no
  AND passed.wait_us <= 1.1 * shortest.transport_us
GROUP BY shortest.from_step_no, shortest.step_no, shortest.transport_us
HAVING count(*) >= 2
