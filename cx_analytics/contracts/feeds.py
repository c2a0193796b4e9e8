"""The feeds: what may be dropped into landing/<feed>/, column by column.

Names follow OpenTelemetry's resource and session conventions where it has one (as aliases),
GS1 EPCIS 2.0 for production events, and 3GPP TS 23.003 for cell identities.
"""

from __future__ import annotations

from cx_analytics.contracts.model import Column, Feed, Rule
from cx_analytics.contracts.words import ACTION_KINDS

_ID = "VARCHAR"


def _not_before(later: str, earlier: str) -> Rule:
    return Rule(
        f"{later}_before_{earlier}",
        f"{later} < {earlier}",
        f"{later} lies before {earlier}",
    )


SESSIONS = Feed(
    name="sessions",
    stage="ingest",
    meaning="One product-usage session: the exposure that gives a fault its meaning.",
    grain="session_id",
    key=("session_id",),
    day="started_at",
    event_time="started_at",
    open_columns=True,
    columns=(
        Column("session_id", _ID, "Identity of the session", required=True),
        Column("customer_id", _ID, "Who used the product", required=True),
        Column("started_at", "TIMESTAMP", "Start of the session", "UTC", required=True),
        Column("duration_s", "DOUBLE", "Length of the session", "s", low=0),
        Column("unit_id", _ID, "The unit that was used"),
        Column("device_manufacturer", "VARCHAR", "Maker of the device"),
        Column("device_model", "VARCHAR", "Model of the device"),
        Column("hardware_revision", "VARCHAR", "Hardware revision of the device"),
        Column("firmware_version", "VARCHAR", "Firmware that ran"),
        Column("os_version", "VARCHAR", "Operating system that ran"),
        Column("app_name", "VARCHAR", "Application that was used"),
        Column("app_version", "VARCHAR", "Version of the application"),
        Column("cell_id", _ID, "Cell that served the session (mcc-mnc-hex, leading zeros kept)"),
        Column("network_type", "VARCHAR", "Radio technology or kind of connection"),
        Column("carrier_mcc", "VARCHAR", "Mobile country code of the carrier"),
        Column("carrier_mnc", "VARCHAR", "Mobile network code of the carrier"),
        Column("fault_code", "VARCHAR", "The fault that the session met; null when none"),
        Column("latency_ms", "DOUBLE", "Round-trip latency", "ms", low=0),
        Column("download_kbps", "DOUBLE", "Download throughput", "kbit/s", low=0),
        Column("upload_kbps", "DOUBLE", "Upload throughput", "kbit/s", low=0),
        Column("signal_dbm", "DOUBLE", "Received signal power", "dBm", low=-200, high=50),
        Column("mos", "DOUBLE", "Mean opinion score", "1-5", low=1, high=5),
    ),
    aliases={
        "session.id": "session_id",
        "enduser.pseudo.id": "customer_id",
        "user.id": "customer_id",
        "device.id": "unit_id",
        "device.manufacturer": "device_manufacturer",
        "device.model.identifier": "device_model",
        "os.version": "os_version",
        "service.name": "app_name",
        "service.version": "app_version",
        "network.connection.type": "network_type",
        "network.carrier.mcc": "carrier_mcc",
        "network.carrier.mnc": "carrier_mnc",
        "error.type": "fault_code",
    },
)

UNITS = Feed(
    name="units",
    stage="ingest",
    meaning="One unit that was made, with where and when.",
    grain="unit_id",
    key=("unit_id",),
    columns=(
        Column("unit_id", _ID, "Identity (serial) of the unit", required=True),
        Column("device_model", "VARCHAR", "Model of the unit", required=True),
        Column("hardware_revision", "VARCHAR", "Hardware revision"),
        Column("lot", _ID, "Production lot"),
        Column("site", "VARCHAR", "Factory site"),
        Column("line", "VARCHAR", "Production line"),
        Column("produced_at", "TIMESTAMP", "When the unit was finished", "UTC"),
        Column("shipped_at", "TIMESTAMP", "When it left the factory", "UTC"),
        Column("in_service_at", "TIMESTAMP", "First use by a customer", "UTC"),
        Column("gtin", _ID, "GS1 trade item number of the model"),
        Column("disposition", "VARCHAR", "GS1 CBV disposition of the unit"),
    ),
    aliases={"device.id": "unit_id", "device.model.identifier": "device_model"},
    rules=(_not_before("shipped_at", "produced_at"),),
)

COMPONENTS = Feed(
    name="components",
    stage="ingest",
    meaning="Genealogy: one component built into one unit.",
    grain="unit_id, component, component_lot, component_serial",
    key=("unit_id", "component", "component_lot", "component_serial"),
    columns=(
        Column("unit_id", _ID, "The unit that holds the component", required=True),
        Column("component", "VARCHAR", "What it is: modem, battery, …", required=True),
        Column("component_lot", _ID, "Lot of the component's supplier", required=True),
        Column("supplier", "VARCHAR", "Who made the component"),
        Column("component_serial", _ID, "Serial of the component"),
        Column("station", "VARCHAR", "Station that built it in"),
        Column("installed_at", "TIMESTAMP", "When it was built in", "UTC"),
    ),
    rules=(
        Rule(
            "component_is_no_name",
            "NOT regexp_full_match(component, '[A-Za-z][A-Za-z0-9_]{0,39}')",
            "component names become columns: letters, digits and _ only",
        ),
    ),
)

