-- looks: every time that a step which books rejects looked at a case, and the work it looked at
-- grain   look (case, step, inspector and shift, after the same work)
-- reads   case_pass (model case_passes), pass_id (model pass_ids)
-- takes   nothing
-- units   pieces and rejects in pieces
-- beware  plant, day and batch are what looks are clustered by; a batch is a lot, or a day where
--         none is known. The work looked at has the work indexes (work_from, work_to]: what was done since this
--         step looked at the case before, or since the case began. A working step that books
--         rejects looks at its own work as well. Inspectors are kept apart, and the shifts they
--         look in, because they differ in strictness; a working step is one place.
WITH booking AS (
  SELECT
    case_no, step, work_index, inspector,
    CASE WHEN inspection THEN shift END AS shift,
    min(lot_no) AS lot_no,
    min(day) AS day,
    min(position) AS position,
    sum(pieces) AS pieces,
    sum(rejects) AS rejects,
    inspection
  FROM case_pass
  WHERE inspection OR books
  GROUP BY
    case_no, step, work_index, inspector, CASE WHEN inspection THEN shift END, inspection
  HAVING sum(pieces) > 0
),

moment AS (
  SELECT
    case_no, step, work_index,
    coalesce(lag(work_index) OVER (PARTITION BY case_no, step ORDER BY work_index), 0) AS work_from
  FROM (SELECT DISTINCT case_no, step, work_index FROM booking) AS once
)

SELECT
  row_number() OVER (
    ORDER BY booking.case_no, booking.position, booking.step, booking.inspector, booking.shift
  ) AS look,
  dense_rank() OVER (ORDER BY booking.step, booking.inspector, booking.shift) AS stratum,
  booking.case_no,
  booking.step,
  booking.inspection,
  booking.position,
  moment.work_from,
  booking.work_index AS work_to,
  1 AS plant,
  booking.day,
  coalesce(lots.id, CAST(booking.day AS VARCHAR)) AS batch,
  booking.pieces,
  booking.rejects
FROM booking
JOIN moment
  ON moment.case_no = booking.case_no
  AND moment.step = booking.step
  AND moment.work_index = booking.work_index
LEFT JOIN pass_id AS lots ON lots.id_no = booking.lot_no
