-- unit_parts: what production says went into a unit, link by link, and how much work that took.
-- grain   part_id
-- reads   step_times, case_genealogy
-- takes   $unit_id
-- units   work_s and wait_s in seconds, times in UTC
-- beware  a case without unit_id is a unit itself. What went into several cases of a unit is told
--         as of the nearest. A part without events of its own has no steps.
WITH own AS (
    SELECT case_id FROM step_times WHERE unit_id = $unit_id
    UNION
    SELECT case_id FROM step_times WHERE case_id = $unit_id AND unit_id IS NULL
    UNION
    SELECT case_id FROM case_genealogy WHERE case_id = $unit_id
),

part AS (
    SELECT
        case_genealogy.part_id, case_genealogy.via, case_genealogy.depth, case_genealogy.into_id,
        row_number() OVER (
            PARTITION BY case_genealogy.part_id
            ORDER BY case_genealogy.depth, case_genealogy.into_id, case_genealogy.via
        ) AS place
    FROM case_genealogy
    JOIN own ON own.case_id = case_genealogy.case_id
),

work AS (
    SELECT
        case_id,
        count(*) AS steps,
        sum(work_s) AS work_s,
        sum(wait_s) AS wait_s,
        min(started_at) AS made_from,
        max(ended_at) AS made_to
    FROM step_times
    WHERE case_id IN (SELECT part_id FROM part)
    GROUP BY case_id
)

SELECT
    part.part_id, part.via, part.depth, part.into_id,
    coalesce(work.steps, 0) AS steps, work.work_s, work.wait_s, work.made_from, work.made_to
FROM part
LEFT JOIN work ON work.case_id = part.part_id
WHERE part.place = 1 AND part.part_id NOT IN (SELECT case_id FROM own)
ORDER BY part.depth, part.part_id
