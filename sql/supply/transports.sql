-- transports: the time from one step to the next that no case has ever saved
-- grain   from_step_no, step_no
-- reads   case_step (model case_steps)
-- takes   $enough  a transition that fewer cases took than this is not judged
-- units   _us: microseconds
-- beware  it is the shortest wait of the transition. A resource cannot be what the case waits for
--         in it: transport, cooling, drying. Only then does the case arrive.
SELECT from_step_no, step_no, min(start_us - covered_us) AS transport_us
FROM case_step
WHERE covered_us <= start_us
GROUP BY from_step_no, step_no
HAVING count(*) >= $enough AND min(start_us - covered_us) > 0
