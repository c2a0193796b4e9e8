-- replay_lots: the component lots that went into each case of production.
-- grain   case_id, lot
-- reads   step_times, components
-- takes   nothing
-- units   none
-- beware  a case without a unit is taken for the unit of its name. Production lots stand in
--         step_times itself.
SELECT DISTINCT
    step_times.case_id,
    components.component_lot AS lot
FROM step_times
JOIN components ON components.unit_id = coalesce(step_times.unit_id, step_times.case_id)
ORDER BY step_times.case_id, lot
