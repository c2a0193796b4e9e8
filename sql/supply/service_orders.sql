-- service_orders: who was served before whom, at resources where the turn before does not tell
-- grain   resource_no, turn_no (only turns of such resources)
-- reads   turn (model turns)
-- takes   nothing
-- units   _us: microseconds since 1970 UTC
-- beware  where work overlaps, free_us is the end of all that the resource had begun before.
--         unordered: at this resource a turn was served after one that was ready later and before
--         one that was ready earlier, or only some arrivals are known; passed and passing then say
--         of each turn whether that happened to it. Model turn_waits knows how to do without.
--         Running maxima are taken in blocks of 16 turns, and from block to block: along all turns
--         of a resource they would cost several times as much.
WITH habit AS (
  SELECT
    resource_no,
    count(*) FILTER (WHERE end_before_us > start_us) > 0 AS overlapping,
    count(*) FILTER (WHERE disordered) > 0
      OR (count(ready_us) > 0 AND count(ready_us) < count(*)) AS unordered
  FROM turn
  GROUP BY resource_no
),

judged AS (
  SELECT turn.resource_no, turn_no, turn_no // 16 AS block_no, end_us, ready_us, unordered
  FROM turn
  JOIN habit ON habit.resource_no = turn.resource_no
  WHERE overlapping OR unordered
),

block AS (
  SELECT
    resource_no, block_no,
    max(end_us) AS end_us, max(ready_us) AS last_ready_us, min(ready_us) AS first_ready_us
  FROM judged
  GROUP BY resource_no, block_no
),

beyond AS (
  SELECT
    resource_no, block_no,
    max(end_us) OVER before AS end_us,
    max(last_ready_us) OVER before AS ready_before_us,
    min(first_ready_us) OVER (
      PARTITION BY resource_no ORDER BY block_no ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    ) AS ready_after_us
  FROM block
  WINDOW before AS (
    PARTITION BY resource_no ORDER BY block_no ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  )
),

inside AS (
  SELECT
    resource_no, turn_no, block_no, ready_us, unordered,
    max(end_us) OVER before AS end_us,
    max(ready_us) OVER before AS ready_before_us,
    min(ready_us) OVER (
      PARTITION BY resource_no, block_no ORDER BY turn_no
      ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    ) AS ready_after_us
  FROM judged
  WINDOW before AS (
    PARTITION BY resource_no, block_no ORDER BY turn_no
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  )
)

SELECT
  inside.resource_no, inside.turn_no, inside.unordered,
  greatest(inside.end_us, beyond.end_us) AS free_us,
  coalesce(greatest(inside.ready_before_us, beyond.ready_before_us) > inside.ready_us, FALSE)
    AS passed,
  coalesce(least(inside.ready_after_us, beyond.ready_after_us) < inside.ready_us, FALSE)
    AS passing
FROM inside
JOIN beyond
  ON beyond.resource_no = inside.resource_no AND beyond.block_no = inside.block_no
