-- looks: every time that a step which books rejects looked at a case, and the work it looked at
-- grain   look (case, step, inspector and shift, after the same work)
-- reads   case_pass (model case_passes)
-- takes   nothing
-- units   pieces and rejects in pieces
-- beware  plant, day and batch are what looks are clustered by; a batch is a lot (lot_no), or where
--         none is known a day: its distance from the year 1, below zero. The work looked at is at
--         the positions (work_from, work_to]: what was done since this step looked at the case
--         before, or since the case began. A working step that books rejects looks at its own work
--         as well. Inspectors are kept apart, and the shifts they look in, because they differ in
--         strictness; a working step is one place.
--         The number of a look follows case and position, of which each has 31 bits. In most cases
--         each pass is a look of its own; only those that come to a step again are put together
--         and ordered.
WITH coming_again AS (
  SELECT DISTINCT case_no FROM case_pass WHERE again AND (inspection OR books)
),

told AS (
  SELECT
    case_pass.*,
    CASE
      WHEN inspection
        THEN position
          - row_number() OVER (PARTITION BY case_pass.case_no, inspection ORDER BY position)
      ELSE position
    END AS work_done
  FROM case_pass
  JOIN coming_again ON coming_again.case_no = case_pass.case_no
  WHERE inspection OR books
),

booking AS (
  SELECT
    case_no, step, work_done, inspector,
    CASE WHEN inspection THEN shift END AS shift,
    min(lot_no) AS lot_no,
    min(day) AS day,
    min(position) AS position,
    sum(pieces) AS pieces,
    sum(rejects) AS rejects,
    inspection
  FROM told
  GROUP BY
    case_no, step, work_done, inspector, CASE WHEN inspection THEN shift END, inspection
  HAVING sum(pieces) > 0
),

seen AS (
  SELECT
    case_no, step, inspection, inspector, shift, lot_no, day, position, pieces, rejects,
    coalesce(max(position) OVER (
      PARTITION BY case_no, step ORDER BY work_done
      RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), 0) AS work_from
  FROM booking
  UNION ALL
  SELECT
    case_pass.case_no, step, inspection, inspector, CASE WHEN inspection THEN shift END, lot_no,
    day, position, pieces, rejects, 0
  FROM case_pass
  LEFT JOIN coming_again ON coming_again.case_no = case_pass.case_no
  WHERE (inspection OR books) AND coming_again.case_no IS NULL AND pieces > 0
),

looking AS (
  SELECT
    step, inspector, shift,
    row_number() OVER (ORDER BY step, inspector, shift) AS stratum
  FROM (SELECT DISTINCT step, inspector, shift FROM seen) AS who
)

SELECT
  CAST(seen.case_no AS BIGINT) * 2147483648 + seen.position AS look,
  looking.stratum,
  seen.case_no,
  seen.step,
  seen.inspection,
  seen.position,
  seen.work_from,
  seen.position AS work_to,
  1 AS plant,
  seen.day,
  coalesce(seen.lot_no, -1 - date_diff('day', DATE '0001-01-01', seen.day)) AS batch,
  seen.pieces,
  seen.rejects
FROM seen
JOIN looking
  ON looking.step = seen.step
  AND looking.inspector IS NOT DISTINCT FROM seen.inspector
  AND looking.shift IS NOT DISTINCT FROM seen.shift
