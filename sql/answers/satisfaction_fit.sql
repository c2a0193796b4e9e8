-- satisfaction_fit: whether the experience index foretells what customers say.
-- grain   one row; none before the first run that has judged it
-- reads   satisfaction_fit
-- takes   nothing
-- units   correlation -1..1
-- beware  it is about all customers who told us; it says nothing of a single one.
SELECT status, contacts, correlation FROM satisfaction_fit
