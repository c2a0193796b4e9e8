-- nearest: ids that are spelled most like a given one, for "did you mean".
-- grain   id
-- reads   any published table
-- takes   $given, @relation, @column
-- units   none
-- beware  compares with every distinct id: for error messages only.
SELECT DISTINCT @column AS id, levenshtein(@column, $given) AS distance
FROM @relation
WHERE @column IS NOT NULL
ORDER BY distance, id
LIMIT 3
