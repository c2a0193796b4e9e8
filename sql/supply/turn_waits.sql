-- turn_waits: why each turn that was ready waited for its resource
-- grain   resource_no, turn_no (only turns that waited)
-- reads   turn_gap (model turn_gaps), turn_block (model turn_blocks)
-- takes   $deepest  longest queue, in turns, that is compared pair by pair
-- units   _us: microseconds; the parts add up to the wait from ready_us to start_us
-- beware  what a resource did while a turn waited is what it had done when the turn began, less
--         what it had done when the turn was ready; the turn that began next after that moment
--         (`next`) knows the latter. The hours in which it is closed count as unavailable as far
--         as it was idle in all.
--         prioritisation: a turn that was passed, and passed none itself, waited for those ready
--         before it as long as they take in all (`demand`), less what was done already; the rest
--         of the busy time went to those ready later. Where the order of service is by ranks, such
--         a turn is one that began later in the order of service than in the order of arrival. At a
--         resource that is unordered (model turns) one that was passed and passed others is
--         compared with each turn served meanwhile; beyond $deepest all counts as prioritisation.
--         A turn whose arrival is not known (a first step) passes no other.
--         gathering: most turns of this resource and step serve several cases, and this one fewer
--         than the most: while the resource was idle and open (rest_us) it waited for more.
WITH arrived AS (
  SELECT
    resource_no, turn_no, ready_us,
    CAST(row_number() OVER arrivals AS INTEGER) AS arrival_no,
    sum(CAST(busy_us AS DOUBLE)) OVER arrivals AS demand_us
  FROM turn_gap
  WHERE ready_us IS NOT NULL
  WINDOW arrivals AS (
    PARTITION BY resource_no ORDER BY ready_us, turn_no
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
),

moment AS (
  SELECT
    resource_no, start_us AS at_us, FALSE AS asked, turn_no, 0 AS arrival_no,
    CAST(0 AS DOUBLE) AS demand_us
  FROM turn_gap
  UNION ALL
  SELECT resource_no, ready_us, TRUE, turn_no, arrival_no, demand_us FROM arrived
),

placed AS (
  SELECT
    resource_no, turn_no, asked, arrival_no, demand_us,
    CAST(row_number() OVER (PARTITION BY resource_no ORDER BY at_us, asked, turn_no) AS INTEGER)
      AS place
  FROM moment
),

answer AS (
  SELECT resource_no, turn_no, arrival_no, demand_us, place - arrival_no + 1 AS next_turn_no
  FROM placed
  WHERE asked
),

stood AS (
  SELECT
    mine.resource_no, mine.turn_no, mine.step_no, mine.start_us, mine.ready_us,
    mine.cases, mine.unordered, mine.passing,
    CASE
      WHEN mine.unordered THEN mine.passed ELSE answer.arrival_no < mine.turn_no
    END AS passed,
    next.turn_no AS next_turn_no,
    mine.start_us - mine.ready_us AS wait_us,
    mine.closed_us,
    mine_block.done_us + mine.done_us - mine.busy_us
      - (next_block.done_us + next.done_us - next.busy_us)
      + greatest(coalesce(next.free_us, mine.ready_us) - mine.ready_us, 0)
      - greatest(coalesce(mine.free_us, mine.start_us) - mine.start_us, 0) AS busy_us,
    greatest(coalesce(next.free_us, mine.ready_us) - mine.ready_us, 0)
      + answer.demand_us - mine.busy_us
      - (next_block.done_us + next.done_us - next.busy_us) AS ahead_us,
    mine_block.set_up_us + mine.set_up_us
      - (next_block.set_up_us + next.set_up_us - next.setup_us) AS setup_us,
    mine_block.unknown_us + mine.unknown_us AS unknown_us
  FROM turn_gap AS mine
  JOIN answer ON answer.resource_no = mine.resource_no AND answer.turn_no = mine.turn_no
  JOIN turn_gap AS next
    ON next.resource_no = mine.resource_no AND next.turn_no = answer.next_turn_no
  JOIN turn_block AS mine_block
    ON mine_block.resource_no = mine.resource_no AND mine_block.block_no = mine.turn_no // 16
  JOIN turn_block AS next_block
    ON next_block.resource_no = next.resource_no AND next_block.block_no = next.turn_no // 16
  WHERE mine.ready_us < mine.start_us
),

pair AS (
  SELECT resource_no, turn_no, ready_us, unnest(range(next_turn_no, turn_no)) AS served_no
  FROM stood
  WHERE unordered AND passed AND passing AND turn_no - next_turn_no <= $deepest
),

compared AS (
  SELECT pair.resource_no, pair.turn_no, CAST(sum(served.busy_us) AS BIGINT) AS later_us
  FROM pair
  JOIN turn_gap AS served
    ON served.resource_no = pair.resource_no AND served.turn_no = pair.served_no
  WHERE served.ready_us > pair.ready_us
  GROUP BY pair.resource_no, pair.turn_no
),

station AS (
  SELECT
    resource_no, step_no,
    count(*) FILTER (WHERE cases > 1) > 0.5 * count(*) AS batches,
    max(cases) AS most_cases
  FROM turn_gap
  GROUP BY resource_no, step_no
),

served AS (
  SELECT
    stood.*,
    station.batches AND stood.cases < station.most_cases AS gathering,
    CASE
      WHEN NOT stood.passed THEN 0
      WHEN NOT coalesce(stood.passing, FALSE)
        THEN stood.busy_us - stood.ahead_us - CASE WHEN unordered THEN unknown_us ELSE 0 END
      WHEN stood.turn_no - stood.next_turn_no <= $deepest THEN coalesce(compared.later_us, 0)
      ELSE stood.busy_us
    END AS later_us
  FROM stood
  JOIN station ON station.resource_no = stood.resource_no AND station.step_no = stood.step_no
  LEFT JOIN compared
    ON compared.resource_no = stood.resource_no AND compared.turn_no = stood.turn_no
),

idle AS (
  SELECT
    *,
    greatest(least(later_us, busy_us), 0) AS prioritisation_us,
    greatest(least(closed_us, wait_us - busy_us), 0) AS unavailable_us
  FROM served
)

SELECT
  resource_no, step_no, start_us, ready_us,
  busy_us - prioritisation_us AS contention_us,
  prioritisation_us,
  unavailable_us,
  least(setup_us, wait_us - busy_us - unavailable_us) AS setup_us,
  greatest(wait_us - busy_us - unavailable_us - setup_us, 0) AS rest_us,
  gathering
FROM idle