CELLS = Feed(
    name="cells",
    stage="ingest",
    meaning="State of a cell from a time on; several rows a cell.",
    grain="cell_id, valid_from",
    key=("cell_id", "valid_from"),
    columns=(
        Column("cell_id", _ID, "Identity of the cell (mcc-mnc-hex)", required=True),
        Column("valid_from", "TIMESTAMP", "Since when this state holds; null = always", "UTC"),
        Column("site_id", _ID, "Radio site of the cell"),
        Column("region", "VARCHAR", "Region of the site"),
        Column("vendor", "VARCHAR", "Maker of the radio equipment"),
        Column("network_type", "VARCHAR", "Radio technology"),
        Column("band", "VARCHAR", "Frequency band"),
        Column("software_release", "VARCHAR", "Software of the cell"),
        Column("latitude", "DOUBLE", "Latitude (WGS 84)", "deg", low=-90, high=90),
        Column("longitude", "DOUBLE", "Longitude (WGS 84)", "deg", low=-180, high=180),
    ),
)

APP_RELEASES = Feed(
    name="app_releases",
    stage="ingest",
    meaning="The trusted list of released versions of each app.",
    grain="app_name, app_version",
    key=("app_name", "app_version"),
    columns=(
        Column("app_name", "VARCHAR", "Application", required=True),
        Column("app_version", "VARCHAR", "Version", required=True),
        Column("released_at", "TIMESTAMP", "When it was released", "UTC", required=True),
    ),
    aliases={"service.name": "app_name", "service.version": "app_version"},
)

CONTACTS = Feed(
    name="contacts",
    stage="ingest",
    meaning="One contact of a customer with care.",
    grain="contact_id",
    key=("contact_id",),
    day="contacted_at",
    event_time="contacted_at",
    columns=(
        Column("contact_id", _ID, "Identity of the contact", required=True),
        Column("customer_id", _ID, "Who contacted us"),
        Column("contacted_at", "TIMESTAMP", "When", "UTC", required=True),
        Column("channel", "VARCHAR", "Phone, chat, forum, …"),
        Column("topic", "VARCHAR", "What it was about", required=True),
        Column("app_version", "VARCHAR", "Version the customer spoke of"),
        Column("device_model", "VARCHAR", "Device the customer spoke of"),
        Column("satisfaction", "DOUBLE", "Stated satisfaction", "1-5", low=1, high=5),
    ),
    aliases={"service.version": "app_version", "device.model.identifier": "device_model"},
)

PRODUCTION_EVENTS = Feed(
    name="production_events",
    stage="ingest",
    meaning="One work step of one case (unit, lot, order) in production or logistics.",
    grain="case_id, step, started_at, ended_at, resource",
    key=("case_id", "step", "started_at", "ended_at", "resource", "unit_id", "lot", "event_id"),
    day="started_at",
    event_time="started_at",
    columns=(
        Column("case_id", _ID, "What moves through production", required=True),
        Column("step", "VARCHAR", "Work step (EPCIS bizStep)", required=True),
        Column("started_at", "TIMESTAMP", "Start of the work", "UTC", required=True),
        Column("ended_at", "TIMESTAMP", "End of the work", "UTC", required=True),
        Column("resource", "VARCHAR", "Machine or station (EPCIS readPoint)"),
        Column("line", "VARCHAR", "Production line (EPCIS bizLocation)"),
        Column("quantity_completed", "DOUBLE", "Good pieces", "pieces", low=0),
        Column("quantity_rejected", "DOUBLE", "Rejected pieces", "pieces", low=0),
        Column("unit_id", _ID, "The unit, when the case is not it"),
        Column("lot", _ID, "The lot of the case"),
        Column("product", _ID, "Its product or family: changing it needs set-up (EPCIS: GTIN)"),
        Column("order_id", _ID, "The order that it is made or moved for (EPCIS: prodorder, po)"),
        Column("shipment_id", _ID, "What it is shipped in (EPCIS: SSCC, GSIN, desadv, bol)"),
        Column("parent_id", _ID, "What holds the case (EPCIS parentID)"),
        Column("input_ids", "VARCHAR", "JSON list of what the case was made from"),
        Column("event_id", _ID, "The event that said so (EPCIS eventID)"),
    ),
    rules=(_not_before("ended_at", "started_at"),),
)

ACTIONS = Feed(
    name="actions",
    stage="ingest",
    meaning="A corrective action taken outside, or an acknowledgement from the factory.",
    grain="action_id",
    key=("action_id",),
    columns=(
        Column("action_id", _ID, "Identity of the action", required=True),
        Column("cause_id", _ID, "The cause it is against"),
        Column("conditions", "VARCHAR", "Or its conditions: app_version=5.2.0 & device_model=X"),
        Column("kind", "VARCHAR", "Kind of action", required=True, choices=ACTION_KINDS),
        Column("effective_from", "TIMESTAMP", "Since when it acts", "UTC", required=True),
        Column("exposed", "VARCHAR", "JSON: what it reached, with the time it reached each"),
        Column("status", "VARCHAR", "State that the sender gives"),
    ),
)

FEEDS: dict[str, Feed] = {
    feed.name: feed
    for feed in (
        SESSIONS,
        UNITS,
        COMPONENTS,
        CELLS,
        APP_RELEASES,
        CONTACTS,
        PRODUCTION_EVENTS,
        ACTIONS,
    )
}
"""Every feed, in the order in which a run takes them in."""

COMPONENT_COLUMNS = ("lot", "supplier")
"""Each component becomes attributes `<component>_lot` and `<component>_supplier`."""

MAX_TEXT = 2000
"""Longest text a column may hold, in characters; longer is quarantined as `too_long`."""
