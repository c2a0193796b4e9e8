-- turn_gaps: what a resource did before each of its turns: nothing, closed or being set up
-- grain   resource_no, turn_no
-- reads   turn (model turns), working_hours (model working_hours)
-- takes   nothing
-- units   _us: microseconds, or closed microseconds since 1970 where named closed_at_
-- beware  the gap before a turn is the open time right before its start since the resource was free
--         and the turn ready.
--         Set-up: the gap of a turn of another product than the one before, as far as it exceeds
--         the usual gap, up to the 90 % quantile of changing; both are those of turns that were
--         ready when the resource became free (steady). The usual gap is the median of turns that go
--         on with one product; without it, or when changing is no slower, nothing is set-up.
WITH closing AS (
  SELECT
    turn.*,
    coalesce(
      at_free.closed_a_week_us * (turn.free_us // 604800000000) + at_free.closed_before_us
        + at_free.closed * (turn.free_us % 900000000), 0
    ) AS closed_at_free_us,
    at_start.closed_a_week_us * (turn.start_us // 604800000000) + at_start.closed_before_us
      + at_start.closed * (turn.start_us % 900000000) AS closed_at_start_us,
    at_ready.closed_a_week_us * (turn.ready_us // 604800000000) + at_ready.closed_before_us
      + at_ready.closed * (turn.ready_us % 900000000) AS closed_at_ready_us
  FROM turn
  JOIN working_hours AS at_start
    ON at_start.resource_no = turn.resource_no
    AND at_start.quarter = turn.start_us // 900000000 % 672
  LEFT JOIN working_hours AS at_free
    ON at_free.resource_no = turn.resource_no
    AND at_free.quarter = turn.free_us // 900000000 % 672
  LEFT JOIN working_hours AS at_ready
    ON at_ready.resource_no = turn.resource_no
    AND at_ready.quarter = turn.ready_us // 900000000 % 672
),

gap AS (
  SELECT
    *,
    free_us > ready_us AS steady,
    CASE
      WHEN greatest(free_us, ready_us) < start_us
        THEN start_us - greatest(free_us, ready_us) - closed_at_start_us
          + CASE WHEN free_us > ready_us THEN closed_at_free_us ELSE closed_at_ready_us END
      ELSE 0
    END AS idle_us
  FROM closing
),

steady_gap AS (
  SELECT
    resource_no, changed, idle_us,
    row_number() OVER (PARTITION BY resource_no, changed ORDER BY idle_us) - 1 AS shorter,
    count(*) OVER (PARTITION BY resource_no, changed) AS gaps
  FROM gap
  WHERE steady AND changed IS NOT NULL
),

usual AS (
  SELECT
    resource_no,
    max(CASE WHEN NOT changed AND shorter < 0.5 * gaps THEN idle_us END) AS same_us,
    max(CASE WHEN changed AND shorter < 0.5 * gaps THEN idle_us END) AS changed_us,
    max(CASE WHEN changed AND shorter < 0.9 * gaps THEN idle_us END) AS longest_us
  FROM steady_gap
  GROUP BY resource_no
)

SELECT
  gap.resource_no, gap.turn_no, gap.step_no, gap.start_us, gap.ready_us, gap.cases, gap.free_us,
  gap.unordered, gap.passed, gap.passing, gap.busy_us,
  gap.closed_at_ready_us, gap.closed_at_start_us,
  CASE
    WHEN gap.changed AND usual.changed_us > usual.same_us
      THEN greatest(least(gap.idle_us, usual.longest_us) - usual.same_us, 0)
    ELSE 0
  END AS setup_us
FROM gap
LEFT JOIN usual ON usual.resource_no = gap.resource_no
