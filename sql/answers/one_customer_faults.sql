-- one_customer_faults: the faulty sessions of one customer, with what the answers say of a fault.
-- grain   session_id
-- reads   sessions
-- takes   $customer_id
-- units   times in UTC
-- beware  Read once and kept, it spares each further model a look at the sessions of everybody.
--         No further columns: each one costs a block of every row group that is touched.
SELECT
    session_id,
    customer_id,
    started_at,
    fault_code,
    unit_id,
    device_model,
    app_version,
    cell_id,
    faulty
FROM sessions
WHERE customer_id = $customer_id AND faulty
