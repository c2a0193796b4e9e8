-- component_steps: the step at which each component is built in
-- grain   component
-- reads   component (feed components; may be empty), step_time (table step_times)
-- takes   nothing
-- units   none
-- beware  a station is found as a resource or as a step; of several steps the one with the most
--         components counts.
WITH used AS (
  SELECT DISTINCT step, resource AS station FROM step_time WHERE resource IS NOT NULL
  UNION
  SELECT DISTINCT step, step FROM step_time
),

built AS (
  SELECT component.component, used.step, count(*) AS times
  FROM component
  JOIN used ON used.station = component.station
  GROUP BY component.component, used.step
)

SELECT component, step
FROM (
  SELECT
    component, step,
    row_number() OVER (PARTITION BY component ORDER BY times DESC, step) AS place
  FROM built
) AS placed
WHERE place = 1
ORDER BY component
