-- contact_counts: contacts of every combination of what customers said, by day.
-- grain   day, topic, app_version, device_model, channel
-- reads   contact
-- takes   $since (the first day)
-- units   contacts in events
-- beware  what a customer did not say is null, and a combination of its own.
SELECT
    CAST(contacted_at AS DATE) AS day,
    topic,
    app_version,
    device_model,
    channel,
    COUNT(*) AS contacts
FROM contact
WHERE contacted_at >= $since
GROUP BY CAST(contacted_at AS DATE), topic, app_version, device_model, channel
ORDER BY day, topic, app_version, device_model, channel
