-- case_genealogy: everything that went into a case, and everything that went into that, in 4 levels
-- grain   case_id, part_id
-- reads   case_link (model case_links)
-- takes   nothing
-- units   depth counts links, 1 = direct
-- beware  of several ways from a part to a case the shortest is told, of equally short ones the
--         first by name. A case is no part of itself: where links run in a circle, each case of it
--         holds the others. What lies deeper than 4 links is found through a part's own rows.
--         A lot with many cases gives each case that it went into as many rows.
WITH level_1 AS (
  SELECT case_id, part_id, case_id AS into_id, via, part_is_case FROM case_link
),

level_2 AS (
  SELECT DISTINCT
    level_1.case_id, further.part_id, further.case_id AS into_id, further.via, further.part_is_case
  FROM level_1
  JOIN case_link AS further ON further.case_id = level_1.part_id
  WHERE further.part_id <> level_1.case_id
),

level_3 AS (
  SELECT DISTINCT
    level_2.case_id, further.part_id, further.case_id AS into_id, further.via, further.part_is_case
  FROM level_2
  JOIN case_link AS further ON further.case_id = level_2.part_id
  WHERE further.part_id <> level_2.case_id
),

level_4 AS (
  SELECT DISTINCT
    level_3.case_id, further.part_id, further.case_id AS into_id, further.via, further.part_is_case
  FROM level_3
  JOIN case_link AS further ON further.case_id = level_3.part_id
  WHERE further.part_id <> level_3.case_id
),

reached AS (
  SELECT *, 1 AS depth FROM level_1
  UNION ALL
  SELECT *, 2 AS depth FROM level_2
  UNION ALL
  SELECT *, 3 AS depth FROM level_3
  UNION ALL
  SELECT *, 4 AS depth FROM level_4
)

SELECT case_id, part_id, via, CAST(depth AS BIGINT) AS depth, part_is_case, into_id
FROM (
  SELECT
    *,
    row_number() OVER (PARTITION BY case_id, part_id ORDER BY depth, into_id, via) AS place
  FROM reached
) AS placed
WHERE place = 1
ORDER BY case_id, part_id
