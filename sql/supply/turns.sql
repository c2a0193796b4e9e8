-- turns: what each resource began at each moment, one after the other
-- grain   resource_no, turn_no
-- reads   case_step (model case_steps), transport (model transports)
-- takes   nothing
-- units   _us: microseconds since 1970 UTC, or microseconds
-- beware  cases that start together (same resource, step and moment) are one turn. It is ready once
--         the last of them has arrived (been transported, model transports); ready_us is null when no arrival is known.
--         Work of a resource may overlap: free_us is the end of all that it had begun before, and
--         busy_us counts only what nothing begun before covers. Where work does not overlap, the
--         turn before tells; the running maximum is taken for the other resources alone.
--         unordered: at this resource a turn was served after one that was ready later and before
--         one that was ready earlier; passed and passing then say of each turn whether that happened
--         to it, and are null at other resources (model turn_waits knows how to do without).
WITH together AS (
  SELECT
    resource_no, case_step.step_no, start_us,
    max(end_us) AS end_us,
    max(CASE
      WHEN member AND covered_us <= start_us
        THEN covered_us + coalesce(transport.transport_us, 0)
    END) AS ready_us,
    count(*) FILTER (WHERE member) AS cases,
    CASE WHEN min(family_no) = max(family_no) THEN min(family_no) END AS family_no
  FROM case_step
  LEFT JOIN transport
    ON transport.from_step_no = case_step.from_step_no AND transport.step_no = case_step.step_no
  WHERE resource_no IS NOT NULL
  GROUP BY resource_no, case_step.step_no, start_us
),

in_turn AS (
  SELECT
    *,
    CAST(row_number() OVER turn AS INTEGER) AS turn_no,
    lag(end_us) OVER turn AS end_before_us,
    lag(ready_us) OVER turn AS ready_before_us,
    lead(ready_us) OVER turn AS ready_after_us,
    family_no <> lag(family_no) OVER turn AS changed
  FROM together
  WINDOW turn AS (PARTITION BY resource_no ORDER BY start_us, step_no)
),

habit AS (
  SELECT
    resource_no,
    count(*) FILTER (WHERE end_before_us > start_us) > 0 AS overlapping,
    count(*) FILTER (WHERE ready_before_us > ready_us AND ready_us > ready_after_us) > 0
      OR (count(ready_us) > 0 AND count(ready_us) < count(*)) AS unordered
  FROM in_turn
  GROUP BY resource_no
),

covered AS (
  SELECT
    in_turn.resource_no, in_turn.turn_no,
    max(in_turn.end_us) OVER (
      PARTITION BY in_turn.resource_no ORDER BY in_turn.turn_no
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS free_us
  FROM in_turn
  JOIN habit ON habit.resource_no = in_turn.resource_no
  WHERE habit.overlapping
),

order_of_service AS (
  SELECT
    in_turn.resource_no, in_turn.turn_no,
    coalesce(max(in_turn.ready_us) OVER (
      PARTITION BY in_turn.resource_no ORDER BY in_turn.turn_no
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) > in_turn.ready_us, FALSE) AS passed,
    coalesce(min(in_turn.ready_us) OVER (
      PARTITION BY in_turn.resource_no ORDER BY in_turn.turn_no
      ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    ) < in_turn.ready_us, FALSE) AS passing
  FROM in_turn
  JOIN habit ON habit.resource_no = in_turn.resource_no
  WHERE habit.unordered
),

freed AS (
  SELECT
    in_turn.*,
    habit.unordered, order_of_service.passed, order_of_service.passing,
    CASE WHEN habit.overlapping THEN covered.free_us ELSE in_turn.end_before_us END AS free_us
  FROM in_turn
  JOIN habit ON habit.resource_no = in_turn.resource_no
  LEFT JOIN covered
    ON covered.resource_no = in_turn.resource_no AND covered.turn_no = in_turn.turn_no
  LEFT JOIN order_of_service
    ON order_of_service.resource_no = in_turn.resource_no
    AND order_of_service.turn_no = in_turn.turn_no
)

SELECT
  resource_no, turn_no, step_no, start_us, end_us, ready_us, cases, changed, free_us,
  unordered, passed, passing,
  greatest(end_us - greatest(start_us, coalesce(free_us, start_us)), 0) AS busy_us
FROM freed
