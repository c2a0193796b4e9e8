-- working_hours: in which quarters of an hour of the week each resource is closed
-- grain   resource_no, quarter
-- reads   turn (model turns), case_step (model case_steps), word (model words), given_hours
--         (resource, line, quarter: the open quarters that cx.toml gives; no row = learn all)
-- takes   $open_share     a resource is open in an hour of the week when it worked in that hour in
--         at least this share of the weeks between its first and its last work
--         $minimum_hours  a resource that worked in fewer hours than this is given the hours of
--         the plant as a whole
-- units   quarter 0-671 of the week, from Thursday 00:00 UTC, as 1970 began; _us: microseconds
-- beware  hours that are given go before hours that are learned: those of the resource, else those
--         of its line, else those for all.
--         Learned: a quarter of an hour was worked in when work began in it or filled it; the end
--         of work that was begun before does not open it. A pause is found over all days: in an
--         open hour, a quarter that was worked in on no more than $open_share of the days of the
--         hour's busiest quarter is closed, when that one has at least five days.
WITH begun AS (
  SELECT resource_no, start_us // 900000000 AS first_quarter, end_us // 900000000 AS end_quarter
  FROM turn
),

worked AS (
  SELECT DISTINCT resource_no, quarter
  FROM (
    SELECT resource_no, first_quarter AS quarter FROM begun
    UNION ALL
    SELECT
      resource_no,
      unnest(range(first_quarter + 1, least(end_quarter, first_quarter + 2976))) AS quarter
    FROM begun
    WHERE end_quarter > first_quarter + 1
  ) AS touched
),

worked_hour AS (
  SELECT resource_no, quarter // 4 AS hour FROM worked GROUP BY resource_no, quarter // 4
),

learned AS (
  SELECT resource_no FROM worked_hour GROUP BY resource_no HAVING count(*) >= $minimum_hours
),

timetable AS (
  SELECT worked.resource_no, worked.quarter
  FROM worked
  JOIN learned ON learned.resource_no = worked.resource_no
  UNION ALL
  SELECT DISTINCT 0, quarter FROM worked
),

hour_worked AS (
  SELECT DISTINCT resource_no, quarter // 4 AS hour FROM timetable
),

observed AS (
  SELECT resource_no, (max(hour) - min(hour)) // 168 + 1 AS weeks
  FROM hour_worked
  GROUP BY resource_no
),

open_hour AS (
  SELECT hour_worked.resource_no, hour_worked.hour % 168 AS hour
  FROM hour_worked
  JOIN observed ON observed.resource_no = hour_worked.resource_no
  GROUP BY hour_worked.resource_no, hour_worked.hour % 168, observed.weeks
  HAVING count(DISTINCT hour_worked.hour // 168) >= $open_share * observed.weeks
),

day_quarter AS (
  SELECT resource_no, quarter % 96 AS of_day, count(*) AS days
  FROM timetable
  GROUP BY resource_no, quarter % 96
),

busiest AS (
  SELECT resource_no, of_day // 4 AS hour_of_day, max(days) AS days
  FROM day_quarter
  GROUP BY resource_no, of_day // 4
),

quarters AS (
  SELECT unnest(range(672)) AS quarter
),

open_learned AS (
  SELECT open_hour.resource_no, quarters.quarter
  FROM open_hour
  JOIN quarters ON quarters.quarter // 4 = open_hour.hour
  JOIN busiest
    ON busiest.resource_no = open_hour.resource_no
    AND busiest.hour_of_day = open_hour.hour % 24
  LEFT JOIN day_quarter
    ON day_quarter.resource_no = open_hour.resource_no
    AND day_quarter.of_day = quarters.quarter % 96
  WHERE busiest.days < 5 OR coalesce(day_quarter.days, 0) > $open_share * busiest.days
),

named AS (
  SELECT resource_no, min(line_no) AS line_no
  FROM case_step
  WHERE resource_no IS NOT NULL
  GROUP BY resource_no
),

known AS (
  SELECT named.resource_no, resources.word AS resource, lines.word AS line
  FROM named
  JOIN word AS resources ON resources.word_no = named.resource_no
  LEFT JOIN word AS lines ON lines.word_no = named.line_no
),

source AS (
  SELECT
    known.resource_no, known.resource, known.line,
    CASE
      WHEN known.resource IN (SELECT resource FROM given_hours WHERE resource IS NOT NULL)
        THEN 'resource'
      WHEN known.line IN (SELECT line FROM given_hours WHERE line IS NOT NULL) THEN 'line'
      WHEN EXISTS (SELECT 1 FROM given_hours WHERE resource IS NULL AND line IS NULL) THEN 'all'
      WHEN learned.resource_no IS NOT NULL THEN 'learned'
      ELSE 'plant'
    END AS source
  FROM known
  LEFT JOIN learned ON learned.resource_no = known.resource_no
),

opened AS (
  SELECT source.resource_no, given_hours.quarter
  FROM source
  JOIN given_hours
    ON source.source = 'resource' AND given_hours.resource = source.resource
  UNION ALL
  SELECT source.resource_no, given_hours.quarter
  FROM source
  JOIN given_hours ON source.source = 'line' AND given_hours.line = source.line
  UNION ALL
  SELECT source.resource_no, given_hours.quarter
  FROM source
  JOIN given_hours
    ON source.source = 'all' AND given_hours.resource IS NULL AND given_hours.line IS NULL
  UNION ALL
  SELECT source.resource_no, open_learned.quarter
  FROM source
  JOIN open_learned
    ON open_learned.resource_no = CASE WHEN source.source = 'plant' THEN 0 ELSE source.resource_no END
  WHERE source.source IN ('learned', 'plant')
),

week AS (
  SELECT
    source.resource_no, quarters.quarter, source.source,
    CASE WHEN count(opened.quarter) > 0 THEN 0 ELSE 1 END AS closed
  FROM source
  CROSS JOIN quarters
  LEFT JOIN opened
    ON opened.resource_no = source.resource_no AND opened.quarter = quarters.quarter
  GROUP BY source.resource_no, quarters.quarter, source.source
)

SELECT
  resource_no, quarter, source, closed,
  CAST(sum(closed) OVER (PARTITION BY resource_no) AS BIGINT) * 900000000 AS closed_a_week_us,
  (CAST(sum(closed) OVER (
    PARTITION BY resource_no ORDER BY quarter ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS BIGINT) - closed) * 900000000 AS closed_before_us
FROM week
