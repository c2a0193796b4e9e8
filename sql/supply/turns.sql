-- turns: what each resource began at each moment, one after the other
-- grain   resource_no, turn_no
-- reads   case_step (model case_steps), transport (model transports)
-- takes   nothing
-- units   _us: microseconds since 1970 UTC
-- beware  cases that start together (same resource, step and moment) are one turn. It is ready once
--         the last of them has arrived (been transported, model transports); ready_us is null when
--         no arrival is known.
--         end_before_us is the end of the turn before at this resource; disordered says that the
--         turn before was ready later and the turn after earlier.
--         changed: the product, or the lot where no product is given, is another than before.
WITH together AS (
  SELECT
    resource_no, case_step.step_no, epoch_us(started_at) AS start_us,
    max(epoch_us(ended_at)) AS end_us,
    max(CASE
      WHEN member AND covered_us <= epoch_us(started_at)
        THEN covered_us + coalesce(transport.transport_us, 0)
    END) AS ready_us,
    CAST(count(*) FILTER (WHERE member) AS INTEGER) AS cases,
    min(coalesce(product_no, -lot_no)) AS family_no,
    max(coalesce(product_no, -lot_no)) AS other_family_no
  FROM case_step
  LEFT JOIN transport
    ON transport.from_step_no = case_step.from_step_no AND transport.step_no = case_step.step_no
  WHERE resource_no IS NOT NULL
  GROUP BY resource_no, case_step.step_no, epoch_us(started_at)
),

of_family AS (
  SELECT
    resource_no, step_no, start_us, end_us, ready_us, cases,
    CASE WHEN family_no = other_family_no THEN family_no END AS family_no
  FROM together
)

SELECT
  resource_no, step_no, start_us, end_us, ready_us, cases,
  CAST(row_number() OVER turn AS INTEGER) AS turn_no,
  lag(end_us) OVER turn AS end_before_us,
  coalesce(
    lag(ready_us) OVER turn > ready_us AND ready_us > lead(ready_us) OVER turn, FALSE
  ) AS disordered,
  family_no <> lag(family_no) OVER turn AS changed
FROM of_family
WINDOW turn AS (PARTITION BY resource_no ORDER BY start_us, step_no)
