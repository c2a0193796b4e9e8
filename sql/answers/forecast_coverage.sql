-- forecast_coverage: how often what came fell within the bands that were forecast on past days.
-- grain   one row
-- reads   forecast_backtest
-- takes   nothing
-- units   shares 0-1
-- beware  of all defects that were known then, not of one; null without a forecast to judge.
SELECT
    count(*) AS forecasts,
    max(horizon_days) AS horizon_days,
    avg(CASE WHEN inside_80 THEN 1.0 ELSE 0.0 END) AS inside_80,
    avg(CASE WHEN inside_95 THEN 1.0 ELSE 0.0 END) AS inside_95
FROM forecast_backtest
