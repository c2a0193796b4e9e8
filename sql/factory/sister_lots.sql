-- sister_lots: the lot (or line, supplier, …) of each defect beside its sisters of the same models.
-- grain   defect_id, attribute, value
-- reads   matched_unit, unit_attribute, defect_condition, unit, session
-- takes   $window_from, $window_to the window of the sessions (half-open)
-- units   units, sessions and faults in events
-- beware  raw counts, not adjusted for what else acts on these units.
WITH
  focus AS (SELECT defect_id, attribute, value FROM defect_condition WHERE focus),
  model AS (
    SELECT DISTINCT matched_unit.defect_id, unit.device_model
    FROM matched_unit
    JOIN unit ON unit.unit_id = matched_unit.unit_id
  ),
  member AS (
    SELECT DISTINCT
      focus.defect_id,
      focus.attribute,
      unit_attribute.value,
      unit_attribute.value = focus.value AS suspect,
      unit.unit_id,
      unit.produced_at
    FROM focus
    JOIN unit_attribute ON unit_attribute.attribute = focus.attribute
    JOIN unit ON unit.unit_id = unit_attribute.unit_id
    JOIN model
      ON model.defect_id = focus.defect_id AND model.device_model = unit.device_model
  ),
  usage AS (
    SELECT unit_id, count(*) AS sessions, sum(CASE WHEN faulty THEN 1 ELSE 0 END) AS faults
    FROM session
    WHERE unit_id IS NOT NULL AND started_at >= $window_from AND started_at < $window_to
    GROUP BY unit_id
  )
SELECT
  member.defect_id,
  member.attribute,
  member.value,
  member.suspect,
  count(*) AS units_made,
  count(usage.unit_id) AS units_seen,
  CAST(coalesce(sum(usage.sessions), 0) AS BIGINT) AS sessions,
  CAST(coalesce(sum(usage.faults), 0) AS BIGINT) AS faults,
  min(member.produced_at) AS first_produced_at
FROM member
LEFT JOIN usage ON usage.unit_id = member.unit_id
GROUP BY member.defect_id, member.attribute, member.value, member.suspect
ORDER BY member.defect_id, member.suspect DESC, member.value
