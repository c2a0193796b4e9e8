-- units_under: how many units meet up to three conditions at once.
-- grain   one row
-- reads   @relation: units for what they are made of, sessions for what they run
-- takes   @relation; @first, @second, @third columns of the conditions; $first_value, $second_value,
--         $third_value their values, null where there is none
-- units   units
-- beware  of versions, every unit counts that ever ran one; one that was never used runs none.
SELECT count(DISTINCT unit_id) AS units
FROM @relation
WHERE
    ($first_value IS NULL OR @first = $first_value)
    AND ($second_value IS NULL OR @second = $second_value)
    AND ($third_value IS NULL OR @third = $third_value)
