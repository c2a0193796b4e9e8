-- step_lead_time: work and waiting of all cases together.
-- grain   one number
-- reads   step_times
-- takes   nothing
-- units   s
-- beware  equals the sum over cases of last end minus first start.
SELECT coalesce(sum(work_s) + sum(wait_s), 0) AS value FROM step_times
