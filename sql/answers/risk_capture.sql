-- risk_capture: which share of the later failures stood at the top of the ranking of units.
-- grain   one row
-- reads   unit_risk_capture
-- takes   nothing
-- units   shares 0-1; low and high are a 90 % interval (Wilson 1927)
-- beware  past days together; no failure is counted for two of them.
WITH pooled AS (
    SELECT
        max(horizon_days) AS horizon_days,
        max(top_share) AS top_share,
        coalesce(sum(failures), 0) AS failures,
        sum(captured) / nullif(sum(failures), 0) AS captured_share
    FROM unit_risk_capture
),

-- 2.705543 is the square of the normal quantile of 0.95.
centred AS (
    SELECT
        *,
        2.705543 / failures AS weight,
        captured_share + 2.705543 / failures / 2 AS middle,
        sqrt(2.705543 / failures * (captured_share * (1 - captured_share) + 2.705543 / failures / 4))
            AS reach
    FROM pooled
)

SELECT
    horizon_days,
    top_share,
    CAST(failures AS BIGINT) AS failures,
    captured_share,
    (middle - reach) / (1 + weight) AS low,
    (middle + reach) / (1 + weight) AS high
FROM centred
