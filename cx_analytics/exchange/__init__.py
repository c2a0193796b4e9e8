"""Messages to a factory in its own formats, and their delivery.

Belongs here: feedback packs (8D as XLSX and PDF, CSV, JSON, EPCIS 2.0, B2MML, CFX), the folder
they are made in, their evidence, and the outbox that delivers them to folders, HTTP endpoints
and MQTT brokers. Stays out: what a defect is (factory) and what is decided about it (loop). No
customer, session or position leaves through here.
"""

from cx_analytics.exchange.eight_d import Picture
from cx_analytics.exchange.evidence import Number, read_numbers, same, snapshots
from cx_analytics.exchange.exports import deliver, sweep
from cx_analytics.exchange.feedback import Case, folder_name, pack
from cx_analytics.exchange.manifest import NAME as MANIFEST
from cx_analytics.exchange.manifest import changed, listed

__all__ = [
    "MANIFEST",
    "Case",
    "Number",
    "Picture",
    "changed",
    "deliver",
    "folder_name",
    "listed",
    "pack",
    "read_numbers",
    "same",
    "snapshots",
    "sweep",
]
