-- value_pairs: how many pairs of values two attributes have together.
-- grain   one row
-- reads   session
-- takes   @a and @b (the attributes' columns)
-- units   pairs in pairs of values
-- beware  a missing value pairs like any other. As many pairs as each has values (a missing one
--         included) means that one tells the other: the two cannot be told apart.
SELECT count(*) AS pairs
FROM (SELECT DISTINCT @a AS one, @b AS other FROM session) AS pair
