-- turn_gaps: what a resource did before each of its turns: nothing, closed or being set up
-- grain   resource_no, turn_no
-- reads   turn (model turns), service_order (model service_orders), working_hours (model
--         working_hours)
-- takes   nothing
-- units   _us: microseconds; closed_us: closed microseconds from being ready until the start
-- beware  free_us is the end of all that the resource had begun before, and busy_us counts only
--         what nothing begun before covers. The gap before a turn is the open time right before its
--         start since the resource was free and the turn ready.
--         Set-up: the gap of a turn of another product than the one before, as far as it exceeds
--         the usual gap, up to the 90 % quantile of changing; both are those of turns that were
--         ready when the resource became free (steady). The usual gap is the median of turns that go
--         on with one product; without it, or when changing is no slower, nothing is set-up.
--         done_us, set_up_us and unknown_us add up busy_us, setup_us and the busy_us of turns without
--         a known arrival: from the first turn of a block of 16 (turn_no // 16) to this one. Model
--         turn_blocks has what was done before the block.
WITH freed AS (
  SELECT
    turn.resource_no, turn.turn_no, turn.step_no, turn.start_us, turn.end_us, turn.ready_us,
    turn.cases, turn.changed,
    CASE
      WHEN service_order.turn_no IS NULL THEN turn.end_before_us ELSE service_order.free_us
    END AS free_us,
    coalesce(service_order.unordered, FALSE) AS unordered,
    CASE WHEN service_order.unordered THEN service_order.passed END AS passed,
    CASE WHEN service_order.unordered THEN service_order.passing END AS passing
  FROM turn
  LEFT JOIN service_order
    ON service_order.resource_no = turn.resource_no AND service_order.turn_no = turn.turn_no
),

closing AS (
  SELECT
    freed.*,
    at_free.closed_a_week_us * (freed.free_us // 604800000000) + at_free.closed_before_us
      + at_free.closed * (freed.free_us % 900000000) AS closed_at_free_us,
    at_start.closed_a_week_us * (freed.start_us // 604800000000) + at_start.closed_before_us
      + at_start.closed * (freed.start_us % 900000000) AS closed_at_start_us,
    at_ready.closed_a_week_us * (freed.ready_us // 604800000000) + at_ready.closed_before_us
      + at_ready.closed * (freed.ready_us % 900000000) AS closed_at_ready_us
  FROM freed
  JOIN working_hours AS at_start
    ON at_start.resource_no = freed.resource_no
    AND at_start.quarter = freed.start_us // 900000000 % 672
  LEFT JOIN working_hours AS at_free
    ON at_free.resource_no = freed.resource_no
    AND at_free.quarter = freed.free_us // 900000000 % 672
  LEFT JOIN working_hours AS at_ready
    ON at_ready.resource_no = freed.resource_no
    AND at_ready.quarter = freed.ready_us // 900000000 % 672
),

gap AS (
  SELECT
    resource_no, turn_no, step_no, start_us, ready_us, cases, changed, free_us,
    unordered, passed, passing,
    free_us > ready_us AS steady,
    closed_at_start_us - closed_at_ready_us AS closed_us,
    greatest(end_us - greatest(start_us, coalesce(free_us, start_us)), 0) AS busy_us,
    CASE
      WHEN greatest(free_us, ready_us) < start_us
        THEN start_us - greatest(free_us, ready_us) - closed_at_start_us
          + CASE WHEN free_us > ready_us THEN closed_at_free_us ELSE closed_at_ready_us END
      ELSE 0
    END AS idle_us
  FROM closing
),

steady_gap AS (
  SELECT resource_no, changed, idle_us, count(*) AS gaps
  FROM gap
  WHERE steady AND changed IS NOT NULL
  GROUP BY resource_no, changed, idle_us
),

ranked AS (
  SELECT
    resource_no, changed, idle_us,
    sum(CAST(gaps AS DOUBLE)) OVER (
      PARTITION BY resource_no, changed ORDER BY idle_us
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) - gaps AS shorter,
    sum(CAST(gaps AS DOUBLE)) OVER (PARTITION BY resource_no, changed) AS gaps
  FROM steady_gap
),

usual AS (
  SELECT
    resource_no,
    max(CASE WHEN NOT changed AND shorter < 0.5 * gaps THEN idle_us END) AS same_us,
    max(CASE WHEN changed AND shorter < 0.5 * gaps THEN idle_us END) AS changed_us,
    max(CASE WHEN changed AND shorter < 0.9 * gaps THEN idle_us END) AS longest_us
  FROM ranked
  GROUP BY resource_no
),

set_up AS (
  SELECT
    gap.resource_no, turn_no, step_no, start_us, ready_us, cases,
    free_us, unordered, passed, passing, closed_us, busy_us,
    CASE
      WHEN gap.changed AND usual.changed_us > usual.same_us
        THEN greatest(least(idle_us, usual.longest_us) - usual.same_us, 0)
      ELSE 0
    END AS setup_us
  FROM gap
  LEFT JOIN usual ON usual.resource_no = gap.resource_no
)

SELECT
  *,
  sum(CAST(busy_us AS DOUBLE)) OVER turns AS done_us,
  sum(CAST(setup_us AS DOUBLE)) OVER turns AS set_up_us,
  sum(CAST(CASE WHEN ready_us IS NULL THEN busy_us ELSE 0 END AS DOUBLE)) OVER turns AS unknown_us
FROM set_up
WINDOW turns AS (
  PARTITION BY resource_no, turn_no // 16 ORDER BY turn_no
  ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
)
