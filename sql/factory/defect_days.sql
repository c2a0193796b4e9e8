-- defect_days: use and faults of each day, of the units under a defect's suspect value and of its sisters.
-- grain   defect_id, day, suspect
-- reads   matched_unit, unit_attribute, defect_condition, unit, session
-- takes   $window_from, $window_to the window of the sessions (half-open)
-- units   sessions and faults in events
-- beware  raw counts, not adjusted for what else acts on these units; sisters are of the same models.
WITH
  focus AS (SELECT defect_id, attribute, value FROM defect_condition WHERE focus),
  model AS (
    SELECT DISTINCT matched_unit.defect_id, unit.device_model
    FROM matched_unit
    JOIN unit ON unit.unit_id = matched_unit.unit_id
  ),
  member AS (
    SELECT focus.defect_id, unit.unit_id, bool_or(unit_attribute.value = focus.value) AS suspect
    FROM focus
    JOIN unit_attribute ON unit_attribute.attribute = focus.attribute
    JOIN unit ON unit.unit_id = unit_attribute.unit_id
    JOIN model
      ON model.defect_id = focus.defect_id AND model.device_model = unit.device_model
    GROUP BY focus.defect_id, unit.unit_id
  )
SELECT
  member.defect_id,
  CAST(session.started_at AS DATE) AS day,
  member.suspect,
  count(*) AS sessions,
  CAST(sum(CASE WHEN session.faulty THEN 1 ELSE 0 END) AS BIGINT) AS faults
FROM member
JOIN session ON session.unit_id = member.unit_id
WHERE session.started_at >= $window_from AND session.started_at < $window_to
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
