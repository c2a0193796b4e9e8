-- satisfaction_pairs: what customers said of their satisfaction, beside their experience index.
-- grain   contact_id
-- reads   contact, customer_experience
-- takes   $reach_days (days before a contact in which an index still speaks for it)
-- units   score in points (0-100), satisfaction 1-5
-- beware  The index is that of the contact's day, or of the last day before it; a contact without
--         one, without a customer or without a satisfaction is left out.
WITH stated AS (
  SELECT contact_id, customer_id, satisfaction, CAST(contacted_at AS DATE) AS day
  FROM contact
  WHERE satisfaction IS NOT NULL AND customer_id IS NOT NULL
),
near AS (
  SELECT
    stated.contact_id,
    stated.customer_id,
    stated.satisfaction,
    experience.score,
    row_number() OVER (PARTITION BY stated.contact_id ORDER BY experience.day DESC) AS place
  FROM stated
  JOIN customer_experience AS experience
    ON experience.customer_id = stated.customer_id
    AND experience.day <= stated.day
    AND date_diff('day', experience.day, stated.day) <= $reach_days
)
SELECT contact_id, customer_id, score, satisfaction
FROM near
WHERE place = 1
ORDER BY contact_id
