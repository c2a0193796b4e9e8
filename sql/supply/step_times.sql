-- step_times: work and wait of every step of every case, and why the case waited
-- grain   case_id, position
-- reads   event (rows of the feed production_events)
-- takes   $open_share     a resource is open in an hour of the week when it worked in that hour in
--         at least this share of the weeks between its first and its last work
--         $minimum_hours  a resource that worked in fewer hours than this is given the hours of
--         the plant as a whole
-- units   seconds; inside, whole microseconds, so that work and wait add up exactly
-- beware  work_s counts only time that no earlier step of the case covers, so that the sum of
--         work_s and wait_s over a case is its last end minus its first start, always.
--         A wait [arrived, start) is taken apart in this order, each part of what is left:
--         batching              until the last of the cases arrived that start together with it
--                               (same resource, step and moment)
--         prioritisation        the resource worked on other cases, and one that had arrived later
--                               was served first; a first step has no known arrival: it jumps no queue
--         contention            the resource worked on other cases that were before it
--         resource_unavailable  nobody was served, outside the hours in which the resource works
--         setup                 the gap right before the start, since the resource last worked,
--                               when it changes over: its case before was of another product
--                               (another lot, where no product is given). Claimed is what exceeds
--                               the usual gap of the resource between two cases of one product,
--                               up to what nine in ten of its changeovers take. A resource that
--                               never goes on with the same product, or is no slower when it
--                               changes, shows no set-up.
--         other                 the rest, and all waits at an unknown resource
--         wait_cause is the largest part. The causes follow Lashkevich et al., "Why am I waiting?
--         Data-driven analysis of waiting times in business processes"; the computation is ours:
--         running totals along each case and each resource instead of comparing pairs of steps.
--         Set-up is not theirs: the time to prepare a work unit for an order (ISO 22400-2, actual
--         unit set-up time), seen from the case that waits; gaps of cases that had already
--         arrived when the resource became free tell how long it takes.
WITH timed AS (
  SELECT
    case_id, step, resource, line, started_at, ended_at, unit_id, lot,
    quantity_completed, quantity_rejected, product,
    coalesce(product, lot) AS family,
    epoch_us(started_at) AS start_us,
    epoch_us(ended_at) AS end_us,
    max(epoch_us(ended_at)) OVER earlier_steps AS covered_us,
    lag(step) OVER steps AS from_step,
    row_number() OVER steps AS position
  FROM event
  WINDOW
    steps AS (
      PARTITION BY case_id
      ORDER BY started_at, ended_at, step, resource, event_id, unit_id, lot,
        quantity_completed, quantity_rejected, line
    ),
    earlier_steps AS (
      PARTITION BY case_id
      ORDER BY started_at, ended_at, step, resource, event_id, unit_id, lot,
        quantity_completed, quantity_rejected, line
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),

arrival AS (
  SELECT
    *,
    least(coalesce(covered_us, start_us), start_us) AS arrived_us,
    CASE WHEN position > 1 THEN least(covered_us, start_us) END AS known_arrival_us
  FROM timed
),

batch AS (
  SELECT resource, step, start_us, max(known_arrival_us) AS complete_us
  FROM arrival
  WHERE resource IS NOT NULL
  GROUP BY resource, step, start_us
  HAVING min(case_id) <> max(case_id)
),

turn AS (
  SELECT
    resource, start_us,
    CASE WHEN min(family) = max(family) THEN min(family) END AS family,
    max(end_us) AS end_us
  FROM arrival
  WHERE resource IS NOT NULL
  GROUP BY resource, start_us
),

succession AS (
  SELECT
    resource, start_us,
    family <> lag(family) OVER turns AS changed,
    max(end_us) OVER (turns ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS free_us
  FROM turn
  WINDOW turns AS (PARTITION BY resource ORDER BY start_us)
),

queue AS (
  SELECT
    arrival.case_id, arrival.position, arrival.resource,
    arrival.start_us, arrival.end_us, arrival.arrived_us,
    greatest(arrival.arrived_us, coalesce(batch.complete_us, arrival.arrived_us)) AS ready_us,
    max(arrival.end_us) OVER served_before AS busy_until_us,
    max(arrival.known_arrival_us) OVER served_before AS latest_arrival_us
  FROM arrival
  LEFT JOIN batch
    ON batch.resource = arrival.resource
    AND batch.step = arrival.step
    AND batch.start_us = arrival.start_us
  WHERE arrival.resource IS NOT NULL
  WINDOW served_before AS (
    PARTITION BY arrival.resource
    ORDER BY arrival.start_us, arrival.arrived_us
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  )
),

service AS (
  SELECT
    *,
    greatest(end_us, coalesce(busy_until_us, end_us)) AS until_us,
    greatest(start_us, coalesce(busy_until_us, start_us)) AS fresh_us,
    sum(
      greatest(end_us - greatest(start_us, coalesce(busy_until_us, start_us)), 0)::DOUBLE
    ) OVER (
      PARTITION BY resource
      ORDER BY
        start_us, arrived_us, busy_until_us NULLS FIRST,
        greatest(end_us, coalesce(busy_until_us, end_us))
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )::BIGINT AS busy_us
  FROM queue
),

moment AS (
  SELECT resource, start_us AS at_us, 0 AS asked, busy_us, until_us, NULL AS case_id, NULL AS position
  FROM service
  UNION ALL
  SELECT resource, ready_us, 1, NULL, NULL, case_id, position
  FROM service
  WHERE ready_us < start_us
),

answer AS (
  SELECT
    case_id, position, asked,
    last_value(busy_us IGNORE NULLS) OVER until_then
      - greatest(last_value(until_us IGNORE NULLS) OVER until_then - at_us, 0) AS busy_us
  FROM moment
  WINDOW until_then AS (
    PARTITION BY resource
    ORDER BY at_us, asked, busy_us, until_us
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
),

worked_hour AS (
  SELECT DISTINCT
    resource,
    unnest(range(
      floor(fresh_us / 3600000000.0)::BIGINT,
      floor(least(greatest(end_us - 1, fresh_us), fresh_us + 2678400000000) / 3600000000.0)::BIGINT + 1
    )) AS hour
  FROM service
  WHERE end_us > fresh_us OR end_us = start_us
),

timetable AS (
  SELECT resource, hour FROM worked_hour
  WHERE resource IN (
    SELECT resource FROM worked_hour GROUP BY resource HAVING count(*) >= $minimum_hours
  )
  UNION ALL
  SELECT DISTINCT NULL, hour FROM worked_hour
),

observed AS (
  SELECT resource, floor((max(hour) - min(hour)) / 168.0) + 1 AS weeks
  FROM timetable
  GROUP BY resource
),

opened AS (
  SELECT resource, hour % 168 AS slot, count(DISTINCT floor(hour / 168.0)) AS weeks
  FROM timetable
  GROUP BY resource, hour % 168
),

calendar AS (
  SELECT
    observed.resource,
    slots.slot,
    CASE WHEN opened.weeks >= $open_share * observed.weeks THEN 0 ELSE 1 END AS closed
  FROM observed
  CROSS JOIN (SELECT unnest(range(168)) AS slot) AS slots
  LEFT JOIN opened
    ON opened.resource IS NOT DISTINCT FROM observed.resource AND opened.slot = slots.slot
),

closing AS (
  SELECT
    coalesce(resource, '') AS resource,
    slot,
    closed,
    sum(closed) OVER (PARTITION BY resource) AS closed_a_week,
    sum(closed) OVER (
      PARTITION BY resource ORDER BY slot ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) - closed AS closed_before
  FROM calendar
),

learned AS (
  SELECT resource FROM observed WHERE resource IS NOT NULL
),

wait AS (
  SELECT
    service.case_id, service.position, service.resource,
    service.ready_us - service.arrived_us AS batching_us,
    service.start_us - service.ready_us AS rest_us,
    CASE
      WHEN service.ready_us < service.start_us
        THEN service.busy_us - (service.until_us - service.start_us) - coalesce(answer.busy_us, 0)
      ELSE 0
    END AS busy_us,
    coalesce(service.latest_arrival_us > service.arrived_us, FALSE) AS jumped,
    service.ready_us, service.start_us,
    floor(service.ready_us / 3600000000.0)::BIGINT AS ready_hour,
    floor(service.start_us / 3600000000.0)::BIGINT AS start_hour,
    coalesce(learned.resource, '') AS timetable
  FROM service
  LEFT JOIN answer
    ON answer.asked = 1
    AND answer.case_id = service.case_id
    AND answer.position = service.position
  LEFT JOIN learned ON learned.resource = service.resource
  WHERE service.arrived_us < service.start_us
),

idle AS (
  SELECT
    wait.case_id, wait.position, wait.resource, wait.ready_us, wait.start_us,
    wait.batching_us, wait.busy_us, wait.jumped, wait.rest_us,
    least(
      wait.rest_us - wait.busy_us,
      (floor(wait.start_hour / 168.0) - floor(wait.ready_hour / 168.0))::BIGINT
        * ending.closed_a_week * 3600000000
      + (ending.closed_before - starting.closed_before) * 3600000000
      + ending.closed * (wait.start_us - wait.start_hour * 3600000000)
      - starting.closed * (wait.ready_us - wait.ready_hour * 3600000000)
    )::BIGINT AS closed_us
  FROM wait
  JOIN closing AS starting
    ON starting.resource = wait.timetable AND starting.slot = wait.ready_hour % 168
  JOIN closing AS ending
    ON ending.resource = wait.timetable AND ending.slot = wait.start_hour % 168
),

gap AS (
  SELECT
    idle.case_id, idle.position, idle.resource, succession.changed,
    greatest(least(
      idle.start_us - greatest(idle.ready_us, succession.free_us),
      idle.rest_us - idle.busy_us - idle.closed_us
    ), 0) AS gap_us,
    succession.free_us > idle.ready_us AS queued
  FROM idle
  JOIN succession
    ON succession.resource = idle.resource AND succession.start_us = idle.start_us
  WHERE succession.changed IS NOT NULL
),

ranked_gap AS (
  SELECT
    resource, changed, gap_us,
    row_number() OVER (PARTITION BY resource, changed ORDER BY gap_us) - 1 AS shorter,
    count(*) OVER (PARTITION BY resource, changed) AS gaps
  FROM gap
  WHERE queued
),

usual_gap AS (
  SELECT
    resource,
    max(gap_us) FILTER (WHERE NOT changed AND shorter < 0.5 * gaps) AS same_us,
    max(gap_us) FILTER (WHERE changed AND shorter < 0.5 * gaps) AS changed_us,
    max(gap_us) FILTER (WHERE changed AND shorter < 0.9 * gaps) AS longest_us
  FROM ranked_gap
  GROUP BY resource
),

setup AS (
  SELECT
    gap.case_id, gap.position,
    greatest(least(gap.gap_us, usual_gap.longest_us) - usual_gap.same_us, 0) AS setup_us
  FROM gap
  JOIN usual_gap ON usual_gap.resource = gap.resource
  WHERE gap.changed AND usual_gap.changed_us > usual_gap.same_us
),

again AS (
  SELECT case_id, step, min(position) AS first_position
  FROM arrival
  GROUP BY case_id, step
  HAVING count(*) > 1
),

explained AS (
  SELECT
    arrival.*,
    arrival.start_us - arrival.arrived_us AS wait_us,
    coalesce(idle.batching_us, 0) AS batching_us,
    CASE WHEN idle.jumped THEN idle.busy_us ELSE 0 END AS prioritisation_us,
    CASE WHEN NOT idle.jumped THEN idle.busy_us ELSE 0 END AS contention_us,
    coalesce(idle.closed_us, 0) AS unavailable_us,
    coalesce(setup.setup_us, 0) AS setup_us,
    coalesce(
      idle.rest_us - idle.busy_us - idle.closed_us, arrival.start_us - arrival.arrived_us
    ) - coalesce(setup.setup_us, 0) AS other_us,
    coalesce(arrival.position > again.first_position, FALSE)
      AND arrival.from_step <> arrival.step AS rework
  FROM arrival
  LEFT JOIN idle ON idle.case_id = arrival.case_id AND idle.position = arrival.position
  LEFT JOIN setup ON setup.case_id = arrival.case_id AND setup.position = arrival.position
  LEFT JOIN again ON again.case_id = arrival.case_id AND again.step = arrival.step
)

SELECT
  case_id, step, resource, started_at, ended_at,
  greatest(end_us - greatest(start_us, coalesce(covered_us, start_us)), 0) / 1e6 AS work_s,
  wait_us / 1e6 AS wait_s,
  CASE
    WHEN wait_us = 0 THEN 'none'
    WHEN batching_us >= greatest(
      prioritisation_us, contention_us, unavailable_us, setup_us, other_us
    ) THEN 'batching'
    WHEN prioritisation_us >= greatest(contention_us, unavailable_us, setup_us, other_us)
      THEN 'prioritisation'
    WHEN contention_us >= greatest(unavailable_us, setup_us, other_us) THEN 'contention'
    WHEN unavailable_us >= greatest(setup_us, other_us) THEN 'resource_unavailable'
    WHEN setup_us >= other_us THEN 'setup'
    ELSE 'other'
  END AS wait_cause,
  line, quantity_completed, quantity_rejected,
  CASE
    WHEN start_us < covered_us AND start_us = end_us THEN 'overlap, zero_duration'
    WHEN start_us < covered_us THEN 'overlap'
    WHEN start_us = end_us THEN 'zero_duration'
  END AS flag,
  position, from_step,
  coalesce(rework, FALSE) AS rework,
  batching_us / 1e6 AS batching_s,
  contention_us / 1e6 AS contention_s,
  prioritisation_us / 1e6 AS prioritisation_s,
  unavailable_us / 1e6 AS resource_unavailable_s,
  setup_us / 1e6 AS setup_s,
  other_us / 1e6 AS other_s,
  unit_id, lot, product
FROM explained
ORDER BY case_id, started_at, ended_at, position, step, resource
