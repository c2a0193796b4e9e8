-- sessions: every session with its unit, the unit's components and its cell as of its start.
-- grain   session
-- reads   session, unit, unit_component, cell
-- takes   nothing
-- units   those of the feeds
-- beware  One row out for each row in: units are reduced to one row each, unit_component must
--         have one row a unit, and cell states are half-open intervals that cannot overlap.
--         A null valid_from holds since ever; a session before a cell's first known state takes
--         none (a wrong region would make a wrong cause, a missing one never does). Of several
--         states with the same valid_from the last in the order of its columns holds.
--         What a session says itself goes before what its unit or cell says.
--         Columns of session that start with _ are technical and left out; others that no
--         contract names come last, after the components. The score is appended by the caller.
WITH given AS (
  SELECT COLUMNS('^[^_]') FROM session
  UNION ALL BY NAME
  SELECT
    CAST(NULL AS VARCHAR) AS lot,
    CAST(NULL AS VARCHAR) AS site,
    CAST(NULL AS VARCHAR) AS line,
    CAST(NULL AS VARCHAR) AS site_id,
    CAST(NULL AS VARCHAR) AS region,
    CAST(NULL AS VARCHAR) AS vendor,
    CAST(NULL AS VARCHAR) AS band,
    CAST(NULL AS VARCHAR) AS software_release
  WHERE FALSE
),
ranked_unit AS (
  SELECT
    unit_id, device_model, hardware_revision, lot, site, line,
    row_number() OVER (
      PARTITION BY unit_id
      ORDER BY produced_at DESC NULLS LAST, device_model, hardware_revision, lot, site, line
    ) AS place
  FROM unit
  WHERE unit_id IN (SELECT unit_id FROM given)
),
one_unit AS (
  SELECT * FROM ranked_unit WHERE place = 1
),
dated_cell AS (
  SELECT
    cell_id, site_id, region, vendor, network_type, band, software_release,
    coalesce(valid_from, TIMESTAMP '0001-01-01 00:00:00') AS since
  FROM cell
  WHERE cell_id IN (SELECT cell_id FROM given)
),
cell_state AS (
  SELECT
    *,
    coalesce(
      lead(since) OVER (
        PARTITION BY cell_id
        ORDER BY since, site_id, region, vendor, network_type, band, software_release
      ),
      TIMESTAMP '9999-12-31 00:00:00'
    ) AS until
  FROM dated_cell
)
SELECT
  given.session_id,
  given.customer_id,
  given.started_at,
  given.duration_s,
  given.unit_id,
  given.device_manufacturer,
  coalesce(given.device_model, one_unit.device_model) AS device_model,
  coalesce(given.hardware_revision, one_unit.hardware_revision) AS hardware_revision,
  given.firmware_version,
  given.os_version,
  given.app_name,
  given.app_version,
  given.cell_id,
  coalesce(given.network_type, cell_state.network_type) AS network_type,
  given.carrier_mcc,
  given.carrier_mnc,
  given.fault_code,
  given.latency_ms,
  given.download_kbps,
  given.upload_kbps,
  given.signal_dbm,
  given.mos,
  coalesce(given.lot, one_unit.lot) AS lot,
  coalesce(given.site, one_unit.site) AS site,
  coalesce(given.line, one_unit.line) AS line,
  coalesce(given.site_id, cell_state.site_id) AS site_id,
  coalesce(given.region, cell_state.region) AS region,
  coalesce(given.vendor, cell_state.vendor) AS vendor,
  coalesce(given.band, cell_state.band) AS band,
  coalesce(given.software_release, cell_state.software_release) AS software_release,
  given.fault_code IS NOT NULL AS faulty,
  unit_component.* EXCLUDE (unit_id),
  given.* EXCLUDE (
    session_id, customer_id, started_at, duration_s, unit_id, device_manufacturer, device_model,
    hardware_revision, firmware_version, os_version, app_name, app_version, cell_id, network_type,
    carrier_mcc, carrier_mnc, fault_code, latency_ms, download_kbps, upload_kbps, signal_dbm, mos,
    lot, site, line, site_id, region, vendor, band, software_release
  )
FROM given
LEFT JOIN one_unit ON given.unit_id = one_unit.unit_id
LEFT JOIN unit_component ON given.unit_id = unit_component.unit_id
LEFT JOIN cell_state
  ON given.cell_id = cell_state.cell_id
  AND given.started_at >= cell_state.since
  AND given.started_at < cell_state.until
ORDER BY given.customer_id, given.started_at, given.session_id
