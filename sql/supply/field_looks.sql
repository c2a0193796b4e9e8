-- field_looks: the field looks at each unit: its sessions, and its faults that may come from making
-- grain   look (a unit that was made here and is used)
-- reads   case_pass (model case_passes), pass_id (model pass_ids), unit_month (unit_months),
--         faulty_session (the fault rows of attribution), fault_cause (fault_causes), cause (causes)
-- takes   nothing
-- units   pieces in sessions; rejects in faults, by shares
-- beware  it has the columns of the model looks, so that rejects and faults are traced alike. What
--         causes of other domains explain (apps, networks, customers) is left out; what no cause
--         explains is in, because no session knows the machine its unit was made on. Device models
--         are kept apart. Of several cases of a unit the one with the most work counts.
WITH elsewhere AS (
  SELECT fault_cause.session_id, sum(fault_cause.share) AS share
  FROM fault_cause
  JOIN cause ON cause.cause_id = fault_cause.cause_id
  WHERE cause.domain <> 'device'
  GROUP BY fault_cause.session_id
),

failed AS (
  SELECT
    faulty_session.unit_id,
    sum(greatest(1 - coalesce(elsewhere.share, 0), 0)) AS faults
  FROM faulty_session
  LEFT JOIN elsewhere ON elsewhere.session_id = faulty_session.session_id
  WHERE faulty_session.unit_id IS NOT NULL
  GROUP BY faulty_session.unit_id
),

used AS (
  SELECT
    unit_month.unit_id,
    min(unit_month.device_model) AS device_model,
    sum(unit_month.sessions) AS sessions,
    coalesce(max(failed.faults), 0) AS faults
  FROM unit_month
  LEFT JOIN failed ON failed.unit_id = unit_month.unit_id
  GROUP BY unit_month.unit_id
),

made AS (
  SELECT
    unit_no, case_no,
    count(*) FILTER (WHERE NOT inspection) AS work,
    max(position) AS work_to,
    min(lot_no) AS lot_no,
    min(day) AS day
  FROM case_pass
  GROUP BY unit_no, case_no
),

matched AS (
  SELECT
    used.unit_id, used.device_model, used.sessions, used.faults,
    made.case_no, made.work_to, made.lot_no, made.day,
    row_number() OVER (PARTITION BY used.unit_id ORDER BY made.work DESC, made.case_no) AS place
  FROM used
  JOIN pass_id AS units ON units.id = used.unit_id
  JOIN made ON made.unit_no = units.id_no
)

SELECT
  row_number() OVER (ORDER BY unit_id) AS look,
  dense_rank() OVER (ORDER BY device_model) AS stratum,
  case_no,
  'field' AS step,
  TRUE AS inspection,
  CAST(0 AS BIGINT) AS position,
  CAST(0 AS BIGINT) AS work_from,
  work_to,
  1 AS plant,
  day,
  coalesce(lot_no, -1 - date_diff('day', DATE '0001-01-01', day)) AS batch,
  unit_id,
  CAST(sessions AS DOUBLE) AS pieces,
  CAST(faults AS DOUBLE) AS rejects
FROM matched
WHERE place = 1
