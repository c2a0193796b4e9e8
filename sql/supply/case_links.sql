-- case_links: what went into a case directly, as events and components say it
-- grain   case_id, part_id, via
-- reads   event (rows of the feed production_events), component (feed components; may be empty)
-- takes   nothing
-- units   none
-- beware  aggregation: the parent holds its children; a place (EPCIS: SGLN) holds nothing.
--         transformation: the ids of input_ids; what is no JSON list is one id, and the "… n more"
--         of a shortened list is none.
--         component: lots, and serials that are cases, of what was built into the units of the
--         case. A case without unit_id is a unit itself.
--         With a lot that was built in or consumed come the cases of that lot, but for those that
--         it went into themselves: they carry the lot because it is in them.
WITH cases AS (
  SELECT DISTINCT case_id FROM event
),

units AS (
  SELECT DISTINCT event.case_id, built.unit_id
  FROM (SELECT DISTINCT unit_id FROM component) AS built
  JOIN event ON coalesce(event.unit_id, event.case_id) = built.unit_id
),

consumed AS (
  SELECT case_id, unnest(coalesce(TRY(from_json(input_ids, '["VARCHAR"]')), [input_ids])) AS part_id
  FROM (SELECT DISTINCT case_id, input_ids FROM event WHERE input_ids IS NOT NULL) AS given
),

brought AS (
  SELECT DISTINCT case_id, part_id, 'transformation' AS via
  FROM consumed
  WHERE part_id IS NOT NULL AND NOT starts_with(part_id, '… ')
  UNION
  SELECT units.case_id, component.component_lot, 'component'
  FROM units
  JOIN component ON component.unit_id = units.unit_id
  UNION
  SELECT units.case_id, cases.case_id, 'component'
  FROM units
  JOIN component ON component.unit_id = units.unit_id
  JOIN cases ON cases.case_id = component.component_serial
),

lot_cases AS (
  SELECT of_lot.lot, of_lot.case_id
  FROM (
    SELECT DISTINCT event.lot, event.case_id
    FROM (SELECT DISTINCT part_id FROM brought) AS parts
    JOIN event ON event.lot = parts.part_id
  ) AS of_lot
  LEFT JOIN (SELECT DISTINCT case_id, part_id FROM brought) AS made_from
    ON made_from.case_id = of_lot.case_id AND made_from.part_id = of_lot.lot
  WHERE made_from.case_id IS NULL
),

linked AS (
  SELECT parent_id AS case_id, case_id AS part_id, 'aggregation' AS via
  FROM event
  WHERE
    parent_id IS NOT NULL
    AND NOT contains(parent_id, ':sgln:')
    AND NOT contains(parent_id, '/414/')
  UNION
  SELECT case_id, part_id, via FROM brought
  UNION
  SELECT brought.case_id, lot_cases.case_id, brought.via
  FROM brought
  JOIN lot_cases ON lot_cases.lot = brought.part_id
)

SELECT
  linked.case_id, linked.part_id, linked.via, cases.case_id IS NOT NULL AS part_is_case
FROM linked
LEFT JOIN cases ON cases.case_id = linked.part_id
WHERE linked.case_id <> linked.part_id
