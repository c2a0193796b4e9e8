"""Messages to a factory in its own formats, and their delivery.

Belongs here: feedback packs (JSON, CSV, XLSX, EPCIS 2.0) and the folder they go to.
Stays out: what a defect is (factory) and what is decided about it (loop). No customer, session
or position leaves through here.
"""

from cx_analytics.exchange.feedback import folder_name, pack
from cx_analytics.exchange.outbox import deliver, sweep

__all__ = ["deliver", "folder_name", "pack", "sweep"]
