-- step_times: work and wait of every step of every case, and why the case waited
-- grain   case_id, position
-- reads   case_step (model case_steps), transport (model transports), turn_wait (model turn_waits),
--         first_pass (model first_passes), word (model words), case_id (model case_ids)
-- takes   nothing
-- units   seconds; inside, whole microseconds, so that work and wait add up exactly
-- beware  rows come in the order of case_step where the engine keeps an order (DuckDB does); what
--         reads them must not rest on it.
--         work_s counts only time that no earlier step of the case covers, so that the sum of
--         work_s and wait_s over a case is its last end minus its first start, always.
--         A wait [arrived, start) is taken apart in this order, each part of what is left:
--         batching              until the last of the cases arrived that start together with it
--                               (same resource, step and moment); and at a step that mostly
--                               serves several at a time, when fewer than the most begin, also
--                               while the resource is idle and open
--         prioritisation        the resource worked on cases that had arrived later; a first
--                               step has no known arrival: it jumps no queue
--         contention            the resource worked on other cases
--         resource_unavailable  nobody was served, outside the hours in which the resource works
--         setup                 the resource was changed over (model turn_gaps says how it is
--                               known), for this case or for one before it
--         other                 the rest, and all waits at an unknown resource; also, before all
--                               others, the time of transport (model transports)
--         Most cases are units themselves: the name of a unit is looked up where it is another.
--         wait_cause is the largest part. The causes but set-up follow Lashkevich et al., "Why am
--         I waiting? Data-driven analysis of waiting times in business processes"; the computation
--         is ours: running totals along each case and each resource instead of comparing pairs of
--         steps. Set-up is the time to prepare a work unit for an order (ISO 22400-2, actual unit
--         set-up time), seen from the case that waits.
WITH arrived AS (
  SELECT
    case_step.*,
    epoch_us(started_at) AS start_us,
    least(coalesce(covered_us, epoch_us(started_at)), epoch_us(started_at)) AS left_us,
    CASE WHEN covered_us <= epoch_us(started_at) THEN coalesce(transport.transport_us, 0) ELSE 0 END
      AS transport_us
  FROM case_step
  LEFT JOIN transport
    ON transport.from_step_no = case_step.from_step_no AND transport.step_no = case_step.step_no
),

explained AS (
  SELECT
    arrived.*,
    arrived.start_us - left_us AS wait_us,
    coalesce(turn_wait.ready_us, arrived.start_us) - left_us - transport_us AS gathering_us,
    turn_wait.contention_us, turn_wait.prioritisation_us, turn_wait.unavailable_us,
    turn_wait.setup_us, turn_wait.rest_us, turn_wait.gathering
  FROM arrived
  LEFT JOIN turn_wait
    ON turn_wait.resource_no = arrived.resource_no
    AND turn_wait.step_no = arrived.step_no
    AND turn_wait.start_us = arrived.start_us
    AND left_us < arrived.start_us
),

part AS (
  SELECT
    *,
    CASE WHEN resource_no IS NULL THEN 0 ELSE gathering_us END
      + CASE WHEN gathering THEN rest_us ELSE 0 END AS batching_us,
    transport_us
      + CASE WHEN resource_no IS NULL THEN gathering_us ELSE 0 END
      + CASE WHEN gathering THEN 0 ELSE coalesce(rest_us, 0) END AS other_us
  FROM explained
)

SELECT
  cases.id AS case_id, steps.word AS step, resources.word AS resource,
  part.started_at, part.ended_at,
  greatest(epoch_us(ended_at) - greatest(start_us, coalesce(covered_us, start_us)), 0) / 1e6
    AS work_s,
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
  lines.word AS line, part.quantity_completed, part.quantity_rejected,
  CASE
    WHEN start_us < covered_us AND started_at = ended_at THEN 'overlap, zero_duration'
    WHEN start_us < covered_us THEN 'overlap'
    WHEN started_at = ended_at THEN 'zero_duration'
  END AS flag,
  CAST(part.position AS BIGINT) AS position, from_steps.word AS from_step,
  coalesce(part.position > first_pass.first_position AND part.from_step_no <> part.step_no, FALSE)
    AS rework,
  batching_us / 1e6 AS batching_s,
  coalesce(contention_us, 0) / 1e6 AS contention_s,
  coalesce(prioritisation_us, 0) / 1e6 AS prioritisation_s,
  coalesce(unavailable_us, 0) / 1e6 AS resource_unavailable_s,
  coalesce(setup_us, 0) / 1e6 AS setup_s,
  other_us / 1e6 AS other_s,
  CASE WHEN part.unit_no = part.case_no THEN cases.id ELSE units.id END AS unit_id,
  lots.id AS lot, products.word AS product
FROM part
LEFT JOIN first_pass
  ON first_pass.case_no = part.case_no AND first_pass.step_no = part.step_no
JOIN case_id AS cases ON cases.id_no = part.case_no
LEFT JOIN case_id AS units ON units.id_no = nullif(part.unit_no, part.case_no)
LEFT JOIN case_id AS lots ON lots.id_no = part.lot_no
JOIN word AS steps ON steps.word_no = part.step_no
LEFT JOIN word AS from_steps ON from_steps.word_no = part.from_step_no
LEFT JOIN word AS resources ON resources.word_no = part.resource_no
LEFT JOIN word AS lines ON lines.word_no = part.line_no
LEFT JOIN word AS products ON products.word_no = part.product_no
